/**
 * The user's own hand on this page: what is kept of it, reading by it, and a dialog about both.
 *
 * @typedef {import("../personal/store.js").Example} Example
 */
import { MIN_EXAMPLES, createPersonalizer } from "../personal/adaptation.js";
import { makeDialog } from "./dialog.js";
import { ExampleStore } from "../personal/store.js";

const FILE_NAME = "digitpad-drawings.jsonl";
const DISABLED_KEY = "digitpad reads by nobody's hand"; // in the browser's storage, where it is switched off

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
const UPLOAD_CONTENT = `
  <div class="send">
    <p></p>
    <button type="button" data-do="send">Send drawings</button>
  </div>`;

export class HandwritingPanel {
  #recognizer;
  #store;
  #enabled = true;

  /**
   * Open what is kept, and read by it from here on.
   * @param {import("../digit-pad.js").DigitPad} pad
   */
  static async of(pad) {
    const own = new HandwritingPanel(await pad.ready, await ExampleStore.open());
    own.#applyExamples();
    return own;
  }

  /**
   * @param {import("../recognizer.js").Recognizer} recognizer
   * @param {ExampleStore} store
   */
  constructor(recognizer, store) {
    this.#recognizer = recognizer;
    this.#store = store;
    try {
      this.#enabled = localStorage.getItem(DISABLED_KEY) === null;
    } catch {
      // Storage is forbidden: on, as for a first visit.
    }
  }

  /**
   * Keep drawings and what they mean; the same drawing with another meaning takes the first's place.
   * @param {Example[]} examples
   */
  async add(examples) {
    const kept = this.#store.put(examples);
    this.#applyExamples(); // what is said counts at once, kept or not yet
    await kept;
  }

  /**
   * Open the dialog.
   * @param {import("../personal/upload.js").DrawingUpload | null} upload where the server collects drawings
   */
  open(upload) {
    const dialog = makeDialog("Your handwriting", CONTENT + (upload ? UPLOAD_CONTENT : ""), {
      save: () => save(this.#store.file),
      load: () => file.click(),
      remove: async () => {
        if (!confirm("Delete all drawings kept here? They cannot be brought back.")) return;
        await this.#store.clear();
        this.#applyExamples();
        showStatus("All deleted. ");
      },
      send: async () => {
        status.scrollIntoView({ block: "nearest" }); // on a low screen
        const came = await upload?.send(this.#store, (far) => (status.textContent = far));
        showStatus(`${came} `);
      },
    });
    const promise = dialog.querySelector(".send p");
    if (promise) promise.textContent = uploadNotice(upload?.host ?? "");
    const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
    const [toggle, file] = dialog.querySelectorAll("input");
    const showStatus = (before = "") => {
      status.textContent = before + this.#summary();
      toggle.disabled = this.#missing > 0;
      toggle.checked = this.#recognizer.personalizer !== null;
    };
    toggle.onchange = () => {
      this.#setEnabled(toggle.checked);
      this.#applyExamples();
      showStatus();
    };
    file.onchange = async () => {
      const chosen = file.files?.[0];
      if (!chosen) return;
      try {
        const count = await this.#store.load(chosen);
        this.#applyExamples();
        showStatus(`${countDrawings(count)} loaded. `);
      } catch (error) {
        showStatus(`${error instanceof Error ? error.message : error} `);
      }
      file.value = "";
    };
    dialog.onclose = () => dialog.remove();
    showStatus();
    dialog.showModal();
  }

  get #missing() {
    return MIN_EXAMPLES - this.#store.examples.filter(({ label }) => label.length === 1).length;
  }

  #summary() {
    const { examples, lasting } = this.#store;
    const where = lasting
      ? "kept on this device."
      : "kept until this page is closed: the browser stores nothing for it.";
    const digits = this.#missing === 1 ? "digit" : "digits";
    const missing = this.#missing > 0
      ? ` Correct or confirm ${this.#missing} more ${digits}, below the number, and they are read by.`
      : "";
    return `${countDrawings(examples.length)} ${where}${missing}`;
  }

  #applyExamples() {
    const { examples } = this.#store;
    this.#recognizer.personalizer = this.#enabled ? createPersonalizer(examples) : null;
  }

  /** @param {boolean} on */
  #setEnabled(on) {
    this.#enabled = on;
    try {
      if (on) localStorage.removeItem(DISABLED_KEY);
      else localStorage.setItem(DISABLED_KEY, "yes");
    } catch {
      // It lasts as long as the page does.
    }
  }
}

/** @param {string} host */
function uploadNotice(host) {
  return `“Send drawings” copies the drawings kept here, and which digit each is, to the disk of ${host}. ` +
    "Nothing else is ever sent, and nothing without this press. What was sent once is not sent again.";
}

/** @param {number} count */
function countDrawings(count) {
  return `${count} ${count === 1 ? "drawing" : "drawings"}`;
}

/**
 * Share a file where the browser can, as phones do, or download it.
 * @param {string} text
 */
async function save(text) {
  const type = "text/plain";
  // Chrome on Android shares no file whose name ends in .jsonl (https://github.com/w3c/web-share/issues/142).
  const files = [new File([text], FILE_NAME.replace(".jsonl", ".txt"), { type })];
  if (matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files })) {
    const fault = await navigator.share({ files }).catch((error) => error);
    if (!fault || fault.name === "AbortError") return; // its user thought better of it
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = FILE_NAME;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
