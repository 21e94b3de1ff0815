/** Show `<digit-pad>` in a self-contained frame; `FILES` holds the model's files in base64. */
import "../../web/digit-pad.js";

globalThis.fetch = async (url) => {
  const content = atob(FILES[new URL(url).pathname.slice(1)]);
  return new Response(Uint8Array.from(content, (letter) => letter.charCodeAt(0)));
};

const pad = document.createElement("digit-pad");
pad.setAttribute("label", "Drawing pad");
pad.setAttribute("model", "https://model.invalid/"); // served by the fetch above, not by a network
const output = document.createElement("output");
pad.addEventListener("change", ({ detail }) => {
  output.textContent = detail.symbols
    .map(({ digit, confidence }) => digit === null ? "?" : `${digit}: ${(100 * confidence).toFixed(1)}%`)
    .join("   ");
});
pad.addEventListener("error", ({ error }) => (output.textContent = error.message));
document.body.append(pad, output);
