/**
 * The user's own hand on this page: what is kept of it, reading by it, and a dialog about both.
 *
 * @typedef {import("../personal/store.js").Example} Example
 */
import { NEEDED, handOf } from "../personal/adaptation.js";
import { makeDialog } from "./dialog.js";
import { Handwriting } from "../personal/store.js";

const FILE = "digitpad-drawings.jsonl";
const OFF = "digitpad reads by nobody's hand"; // in the browser's storage, where it is switched off

const CONTENT = `
  <p role="status"></p>
  <p><label><input type="checkbox" role="switch"> Read by it: your own digits weigh in</label></p>
  <div class="choices">
    <button type="button" data-do="save">Save drawings</button>
    <button type="button" data-do="load">Load drawings</button>
    <button type="button" data-do="remove">Delete all</button>
    <button type="button" data-do="close">Close</button>
  </div>
  <input type="file" accept=".jsonl,.txt" aria-label="Load drawings" hidden>`;

/** Besides, where the server collects drawings. */
const SEND = `
  <div class="send">
    <p></p>
    <button type="button" data-do="send">Send drawings</button>
  </div>`;

export class OwnHand {
  #recognizer;
  #handwriting;
  #on = true;

  /**
   * Open what is kept, and read by it from here on.
   * @param {import("../digit-pad.js").DigitPad} pad
   */
  static async of(pad) {
    const own = new OwnHand(await pad.ready, await Handwriting.open());
    own.#apply();
    return own;
  }

  /**
   * @param {import("../recognizer.js").Recognizer} recognizer
   * @param {Handwriting} handwriting
   */
  constructor(recognizer, handwriting) {
    this.#recognizer = recognizer;
    this.#handwriting = handwriting;
    try {
      this.#on = localStorage.getItem(OFF) === null;
    } catch {
      // Storage is forbidden: on, as for a first visit.
    }
  }

  /**
   * Keep drawings and what they mean; the same drawing with another meaning takes the first's place.
   * @param {Example[]} examples
   */
  async learn(examples) {
    const kept = this.#handwriting.put(examples);
    this.#apply(); // what is said counts at once, kept or not yet
    await kept;
  }

  /**
   * Open the dialog.
   * @param {import("../personal/upload.js").Sending | null} sending where the server collects drawings
   */
  open(sending) {
    const dialog = makeDialog("Your handwriting", CONTENT + (sending ? SEND : ""), {
      save: () => save(this.#handwriting.file),
      load: () => file.click(),
      remove: async () => {
        if (!confirm("Delete all drawings kept here? They cannot be brought back.")) return;
        await this.#handwriting.clear();
        this.#apply();
        say("All deleted. ");
      },
      send: async () => {
        status.scrollIntoView({ block: "nearest" }); // on a low screen
        const came = await sending?.send(this.#handwriting, (far) => (status.textContent = far));
        say(`${came} `);
      },
    });
    const promise = dialog.querySelector(".send p");
    if (promise) promise.textContent = sendable(sending?.host ?? "");
    const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
    const [toggle, file] = dialog.querySelectorAll("input");
    const say = (before = "") => {
      status.textContent = before + this.#described();
      toggle.disabled = this.#missing > 0;
      toggle.checked = this.#recognizer.hand !== null;
    };
    toggle.onchange = () => {
      this.#turn(toggle.checked);
      this.#apply();
      say();
    };
    file.onchange = async () => {
      const chosen = file.files?.[0];
      if (!chosen) return;
      try {
        const count = await this.#handwriting.load(chosen);
        this.#apply();
        say(`${counted(count)} loaded. `);
      } catch (error) {
        say(`${error instanceof Error ? error.message : error} `);
      }
      file.value = "";
    };
    dialog.onclose = () => dialog.remove();
    say();
    dialog.showModal();
  }

  get #missing() {
    return NEEDED - this.#handwriting.examples.filter(({ label }) => label.length === 1).length;
  }

  #described() {
    const { examples, lasting } = this.#handwriting;
    const where = lasting
      ? "kept on this device."
      : "kept until this page is closed: the browser stores nothing for it.";
    const digits = this.#missing === 1 ? "digit" : "digits";
    const missing = this.#missing > 0
      ? ` Correct or confirm ${this.#missing} more ${digits}, below the number, and they are read by.`
      : "";
    return `${counted(examples.length)} ${where}${missing}`;
  }

  #apply() {
    const { examples } = this.#handwriting;
    this.#recognizer.hand = this.#on ? handOf(examples) : null;
  }

  /** @param {boolean} on */
  #turn(on) {
    this.#on = on;
    try {
      if (on) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "yes");
    } catch {
      // It lasts as long as the page does.
    }
  }
}

/** @param {string} host */
function sendable(host) {
  return `“Send drawings” copies the drawings kept here, and which digit each is, to the disk of ${host}. ` +
    "Nothing else is ever sent, and nothing without this press. What was sent once is not sent again.";
}

/** @param {number} count */
function counted(count) {
  return `${count} ${count === 1 ? "drawing" : "drawings"}`;
}

/**
 * Share a file where the browser can, as phones do, or download it.
 * @param {string} text
 */
async function save(text) {
  const type = "text/plain";
  // Chrome on Android shares no file whose name ends in .jsonl (https://github.com/w3c/web-share/issues/142).
  const files = [new File([text], FILE.replace(".jsonl", ".txt"), { type })];
  if (matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files })) {
    const fault = await navigator.share({ files }).catch((error) => error);
    if (!fault || fault.name === "AbortError") return; // its user thought better of it
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = FILE;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
