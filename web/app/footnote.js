/** Show sentences about the device in the page's foot, where newer versions are offered. */

/**
 * Show a sentence, and announce it to screen readers.
 * @param {string} subject a later sentence about the same subject replaces it
 * @param {string} text empty for none
 */
export function showFootnote(subject, text) {
  const place = document.querySelector(".foot [role=status]");
  let note = place?.querySelector(`[data-subject="${subject}"]`) ?? null;
  if (!note && text && place) {
    note = document.createElement("p");
    note.setAttribute("data-subject", subject);
    place.append(note);
  }
  if (!text) note?.remove();
  else if (note && note.textContent !== text) note.textContent = text;
}
