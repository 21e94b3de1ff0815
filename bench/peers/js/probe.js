/**
 * Put into every page before its own scripts: sets a drawing as soon as there is a pad, and notes
 * when the page shows a reading.
 */
((drawing) => {
  const GROUPS_PER_RUN = 8; // groups to a run: WebGL compiles anew for each number that it has not met
  const LEAST = 1e-4; // of a probability, as web/recognizer.js has it
  const PATIENCE = 60_000; // milliseconds for a reading
  const { promise: done, resolve } = Promise.withResolvers();
  const probe = { first: 0, text: "", waits: [], read, done, expect };
  globalThis.probe = probe;
  let lifted = 0;
  let arrive = () => {};

  /** Before a stroke: `probe.arrived` is a promise of its reading. */
  function expect() {
    lifted = 0;
    probe.arrived = new Promise((resolve, reject) => {
      arrive = resolve;
      setTimeout(reject, PATIENCE, new Error("a stroke was not read"));
    });
  }

  addEventListener("pointerup", (event) => (lifted = event.timeStamp), true);
  // Pads say that they have read once the page shows it.
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
   * Read numbers, each a list of drawings of one digit: what each is, and milliseconds.
   * With `find` the peers are not told which strokes are one digit.
   */
  async function read(numbers, find = false) {
    const pad = document.querySelector("digit-pad, peer-pad");
    const reader = await pad.ready;
    const finder = find && (await finderWith(reader));
    const answers = [];
    for (const digits of numbers) {
      const ink = digits.flat();
      await idle();
      const start = performance.now();
      const whole = pad.localName === "digit-pad";
      const text = whole ? (await reader.read(ink)).text
        : find ? await finder(ink) : (await reader.read(digits)).text;
      answers.push({ text, milliseconds: performance.now() - start });
    }
    return answers;
  }

  /** Digitpad's own way to find digits, web/recognizer.js, around a peer's network. */
  async function finderWith(reader) {
    const { SHAPE, createPartitioner, candidateGroups } = await import(new URL("segment.js", location.href));
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
          const { text, sure } = await reader.read(
            piece.map((index) => groups[index].strokes.map((stroke) => ink[stroke])));
          piece.forEach((index, k) => {
            digits[index] = text[k];
            scores[index] += weights.reading * Math.log(Math.max(LEAST, sure[k]));
          });
        }
      }
    };
  }

  /** A frame later, in a task of its own: timers that follow a timer would be held back by 4 ms. */
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
