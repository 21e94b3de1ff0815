/** Says what the form has sent: it sends to this very page, which a static host answers too. */
const fields = [...new URLSearchParams(location.search)];
if (fields.length > 0) {
  const sent = /** @type {HTMLElement} */ (document.getElementById("sent"));
  sent.textContent = `Sent: ${fields.map(([name, value]) => `${name} ${value || "–"}`).join(", ")}`;
  sent.hidden = false;
}
