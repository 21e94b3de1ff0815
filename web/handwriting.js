/**
 * What its user said that drawings mean, kept on the device: a line of the drawings file for each.
 *
 * Where the browser keeps nothing (private windows, a full disk, damage), it lasts as long as the
 * page does, and `lasting` is false.
 *
 * @typedef {{ label: string, strokes: import("./ink.js").Drawing, when?: number }} Example `when` it
 *   was kept, in milliseconds since 1970
 */
import { checkDrawing } from "./ink.js";

const NAME = "digitpad";
const VERSION = 1;
const STORE = "drawings";

/** Changes of the database's layout, each from the version before. */
const MIGRATIONS = [
  (/** @type {IDBDatabase} */ database) => database.createObjectStore(STORE),
];

export class Handwriting {
  /** @type {Example[]} oldest first */
  examples = [];
  /** @type {IDBDatabase | null} */
  #database = null;

  /** Open what is kept; never fails. */
  static async open() {
    const opened = new Handwriting();
    try {
      opened.#database = await database();
      const kept = await opened.#ask("readonly", (store) => store.getAll());
      opened.examples = /** @type {any[]} */ (kept)
        .filter(isExample)
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
   * Keep examples; one of the same strokes as an older one takes its place.
   * @param {Example[]} examples
   */
  async put(examples) {
    const when = Date.now();
    const latest = examples.map(({ label, strokes }, k) => ({ label, strokes, when: when + k / 1000 }));
    const names = new Set(examples.map(nameOf));
    this.examples = [...this.examples.filter((each) => !names.has(nameOf(each))), ...latest];
    await this.#keep(async () => {
      for (const each of latest) await this.#ask("readwrite", (store) => store.put(each, nameOf(each)));
    });
  }

  /** Delete everything. */
  async clear() {
    this.examples = [];
    await this.#keep(() => this.#ask("readwrite", (store) => store.clear()));
  }

  /** The drawings file: one example a line. */
  get file() {
    return this.examples.map(({ label, strokes }) => `${JSON.stringify({ label, strokes })}\n`).join("");
  }

  /**
   * Take a drawings file back.
   * @param {string} text
   * @returns {Promise<number>} how many drawings it held
   * @throws {Error} the first line that is no drawing
   */
  async load(text) {
    const lines = text.split("\n");
    const found = lines.flatMap((line, k) => {
      if (!line.trim()) return [];
      try {
        const { label, strokes } = JSON.parse(line);
        if (isExample({ label, strokes })) return [{ label, strokes }];
      } catch {
        // said below
      }
      throw new Error(`Line ${k + 1} of the file is no drawing: choose a file that was saved here.`);
    });
    await this.put(found);
    return found.length;
  }

  /** @param {() => Promise<unknown>} write */
  async #keep(write) {
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
  #ask(mode, ask) {
    const transaction = /** @type {IDBDatabase} */ (this.#database).transaction(STORE, mode);
    return answered(ask(transaction.objectStore(STORE)));
  }
}

/** @param {Example} example */
function nameOf({ strokes }) {
  return JSON.stringify(strokes);
}

/** @returns {Promise<IDBDatabase>} */
function database() {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = ({ oldVersion }) => {
    for (const migrate of MIGRATIONS.slice(oldVersion)) migrate(request.result);
  };
  return answered(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {any} found
 * @returns {found is Example}
 */
function isExample(found) {
  try {
    checkDrawing(found.strokes);
    return /^[0-9]+$/.test(found.label);
  } catch {
    return false;
  }
}
