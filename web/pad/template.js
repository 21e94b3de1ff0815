/**
 * Markup, style, texts and labels of `<digit-pad>`'s shadow root, and its keys.
 *
 * @typedef {{ undo: () => void, redo: () => void, clear: () => void }} Commands
 */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = { undo: "M8 5 4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4", clear: "m6 6 12 12M18 6 6 18" };

const STYLE = `
  :host { --line: var(--digit-pad-rule, color-mix(in srgb, currentColor 35%, transparent));
    display: grid; grid-template: minmax(0, 1fr) auto / minmax(0, 1fr); box-sizing: border-box;
    aspect-ratio: 2; min-inline-size: 8rem; min-block-size: 7rem; border: 1px solid var(--line);
    border-radius: .5rem; overflow: hidden; }
  :host([hidden]) { display: none; }
  :host(:disabled) { opacity: .5; }
  .surface { position: relative; min-block-size: 0; cursor: crosshair; touch-action: none;
    user-select: none; -webkit-user-select: none; -webkit-touch-callout: none;
    -webkit-tap-highlight-color: transparent; }
  :host(:is(:disabled, [readonly])) .surface { cursor: not-allowed; }
  .surface:focus-visible, input:focus-visible, button:focus-visible
    { outline: 3px solid; outline-offset: -3px; }
  .surface svg { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; }
  i { position: absolute; inset: 0 auto auto 0; }
  i + i { inset: 0 0 auto auto; }
  i + i + i { inset: auto auto 0 0; }
  path { fill: none; stroke: currentColor; stroke-linecap: round; stroke-linejoin: round; }
  .hint { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center;
    gap: .5rem; text-align: center; padding: .5rem; pointer-events: none; }
  .inked .hint { display: none; }
  .bar { display: flex; border-block-start: 1px solid var(--line); }
  input, button { box-sizing: border-box; min-block-size: 2.75rem; margin: 0; border: 0;
    border-radius: 0; background: none; color: inherit; font: inherit; }
  input { flex: 1; min-inline-size: 0; padding: 0 .75rem; font-size: max(1.125rem, 16px);
    font-variant-numeric: tabular-nums; letter-spacing: .04em; }
  button { min-inline-size: 2.75rem; border-inline-start: 1px solid var(--line); padding: 0;
    cursor: pointer; touch-action: manipulation; }
  button[aria-disabled=true] { opacity: .45; cursor: default; }
  button svg { inline-size: 1.125rem; vertical-align: middle; stroke-width: 1.75; }
`;

/**
 * English texts of a pad. Override them for all pads, or for one:
 *
 *     DigitPad.texts.clear = "Löschen";
 *     document.querySelector("digit-pad").texts = { clear: "Löschen" };
 *
 * The pad fills in the parts in braces.
 *
 * @typedef {typeof TEXTS} Texts
 */
export const TEXTS = {
  name: "Drawing pad",
  hint: "Write a number",
  entry: "{name}, as text",
  empty: "{name}, empty",
  unread: "{name}, not read yet",
  reads: "{name}, reads {value}",
  nextLine: ", next line ",
  refused: "{name}, reads {value}: a question mark is what could not be read",
  undo: "Undo",
  clear: "Clear",
  valueMissing: "Please write a number.",
  badInput: "A part of this could not be read as a digit. Please write it again, or type it.",
  notANumber: "“{value}” is not a number. Please write digits, or type them.",
  severalLines: "Please write one line.",
  unavailable: "What was written could not be read here. Please type it.",
  tooShort: "Please write at least {limit} digits (there are {count}).",
  tooLong: "Please write no more than {limit} digits (there are {count}).",
  full: "There is no room for more. Please undo or clear.",
  patternMismatch: "Please write this in the form that is asked for.",
  integer: "“{value}” is not a whole number. Please write one such as 12.",
  amount: "“{value}” is not an amount. Please write one such as 12.50.",
  date: "“{value}” is not a date. Please write one such as 5/27/26.",
  time: "“{value}” is not a time. Please write one such as 8:30.",
  phone: "“{value}” is not a telephone number. Please write one such as 555-0123.",
};

/**
 * Return the pad's command for a key, if it has one.
 * @param {KeyboardEvent} event
 * @returns {"undo" | "redo" | "clear" | null}
 */
export function commandOf(event) {
  // In other scripts, the letter key's position counts.
  const other = /^\p{L}$/u.test(event.key) && !/^[a-z]$/i.test(event.key);
  const key = (other ? event.code.slice(-1) : event.key).toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    if (key === "z") return event.shiftKey ? "redo" : "undo";
    return key === "y" ? "redo" : null;
  }
  return key === "escape" || key === "delete" || key === "backspace" ? "clear" : null;
}

/**
 * Run the command of a key pressed on the surface, or move on to the text field for a digit.
 * @param {KeyboardEvent} event
 * @param {Commands} pad
 * @param {HTMLInputElement} entry
 */
