/**
 * The user's own handwriting: stored examples, personalised readings, and a dialog to manage both.
 *
 * @typedef {import("../personal/store.js").Example} Example
 */
import { MIN_EXAMPLES, createPersonalizer } from "../personal/adaptation.js";
import { makeDialog } from "./dialog.js";
import { ExampleStore, isPersistent } from "../personal/store.js";
import { looksPrivate } from "../personal/private-window.js";
import { showFootnote } from "../app/footnote.js";

const FILE_NAME = "digitpad-drawings.jsonl";
// In the browser's storage, if personalising is switched off.
const DISABLED_KEY = "digitpad reads by nobody's hand";
// In the browser's storage, if there are drawings: other tabs and later visits load them.
const HAS_EXAMPLES_KEY = "digitpad learnt"; // app.js reads it
const NOT_STORED = "because the browser cannot store them";
const NOT_PERSISTENT =
  "The browser may delete them if space runs short, and a private window forgets them when it is closed. " +
  "Save them to have them for longer.";
const PRIVATE =
  "This looks like a private window, which forgets them when it is closed. Save them to have them for longer.";
const RESTORED =
  "The browser deleted your drawings while this page was open. They are kept again: to delete them, " +
  "choose “Your handwriting”, “Delete all”.";
const PRIVATE_NOTE = "This looks like a private window: your drawings are kept until you close it.";

const CONTENT = `
  <p role="status"></p>
  <p class="advice" hidden></p>
  <p><label><input type="checkbox" role="switch"> Use my handwriting for reading</label></p>
  <div class="choices">
    <button type="button" data-do="save">Save drawings</button>
    <button type="button" data-do="load">Load drawings</button>
    <button type="button" data-do="remove">Delete all</button>
    <button type="button" data-do="close">Close</button>
  </div>
  <input type="file" accept=".jsonl,.txt" aria-label="Load drawings" hidden>`;

/** Shown if the server collects drawings. */
const UPLOAD_CONTENT = `
  <div class="send">
    <p></p>
    <button type="button" data-do="send">Send drawings</button>
  </div>`;

/** Stored examples, and what is done with them. */
export class HandwritingPanel {
  #recognizer;
  #store;
  #enabled = true;
  /** Show the open dialog's state. */
  #showStatus = () => {};

  /**
   * Open the store, and personalise readings from now on.
   * @param {import("../digit-pad.js").DigitPad} pad
   */
  static async of(pad) {
    const own = new HandwritingPanel(await pad.ready, await ExampleStore.open());
    own.#applyExamples();
    own.#warnUnlessLasting();
    return own;
  }

  /**
   * @param {import("../recognizer.js").Recognizer} recognizer
   * @param {ExampleStore} store
   */
  constructor(recognizer, store) {
    this.#recognizer = recognizer;
    this.#store = store;
    this.#readSwitch();
    const follow = () => {
      this.#applyExamples();
      this.#warnUnlessLasting();
      this.#showStatus();
    };
    store.onchange = follow;
    store.onrestore = () => {
      rememberExamples();
      showFootnote("restored", RESTORED);
    };
    addEventListener("storage", () => { // another tab changed it
      const before = this.#enabled;
      this.#readSwitch();
      if (this.#enabled !== before) follow();
    });
    addEventListener("pageshow", () => {
      this.#readSwitch();
      follow();
    });
  }

  /**
   * Store labelled drawings.
   * @param {Example[]} examples
   */
  async add(examples) {
    rememberExamples();
    const kept = this.#store.put(examples);
    this.#applyExamples(); // effective at once, even before they are stored
    await kept;
    this.#warnUnlessLasting();
  }

  /**
   * Open the dialog.
   * @param {import("../personal/upload.js").DrawingUpload | null} upload null unless the server
   *   collects drawings
   */
  open(upload) {
    const dialog = makeDialog("Your handwriting", CONTENT + (upload ? UPLOAD_CONTENT : ""), {
      save: () => save(this.#store.file),
      load: () => file.click(),
      remove: async () => {
        if (!confirm("Delete all drawings kept here? They cannot be brought back.")) return;
        await this.#store.clear();
        showFootnote("restored", "");
        this.#warnUnlessLasting();
        this.#applyExamples();
        showStatus("All deleted. ");
      },
      send: async () => {
        status.scrollIntoView({ block: "nearest" }); // on a small screen
        const result = await upload?.send(this.#store, (progress) => (status.textContent = progress));
        showStatus(`${result} `);
      },
    });
    const promise = dialog.querySelector(".send p");
    if (promise) promise.textContent = uploadNotice(upload?.host ?? "");
    const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
    const advice = /** @type {HTMLElement} */ (dialog.querySelector(".advice"));
    const [toggle, file] = dialog.querySelectorAll("input");
    const showStatus = (before = "") => {
      status.textContent = before + this.#summary();
      toggle.disabled = this.#missing > 0;
      toggle.checked = this.#recognizer.personalizer !== null;
      this.#findThreat().then((threat) => {
        advice.textContent = threat;
        advice.hidden = threat === "";
      });
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
        rememberExamples();
        this.#warnUnlessLasting();
        this.#applyExamples();
        showStatus(`${countDrawings(count)} loaded. `);
      } catch (error) {
        showStatus(`${error instanceof Error ? error.message : error} `);
      }
      file.value = "";
    };
    dialog.onclose = () => {
      dialog.remove();
      this.#showStatus = () => {};
    };
    this.#showStatus = showStatus;
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
      : `kept until you close this page, ${NOT_STORED}.`;
    const digits = this.#missing === 1 ? "digit" : "digits";
    const missing = this.#missing > 0
      ? ` Correct or confirm ${this.#missing} more ${digits} below the number to use them for reading.`
      : "";
    return `${countDrawings(examples.length)} ${where}${missing}`;
  }

