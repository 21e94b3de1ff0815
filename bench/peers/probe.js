/**
 * Put into every page before its own scripts: sets a drawing as soon as there is a pad, and notes
 * when the page shows a reading.
 */
((drawing) => {
  const GLANCE = 8; // groups to a run: WebGL compiles anew for each number that it has not met
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
   * With `find` the peers are not told which strokes are one digit, and say of every group that
   * may be one what it would be, as digitpad has to; choosing among the groups is spared them.
   */
  async function read(numbers, find = false) {
    const pad = document.querySelector("digit-pad, peer-pad");
    const reader = await pad.ready;
    const ours = pad.localName === "digit-pad";
    const { propose } = await import(new URL("segment.js", location.href));
    const grouped = (ink) => {
      const groups = propose(ink).map(({ strokes }) => strokes.map((each) => ink[each]));
      const starts = Array.from({ length: Math.ceil(groups.length / GLANCE) }, (_, k) => k * GLANCE);
      return starts.map((start) => groups.slice(start, start + GLANCE));
    };
    const answers = [];
    for (const digits of numbers) {
      const ink = digits.flat();
      await idle();
      const start = performance.now();
      let text = "";
      for (const piece of ours ? [ink] : find ? grouped(ink) : [digits]) {
        text += (await reader.read(piece)).text;
      }
      answers.push({ text, milliseconds: performance.now() - start });
    }
    return answers;
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
