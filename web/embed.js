/** Show what the form has sent. It sends to this page, which works on a static host too. */
const fields = [...new URLSearchParams(location.search)];
if (fields.length > 0) {
  const sent = /** @type {HTMLElement} */ (document.getElementById("sent"));
  sent.textContent = `Sent: ${fields.map(([name, value]) => `${name} ${value || "–"}`).join(", ")}`;
  sent.hidden = false;
}
