/** `<digit-pad>` in a frame that holds all it needs: `FILES`, base64 by name, is the model's folder. */
import "../../web/digit-pad.js";

globalThis.fetch = async (url) => {
  const content = atob(FILES[new URL(url).pathname.slice(1)]);
  return new Response(Uint8Array.from(content, (letter) => letter.charCodeAt(0)));
};

const pad = document.createElement("digit-pad");
pad.setAttribute("label", "Drawing pad");
pad.setAttribute("model", "https://model.invalid/"); // asked for above, and of nobody else
const said = document.createElement("output");
pad.addEventListener("change", ({ detail }) => {
  said.textContent = detail.symbols
    .map(({ digit, confidence }) => digit === null ? "?" : `${digit}: ${(100 * confidence).toFixed(1)}%`)
    .join("   ");
});
pad.addEventListener("error", ({ error }) => (said.textContent = error.message));
document.body.append(pad, said);
