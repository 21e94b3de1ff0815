/**
 * Runs in every page before its own scripts: sets a drawing as soon as the pad is defined, and
 * records when the page shows a reading.
 */
((drawing) => {
  const GROUPS_PER_RUN = 8; // WebGL compiles shaders for each new batch size
  const MIN_PROBABILITY = 1e-4; // as in web/recognition/scoring.js
  const READING_TIMEOUT_MS = 60_000;
  const { promise: done, resolve } = Promise.withResolvers();
  const probe = { first: 0, text: "", waits: [], read, done, expect };
  globalThis.probe = probe;
  let lifted = 0;
  let arrive = () => {};

  /** Call before a stroke; sets `probe.arrived` to a promise of its reading. */
  function expect() {
    lifted = 0;
    probe.arrived = new Promise((resolve, reject) => {
      arrive = resolve;
      setTimeout(reject, READING_TIMEOUT_MS, new Error("a stroke was not read"));
    });
  }

  addEventListener("pointerup", (event) => (lifted = event.timeStamp), true);
  // Pads fire `change` after they show the reading.
  addEventListener("change", () => {
    const now = performance.now();
    const text = document.getElementById("number").textContent;
    if (!text) return;
    probe.first ||= now;
    probe.text = text;
    resolve();
    if (!lifted) return;
    probe.waits.push(now - lifted);
    lifted = 0;
    arrive();
  });

  for (const name of ["digit-pad", "peer-pad"]) {
    customElements.whenDefined(name).then(() => (document.querySelector(name).drawing = drawing));
  }

  /**
   * Read numbers, each a list of drawings of one digit. Returns the text and milliseconds of each.
   * With `find`, peers must find out which strokes form one digit. `marks` are read, too.
   */
  async function read(numbers, find = false, marks = "") {
    const pad = document.querySelector("digit-pad, peer-pad");
    const reader = await pad.ready;
    const finder = find && (await finderWith(reader));
    const readings = [];
    for (const digits of numbers) {
      const ink = digits.flat();
      await idle();
      const start = performance.now();
      const whole = pad.localName === "digit-pad";
      const text = whole ? (await reader.read(ink, { marks })).text
        : find ? await finder(ink) : (await reader.read(digits)).text;
      readings.push({ text, milliseconds: performance.now() - start });
    }
    return readings;
  }

  /** Segment strokes as web/recognizer.js does, but with a peer's network. */
  async function finderWith(reader) {
    const { SHAPE, candidateGroups } = await import(new URL("segment.js", location.href));
    const { createPartitioner } = await import(new URL("recognition/partitions.js", location.href));
    const { segment: { weights } } = await (await fetch("model/meta.json")).json();
    return async (ink) => {
      const groups = candidateGroups(ink);
      const partition = createPartitioner(groups, ink);
      const scores = groups.map(({ shape }) =>
        shape.reduce((sum, value, k) => sum + value * weights[SHAPE[k]], 0));
      const digits = [];
      for (;;) {
        const chosen = partition(scores);
        const unseen = chosen.filter((index) => !digits[index]);
        if (unseen.length === 0) return chosen.map((index) => digits[index]).join("");
        for (let start = 0; start < unseen.length; start += GROUPS_PER_RUN) {
          const piece = unseen.slice(start, start + GROUPS_PER_RUN);
          const { text, confidences } = await reader.read(
            piece.map((index) => groups[index].strokes.map((stroke) => ink[stroke])));
          piece.forEach((index, k) => {
            digits[index] = text[k];
            scores[index] += weights.reading * Math.log(Math.max(MIN_PROBABILITY, confidences[k]));
          });
        }
      }
    };
  }

  /** Wait for the next frame and a new task; browsers delay nested timers by 4 ms. */
  function idle() {
    return new Promise((resolve) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = resolve;
        port2.postMessage(null);
      });
    });
  }
})(DRAWING);
