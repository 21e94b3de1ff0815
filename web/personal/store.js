/**
 * Store the user's labelled drawings on the device, in IndexedDB.
 *
 * If the browser cannot store them (private windows, a full disk, a damaged database), they are
 * kept in memory, and `lasting` is false.
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
const TOO_MANY_DRAWINGS = `The file holds more than ${MAX_DRAWINGS} drawings. Please divide it, and choose a part.`;

/** Migrations of the database, each from the version before. */
const MIGRATIONS = [
  (/** @type {IDBDatabase} */ database) => database.createObjectStore(STORE),
];

/** The stored examples. */
export class ExampleStore {
  /** @type {Example[]} oldest first */
  examples = [];
  /** @type {IDBDatabase | null} */
  #database = null;

  /** Open the store; never fails. */
  static async open() {
    const opened = new ExampleStore();
    try {
      opened.#database = await database();
      const kept = await opened.#request("readonly", (store) => store.getAll(null, MAX_DRAWINGS));
      opened.examples = /** @type {any[]} */ (kept)
        .flatMap((each) => exampleOf(each) ?? [])
        .sort((a, b) => (a.when ?? 0) - (b.when ?? 0));
    } catch {
      opened.#database = null;
    }
    return opened;
  }

  /** Whether examples are kept for the next visit. */
  get lasting() {
    return this.#database !== null;
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
    await this.#persist(() => this.#change((store) => {
      for (const each of latest) store.put(each, keyOf(each));
      for (const each of removed) store.delete(keyOf(each));
    }));
  }

  /**
   * Mark examples as sent, except those that got another label in another tab meanwhile.
   * @param {Example[]} examples from `this.examples`
   * @param {string} sent the collection
   */
  async markSent(examples, sent) {
    for (const each of examples) each.sent = sent;
    await this.#persist(() => this.#change((store) => {
      for (const each of examples) {
        const request = store.get(keyOf(each));
        request.onsuccess = () => {
          if (request.result?.label === each.label) store.put({ ...request.result, sent }, keyOf(each));
        };
      }
    }));
  }

  /** Delete all examples. */
  async clear() {
    this.examples = [];
    await this.#persist(() => this.#change((store) => store.clear()));
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

  /** @param {() => Promise<unknown>} write */
  async #persist(write) {
    if (!this.#database) return;
    try {
      await write();
    } catch {
      this.#database = null; // full or deleted: keep them in memory from now on
    }
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest} ask
   */
  #request(mode, ask) {
    const transaction = /** @type {IDBDatabase} */ (this.#database).transaction(STORE, mode);
    return promiseOf(ask(transaction.objectStore(STORE)));
  }

  /**
   * Make a change in one transaction.
   * @param {(store: IDBObjectStore) => void} change
   */
  #change(change) {
    const transaction = /** @type {IDBDatabase} */ (this.#database).transaction(STORE, "readwrite");
    return new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
      change(transaction.objectStore(STORE));
    });
  }
}

/** @param {Example} example */
function keyOf({ strokes }) {
  return JSON.stringify(strokes);
}

/** @returns {Promise<IDBDatabase>} */
function database() {
  const request = indexedDB.open(DATABASE, VERSION);
  request.onupgradeneeded = ({ oldVersion }) => {
    for (const migrate of MIGRATIONS.slice(oldVersion)) migrate(request.result);
  };
  return promiseOf(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function promiseOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
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