  /** @returns {Promise<string>} why stored drawings may be lost; empty if they will not, or none are */
  async #findThreat() {
    const isStored = () => this.#store.lasting && this.#store.examples.length > 0;
    if (!isStored() || (await isPersistent())) return "";
    const threat = (await looksPrivate()) ? PRIVATE : NOT_PERSISTENT;
    return isStored() ? threat : ""; // they may be deleted meanwhile
  }

  /** Say on the page, not only in the dialog, that the drawings end with it or with its window. */
  async #warnUnlessLasting() {
    const { examples, lasting } = this.#store;
    if (!lasting && examples.length > 0) {
      return showFootnote("storage", `Your drawings are kept until you close this page, ${NOT_STORED}.`);
    }
    const isPrivate = (await this.#findThreat()) === PRIVATE;
    if (this.#store.lasting) showFootnote("storage", isPrivate ? PRIVATE_NOTE : "");
  }

  #applyExamples() {
    const { examples } = this.#store;
    this.#recognizer.personalizer = this.#enabled ? createPersonalizer(examples) : null;
  }

  #readSwitch() {
    try {
      this.#enabled = localStorage.getItem(DISABLED_KEY) === null;
    } catch {
      // Storage is forbidden: on by default.
    }
  }

  /** @param {boolean} on */
  #setEnabled(on) {
    this.#enabled = on;
    try {
      if (on) localStorage.removeItem(DISABLED_KEY);
      else localStorage.setItem(DISABLED_KEY, "yes");
    } catch {
      // Storage is forbidden: the choice lasts until the page is closed.
    }
  }
}

/** Let other tabs and later visits load the drawings. */
function rememberExamples() {
  try {
    localStorage.setItem(HAS_EXAMPLES_KEY, "yes");
  } catch {
    // Storage is forbidden: there will be no drawings either.
  }
}

/** @param {string} host */
function uploadNotice(host) {
  return `“Send drawings” copies the drawings kept here, with their digits, to the disk of ${host}. ` +
    "Nothing else is sent, and nothing before you press the button. Each drawing is sent only once.";
}

/** @param {number} count */
function countDrawings(count) {
  return `${count} ${count === 1 ? "drawing" : "drawings"}`;
}

/**
 * Share a file on phones; download it elsewhere.
 * @param {string} text
 */
async function save(text) {
  const type = "text/plain";
  // Chrome on Android shares no file whose name ends in .jsonl
  // (https://github.com/w3c/web-share/issues/142).
  const files = [new File([text], FILE_NAME.replace(".jsonl", ".txt"), { type })];
  if (matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files })) {
    const fault = await navigator.share({ files }).catch((error) => error);
    if (!fault || fault.name === "AbortError") return; // cancelled by the user
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = FILE_NAME;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
