/**
 * Store the user's labelled drawings on the device, in IndexedDB.
 *
 * If the browser cannot store them (forbidden storage, a full disk, a damaged database), they are
 * kept in memory, and `lasting` is false until a later change can be stored together with them. If
 * the browser deletes the database while the page is open, they are stored again.
 *
 * @typedef {{ label: string, strokes: import("../types").Drawing, when?: number, sent?: string }}
 *   Example `when` it was stored, in milliseconds since 1970; the collection it was `sent` to
 */
import { validateDrawing } from "../pad/history.js";

// Larger files would freeze the page.
/** Bytes of a drawings file; a thousand drawings have about one million. */
export const MAX_FILE_BYTES = 32_000_000;
/** Drawings that are stored: readings use the 200 latest, training uses all. */
export const MAX_DRAWINGS = 10_000;
/** Characters of a drawing's label. */
export const MAX_LABEL_LENGTH = 64;

const DATABASE = "digitpad";
const VERSION = 1;
const STORE = "drawings";
const OPEN_TIMEOUT_MS = 10_000; // some browsers never answer (https://bugs.webkit.org/show_bug.cgi?id=226547)
const TOO_MANY_DRAWINGS = `The file holds more than ${MAX_DRAWINGS} drawings. Please divide it, and choose a part.`;

// Between tabs: what a tab did to the stored examples.
const CHANNEL = "digitpad drawings";
const CHANGED = "changed";
const DELETED = "deleted";

/** Migrations of the database, each from the version before. */
const MIGRATIONS = [
  (/** @type {IDBDatabase} */ database) => database.createObjectStore(STORE),
];

/** The stored examples. */
export class ExampleStore {
  /** @type {Example[]} oldest first */
  examples = [];
  /** Called if `examples` are read again, because another tab changed them, or last no longer. */
  onchange = () => {};
  /** Called if the browser deleted the stored examples, and they are stored again. */
  onrestore = () => {};
  /** Whether examples are kept for the next visit. */
  lasting = false;
  /** @type {IDBDatabase | null} null until it is opened, and after the browser closed it */
  #database = null;
  /** @type {((store: IDBObjectStore) => void)[]} changes of `examples` that are not stored yet */
  #changes = [];
  /** Whether the database may hold other examples than `examples`. */
  #outdated = true;
  /** Whether the database holds examples, unless the browser deletes it. */
  #isStored = false;
  /** Ends with the latest transaction. */
  #latest = Promise.resolve();
  /** @type {BroadcastChannel | null} null while the user is on other pages */
  #channel = null;

