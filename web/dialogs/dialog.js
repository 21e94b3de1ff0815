/** Create dialogs in the page's style. */
import "../app/trusted-types.js";

/** @type {any} tsc's DOM library lacks it */
const { trustedTypes } = globalThis;
// For the dialogs' own markup alone: what users and files say is set as `textContent`.
const MARKUP = trustedTypes?.createPolicy("digitpad", { createHTML: (/** @type {string} */ html) => html });

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  dialog { inline-size: min(44rem, 100% - 1.5rem); max-block-size: calc(100% - 1.5rem);
    margin: auto; padding: 1.25rem; border: 1px solid var(--rule); border-radius: var(--round);
    background: var(--sheet); color: var(--ink); }
  dialog[open] { display: grid; gap: .75rem; }
  dialog::backdrop { background: rgb(0 0 0 / 50%); }
  dialog h2 { margin: 0; font-size: 1.125rem; }
  dialog p { margin: 0; }
  dialog canvas { max-inline-size: 100%; max-block-size: 50vh; margin-inline: auto;
    border-radius: .25rem; }
  dialog canvas[hidden] { display: none; }
  dialog output { font-size: 2rem; letter-spacing: .08em; white-space: pre-wrap; overflow-wrap: anywhere; }
  dialog output:empty { display: none; }
  dialog .choices { display: flex; flex-wrap: wrap; gap: .5rem; }
  dialog .choices button { flex: 1; }
  dialog .send { display: grid; gap: .5rem; padding-block-start: .75rem; border-block-start: 1px solid var(--rule); }
  dialog h3 { margin: .5rem 0 0; font-size: 1rem; }
  dialog select { min-height: 2.75rem; padding: 0 .5rem; border: 1px solid var(--rule); border-radius: .625rem;
    background: var(--sheet); color: inherit; font: inherit; }
  dialog .attribution { inline-size: min(17.5rem, 100%); outline: 1px solid var(--rule); }
  dialog .layers { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: .75rem; }
  dialog figure { margin: 0; }
  dialog figure canvas { display: block; inline-size: 100%; max-block-size: none; margin: 0;
    background: #fff; image-rendering: pixelated; forced-color-adjust: none; }
  dialog figcaption { color: var(--muted); font-size: .8125rem; }
  @media (prefers-color-scheme: dark) { dialog figure canvas { filter: invert(1); } }
  @media (pointer: fine) { dialog [data-do=photograph] { display: none; } }`);

/**
 * Create a dialog, not open yet.
 * @param {string} title
 * @param {string} content HTML; a button's `data-do` names its command
 * @param {Record<string, () => unknown>} commands besides `close`
 */
export function makeDialog(title, content, commands) {
  if (!document.adoptedStyleSheets.includes(STYLE)) document.adoptedStyleSheets.push(STYLE);
  for (const open of document.querySelectorAll("dialog[open]")) {
    /** @type {HTMLDialogElement} */ (open).close(); // opened meanwhile by a second press
  }
  const dialog = document.createElement("dialog");
  dialog.ariaLabel = title;
  const html = `<h2>${title}</h2>${content}`;
  dialog.innerHTML = MARKUP?.createHTML(html) ?? html;
  for (const button of dialog.querySelectorAll("button")) {
    const command = button.dataset.do ?? "";
    button.onclick = () => (command === "close" ? dialog.close() : commands[command]());
  }
  dialog.onkeydown = (event) => event.stopPropagation(); // the page's shortcuts are for the pad
  document.body.append(dialog);
  return dialog;
}
