// Show and record what is drawn on undefined pads, for pad/drawing-area.js.
(() => {
  const PAD = "digit-pad:not(:defined, [hidden])";
  /** @type {any} lines being drawn, by the pointer's id */
  const lines = {};

  function append(/** @type {any} */ parent, name = "svg") {
    return parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", name));
  }

  function start(/** @type {any} */ event) {
    const pad = event.target.closest?.(`${PAD}:not([disabled], [readonly], fieldset[disabled] *)`);
    if (!pad || event.button > 0) return;
    const ink = (pad.early ??= append(pad));
    ink.events ??= new Map();
    ink.style = `display: block; position: absolute; grid-area: 1 / 1 / 2; width: 100%; height: 100%;
      pointer-events: none; fill: none; stroke: currentColor; stroke-linecap: round; stroke-linejoin: round`;
    const { width, height, bottom } = ink.getBoundingClientRect();
    if (event.clientY > bottom) return; // on the empty bar
    ink.setAttribute("viewBox", `0 0 ${width} ${height}`);
    ink.setAttribute("stroke-width", Math.min(width, height) / 36);
    lines[event.pointerId] = append(ink, "path");
    record(event);
  }

  function record(/** @type {any} */ event) {
    const line = lines[event.pointerId];
    if (!line) return;
    const box = line.parentNode.getBoundingClientRect();
    const point = `${event.clientX - box.x} ${event.clientY - box.y}`;
    line.setAttribute("d", (line.data = `${line.data ?? "M" + point}L${point}`));
    event.getCoalescedEvents?.();
    line.parentNode.events.set(event, box);
    if (/up|cancel/.test(event.type)) delete lines[event.pointerId];
  }

  addEventListener("pointerdown", start, true);
  addEventListener("pointermove", record, true);
  addEventListener("pointerup", record, true);
  addEventListener("pointercancel", record, true);
  const sheet = new CSSStyleSheet();
  // As in web/pad/template.js, below the page's own style.
  sheet.replaceSync(`:where(${PAD}) { position: relative; display: grid; box-sizing: border-box;
    grid-template: minmax(0, 1fr) auto / minmax(0, 1fr); aspect-ratio: 2; min-inline-size: 8rem;
    min-block-size: 7rem; border: 1px solid var(--digit-pad-rule, #8888); border-radius: .5rem;
    overflow: hidden; touch-action: none; user-select: none; -webkit-user-select: none; }
    :where(${PAD})::after { content: ""; grid-row: 2; block-size: 2.75rem; border-top: inherit; }
    :where(${PAD}) > * { display: none; }`);
  document.adoptedStyleSheets?.push(sheet);
})();