  constructor() {
    this.#listen();
    addEventListener("pagehide", () => {
      this.#channel?.close(); // some browsers keep no page that listens
      this.#channel = null;
    });
    addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      this.#isStored = false; // what was deleted meanwhile stays deleted
      this.#listen();
      this.#follow(false);
    });
    document.addEventListener("visibilitychange", () => this.#reopen());
  }

  /** Open the store; never fails. */
  static async open() {
    const opened = new ExampleStore();
    await opened.#synchronize();
    return opened;
  }

  /**
   * Store examples. One with the same strokes replaces the older one; beyond MAX_DRAWINGS, the
   * oldest are deleted.
   * @param {Example[]} examples
   */
  async put(examples) {
    const when = Date.now();
    const older = new Map(this.examples.map((each) => [keyOf(each), each]));
    const latest = examples.map((each, k) => {
      const { label, strokes } = each;
      const old = older.get(keyOf(each));
      return { label, strokes, when: when + k / 1000, ...(old?.label === label && { sent: old.sent }) };
    });
    const names = new Set(examples.map(keyOf));
    const all = [...this.examples.filter((each) => !names.has(keyOf(each))), ...latest];
    this.examples = all.slice(-MAX_DRAWINGS);
    const removed = all.slice(0, -MAX_DRAWINGS);
    await this.#store((store) => {
      for (const each of latest) store.put(each, keyOf(each));
      for (const each of removed) store.delete(keyOf(each));
    });
    if (this.lasting) askToPersist();
  }

  /**
   * Mark examples as sent, except those that got another label in another tab meanwhile.
   * @param {Example[]} examples from `this.examples`
   * @param {string} sent the collection
   */
  async markSent(examples, sent) {
    const labels = new Map(examples.map((each) => [keyOf(each), each.label]));
    for (const each of this.examples) if (labels.get(keyOf(each)) === each.label) each.sent = sent;
    await this.#store((store) => {
      for (const each of examples) {
        const request = store.get(keyOf(each));
        request.onsuccess = () => {
          if (request.result?.label === each.label) store.put({ ...request.result, sent }, keyOf(each));
        };
      }
    });
  }

  /** Delete all examples. */
  async clear() {
    this.examples = [];
    this.#changes = [];
    await this.#store((store) => store.clear(), DELETED);
  }

  /**
   * Return those examples that were neither deleted nor got another label since.
   * @param {Example[]} examples
   */
  remaining(examples) {
    const labels = new Map(this.examples.map((each) => [keyOf(each), each.label]));
    return examples.filter((each) => labels.get(keyOf(each)) === each.label);
  }

  /** The drawings file, with one example per line. */
  get file() {
    return this.examples.map(this.lineOf).join("");
  }

  /**
   * Return an example's line of a drawings file.
   * @param {Example} example
   */
  lineOf({ label, strokes }) {
    return `${JSON.stringify({ label, strokes })}\n`;
  }

  /**
   * Load a drawings file.
   * @param {Blob} file
   * @returns {Promise<number>} number of drawings in it
   * @throws {Error} that names the first invalid line, or if there are too many
   */
  async load(file) {
    if (file.size > MAX_FILE_BYTES) throw new Error(TOO_MANY_DRAWINGS);
    const lines = (await file.text()).split("\n");
    const found = lines.flatMap((line, k) => {
      if (!line.trim()) return [];
      const example = parseLine(line);
      if (example) return [example];
      throw new Error(`Line ${k + 1} of the file is no drawing. Please choose a file that was saved here.`);
    });
    if (found.length > MAX_DRAWINGS) throw new Error(TOO_MANY_DRAWINGS);
    await this.put(found);
    return found.length;
  }

  /** @param {(store: IDBObjectStore) => void} change */
  async #store(change, message = CHANGED) {
    this.#changes.push(change);
    await this.#synchronize();
    this.#channel?.postMessage(message);
  }

  #listen() {
    this.#channel?.close();
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.onmessage = ({ data }) => this.#follow(data === DELETED);
  }

  /**
   * Read what another tab changed.
   * @param {boolean} deleted whether it deleted all examples, also those that could not be stored
   */
  #follow(deleted) {
    if (deleted) {
      this.#changes = [];
      this.examples = [];
      this.#isStored = false;
      this.onchange();
    }
    this.#outdated = true;
    this.#synchronize();
  }

  /**
   * Store the changes and read what others changed, after earlier transactions. Browsers close the
   * connections of pages in the background, so a failed transaction is repeated with a new one.
   * After a second failure, the changes wait for the next call.
   */
  #synchronize() {
    this.#latest = this.#latest.then(async () => {
      const { lasting } = this;
      await this.#transact().catch(() => this.#transact()).catch(() => (this.lasting = false));
      if (lasting && !this.lasting) this.onchange();
    });
    return this.#latest;
  }

  /** Make the changes, and read all examples if they may have changed. */
  async #transact() {
    const changes = new Set(this.#changes);
    try {
      this.#database ??= await this.#open();
      const read = this.#outdated;
      this.#outdated = false; // unless somebody changes it while it is read
      const transaction = this.#database.transaction(STORE, changes.size > 0 ? "readwrite" : "readonly");
      const kept = await complete(transaction, (store) => {
        for (const change of changes) change(store);
        return read ? store.getAll(null, MAX_DRAWINGS) : null;
      });
      this.#changes = this.#changes.filter((each) => !changes.has(each));
      this.lasting = true;
      if (kept && this.#changes.length > 0) this.#outdated = true; // read again after these changes
      else if (kept) this.#replaceExamples(kept.result);
      this.#isStored = this.examples.length > 0;
    } catch (error) {
      this.#database?.close();
      this.#database = null;
      throw error;
    }
  }

  async #open() {
    const lost = this.#isStored ? this.examples : [];
    const { opened, restored } = await database(lost);
    if (restored) {
      this.#channel?.postMessage(CHANGED);
      this.onrestore();
    }
    this.#outdated = true; // another tab may have changed it while it was closed
    const forget = () => {
      if (this.#database === opened) this.#database = null;
    };
    opened.onclose = () => { // by the browser, which may have deleted it
      forget();
      this.#reopen();
    };
    opened.onversionchange = () => {
      opened.close(); // deleted or upgraded elsewhere: do not block that
      forget();
      this.#isStored = false;
    };
    return opened;
  }

  /** Store the examples again if the browser deleted them; it closes databases in the background. */
  #reopen() {
    const isVisible = document.visibilityState === "visible";
    if (isVisible && !this.#database && this.#isStored) this.#synchronize();
  }

  /** @param {any[]} kept */
  #replaceExamples(kept) {
    this.examples = kept
      .flatMap((each) => exampleOf(each) ?? [])
      .sort((a, b) => (a.when ?? 0) - (b.when ?? 0));
    this.onchange();
  }
}