function onSurfaceKey(event, pad, entry) {
  const command = commandOf(event);
  if (command) {
    event.preventDefault();
    pad[command]();
  } else if (/^\d$/.test(event.key) && entry.getClientRects().length > 0) {
    entry.focus(); // so that the digit goes there
  }
}

/**
 * Create an element. Markup would need a policy where the page requires Trusted Types.
 * @template {string} Name
 * @param {Name} name
 * @param {Record<string, string>} [attributes]
 * @param {Node[]} children
 * @returns {Name extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Name] : SVGElement}
 */
export function create(name, attributes = {}, ...children) {
  const isSvg = /^(svg|g|path)$/.test(name);
  /** @type {any} */
  const made = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * Give a pad its shadow root, with keys and buttons.
 * @param {HTMLElement & Commands} pad
 */
export function createParts(pad) {
  const hidden = { "aria-hidden": "true" };
  const hint = create("span", { part: "hint" });
  const surface = create(
    "div",
    { part: "surface", class: "surface", role: "img", tabindex: "0" },
    create("svg", hidden, create("g")),
    ...Array.from("012", () => create("i")), // at three corners: they tell where the surface is shown
    create("div", { class: "hint", ...hidden }, create("slot", { name: "hint" }), hint),
  );
  const entry = create("input", {
    part: "entry", inputmode: "numeric", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    enterkeyhint: "done",
  });
  const buttons = Object.entries(ICONS).map(([command, d]) => {
    const icon = create("svg", { viewBox: "0 0 24 24", ...hidden }, create("path", { d }));
    const button = create("button", { part: "button", type: "button", "data-command": command }, icon);
    button.addEventListener("click", () => pad[/** @type {keyof ICONS} */ (command)]());
    return button;
  });
  surface.addEventListener("keydown", (event) => onSurfaceKey(event, pad, entry));
  const root = pad.attachShadow({ mode: "open", delegatesFocus: true });
  applyStyle(root);
  root.append(surface, create("div", { part: "bar", class: "bar" }, entry, ...buttons));
  return { surface, hint, entry, buttons };
}

/**
 * Style a shadow root, also after it has moved to another document: each needs a sheet of its own.
 * @param {ShadowRoot} root
 */
export function applyStyle(root) {
  const view = root.ownerDocument.defaultView;
  if (!view) return; // a document that is not shown
  // An adopted sheet, because a strict policy blocks <style> inside a shadow root.
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
}

/**
 * Enable or disable the parts.
 * @param {ReturnType<typeof createParts>} parts
 * @param {boolean} disabled
 */
export function setDisabled({ surface, entry, buttons }, disabled) {
  surface.tabIndex = disabled ? -1 : 0;
  surface.ariaDisabled = String(disabled);
  entry.disabled = disabled;
  for (const button of buttons) button.disabled = disabled;
}

/**
 * Label the parts for what the pad holds.
 * @param {ReturnType<typeof createParts>} parts
 * @param {Texts} texts
 * @param {{ name: string, ariaDescription: string | null, ariaInvalid: string | null, value: string,
 *   isUnread: boolean, placeholder: string | null, canUndo: boolean, canClear: boolean }} pad `name`
 *   is its accessible name
 */
export function updateLabels(parts, texts, pad) {
  const { name, ariaDescription, ariaInvalid, value, isUnread, placeholder, canUndo, canClear } = pad;
  const spokenWith = /** @type {object} */ ({ ariaDescription, ariaInvalid });
  const read = value.includes("?") ? texts.refused : texts.reads;
  const label = isUnread ? texts.unread : value === "" ? texts.empty : read;
  const spoken = value.replaceAll("\n", texts.nextLine);
  update(parts.surface, { ariaLabel: fillTemplate(label, { name, value: spoken }), ...spokenWith });
  update(parts.hint, { textContent: placeholder ?? texts.hint });
  update(parts.entry, { ariaLabel: fillTemplate(texts.entry, { name }), ...spokenWith });
  for (const button of parts.buttons) {
    const command = button.dataset.command === "undo" ? "undo" : "clear";
    const ariaDisabled = String(!(command === "undo" ? canUndo : canClear));
    update(button, { ariaLabel: texts[command], title: texts[command], ariaDisabled });
  }
}

/**
 * Replace `{name}` by the value of that name.
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export function fillTemplate(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/**
 * Apply a field's constraints to its text field.
 * @param {HTMLInputElement} entry
 * @param {{ readOnly: boolean, required: boolean, maxLength: number }} constraints
 */
export function constrainEntry(entry, { readOnly, required, maxLength }) {
  update(entry, { readOnly, required });
  if (maxLength < 0) entry.removeAttribute("maxlength");
  else entry.maxLength = maxLength;
}

/**
 * Set only the properties that differ: each write makes browsers lay out and screen readers speak.
 * @template {object} T
 * @param {T} target
 * @param {Partial<T>} properties
 */
export function update(target, properties) {
  for (const name of /** @type {(keyof T)[]} */ (Object.keys(properties))) {
    const value = /** @type {T[keyof T]} */ (properties[name]);
    if (target[name] !== value) target[name] = value;
  }
}
