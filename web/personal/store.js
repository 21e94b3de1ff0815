/**
 * What its user said that drawings mean, kept on the device: a line of the drawings file for each.
 *
 * Where the browser keeps nothing (private windows, a full disk, damage), it lasts as long as the
 * page does, and `lasting` is false.
 *
 * @typedef {{ label: string, strokes: import("../types").Drawing, when?: number, sent?: string }}
 *   Example `when` it was kept, in milliseconds since 1970; to which collection it was `sent`
 */
import { validateDrawing } from "../pad/history.js";

// What is larger is a mistake or malice, and would stop the page.
/** Bytes of a drawings file; a thousand drawings have about one million. */
export const MAX_FILE_BYTES = 32_000_000;
/** Drawings that are kept: a reading looks at the 200 latest, training is glad of more. */
export const MAX_DRAWINGS = 10_000;
/** Characters of a drawing's label. */
export const MAX_LABEL_LENGTH = 64;

const DATABASE = "digitpad";
const VERSION = 1;
const STORE = "drawings";
const TOO_MANY_DRAWINGS = `The file holds more than ${MAX_DRAWINGS} drawings: divide it, and choose a part.`;

/** Changes of the database's layout, each from the version before. */
const MIGRATIONS = [
  (/** @type {IDBDatabase} */ database) => database.createObjectStore(STORE),
];

export class ExampleStore {
  /** @type {Example[]} oldest first */
  examples = [];
  /** @type {IDBDatabase | null} */
  #database = null;

  /** Open what is kept; never fails. */
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

  /** Whether it is there at the next visit too. */
  get lasting() {
    return this.#database !== null;
  }

  /**
   * Keep examples; one of the same strokes as an older one takes its place, and where they are more
   * than anybody needs, the oldest go.
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
   * Remember that examples were sent; what got another label meanwhile, in another tab, was not.
   * @param {Example[]} examples of those that are kept
   * @param {string} sent to which collection
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

  /** Delete everything. */
  async clear() {
    this.examples = [];
    await this.#persist(() => this.#change((store) => store.clear()));
  }

  /** The drawings file: one example a line. */
  get file() {
    return this.examples.map(this.lineOf).join("");
  }

  /**
   * An example's line in a drawings file.
   * @param {Example} example
   */
  lineOf({ label, strokes }) {
    return `${JSON.stringify({ label, strokes })}\n`;
  }

  /**
   * Take a drawings file back.
   * @param {Blob} file
   * @returns {Promise<number>} how many drawings it held
   * @throws {Error} the first line that is no drawing, or more than is kept
   */
  async load(file) {
    if (file.size > MAX_FILE_BYTES) throw new Error(TOO_MANY_DRAWINGS);
    const lines = (await file.text()).split("\n");
    const found = lines.flatMap((line, k) => {
      if (!line.trim()) return [];
      const example = parseLine(line);
      if (example) return [example];
      throw new Error(`Line ${k + 1} of the file is no drawing: choose a file that was saved here.`);
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
      this.#database = null; // full, or taken away: from here on in memory alone
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
   * All of a change, or nothing of it.
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
 * @returns {Example | null} null for what is none
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
 * A copy of an example, without anything that has no place in one.
 * @param {any} found
 * @returns {Example | null} null for what is none
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