let asked = false; // once per visit: some browsers ask the user

/** Ask the browser to keep what is stored even if space runs short. */
async function askToPersist() {
  if (asked) return;
  asked = true;
  try {
    if (!(await navigator.storage.persisted())) await navigator.storage.persist();
  } catch {
    // Insecure addresses lack it.
  }
}

/** Whether the browser has promised to keep what is stored. */
export async function isPersistent() {
  return (await navigator.storage?.persisted().catch(() => false)) ?? false;
}

/** @param {Example} example */
function keyOf({ strokes }) {
  return JSON.stringify(strokes);
}

/**
 * Open the database, or create it.
 * @param {Example[]} lost stored in a new one, before other tabs see it
 * @returns {Promise<{ opened: IDBDatabase, restored: boolean }>} and whether they were stored
 */
function database(lost) {
  const request = indexedDB.open(DATABASE, VERSION);
  let restored = false;
  request.onupgradeneeded = ({ oldVersion }) => {
    for (const migrate of MIGRATIONS.slice(oldVersion)) migrate(request.result);
    if (oldVersion > 0 || lost.length === 0) return;
    const transaction = /** @type {IDBTransaction} */ (request.transaction);
    try {
      for (const each of lost) transaction.objectStore(STORE).put(each, keyOf(each));
      restored = true;
    } catch {
      transaction.abort(); // and the request fails
    }
  };
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error);
    const timer = setTimeout(() => {
      reject(new Error("the database does not open"));
      request.onsuccess = () => request.result.close(); // too late
    }, OPEN_TIMEOUT_MS);
    request.onsuccess = () => {
      clearTimeout(timer);
      resolve({ opened: request.result, restored });
    };
  });
}

/**
 * @template T
 * @param {IDBTransaction} transaction aborted if `use` fails
 * @param {(store: IDBObjectStore) => T} use
 * @returns {Promise<T>} what `use` returned, once the transaction is complete
 */
function complete(transaction, use) {
  return new Promise((resolve, reject) => {
    transaction.onabort = () => reject(transaction.error);
    try {
      const used = use(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(used);
    } catch (error) {
      reject(error);
      transaction.abort();
    }
  });
}

/**
 * @param {string} line of a drawings file
 * @returns {Example | null} null if it is invalid
 */
function parseLine(line) {
  try {
    const { label, strokes } = JSON.parse(line);
    return exampleOf({ label, strokes });
  } catch {
    return null;
  }
}

/**
 * Copy and validate an example.
 * @param {any} found
 * @returns {Example | null} null if it is invalid
 */
function exampleOf(found) {
  try {
    const { label, strokes, when, sent } = found;
    const sound = typeof label === "string" && label.length <= MAX_LABEL_LENGTH && /^[0-9]+$/.test(label);
    if (!sound || strokes.length === 0) return null;
    /** @type {Example} */
    const example = { label, strokes: validateDrawing(strokes) };
    if (Number.isFinite(when)) example.when = when;
    if (typeof sent === "string") example.sent = sent;
    return example;
  } catch {
    return null;
  }
}
