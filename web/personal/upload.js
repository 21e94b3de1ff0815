/**
 * Drawings sent to the server that this page came from: on a press, and with the token that stands in
 * the link which the server printed, `#collect=TOKEN_KEY`.
 *
 * @typedef {import("./store.js").Example} Example
 * @typedef {import("./store.js").ExampleStore} ExampleStore
 */
const TOKEN_KEY = "digitpad collect"; // in the tab's storage
const MAX_REQUEST_BYTES = 500_000; // bytes of a request; the server takes twice that
const MAX_DRAWING_BYTES = 1_000_000; // bytes of a drawing's line: more than the server takes with anything
const REQUEST_TIMEOUT_MS = 60_000; // milliseconds for an answer

const PRIVACY_NOTE = "No drawing leaves unless you send it.";

/** A token is at hand: drawings can be sent. */
export class DrawingUpload {
  #busy = false;

  /** @param {string} token */
  constructor(token) {
    this.token = token;
    this.host = location.host;
    /** What a drawing that was sent is marked with: enough of the token to tell collections apart. */
    this.collection = token.slice(0, 8);
  }

  /**
   * Take the token out of the address, or the one of this tab, and put right what the page promises.
   * @returns {DrawingUpload | null} null without a token
   */
  static take() {
    const given = location.hash.match(/^#collect=([\w-]+)$/)?.[1];
    if (given) history.replaceState(history.state, "", location.pathname + location.search);
    let token = given ?? null;
    try {
      if (given) sessionStorage.setItem(TOKEN_KEY, given);
      else token = sessionStorage.getItem(TOKEN_KEY);
    } catch {
      // Storage is forbidden: it lasts until the page is loaded again.
    }
    if (!token) return null;
    const promise = document.getElementById("leaves");
    if (promise) promise.textContent = PRIVACY_NOTE;
    return new DrawingUpload(token);
  }

  /**
   * Send what was not sent yet, and mark it once the server says that it is on its disk.
   * @param {ExampleStore} store
   * @param {(said: string) => void} showProgress how far it is
   * @returns {Promise<string>} what came of it, in words
   */
  async send(store, showProgress) {
    if (this.#busy) return "Still sending.";
    this.#busy = true;
    try {
      return await this.#send(store, showProgress);
    } finally {
      this.#busy = false;
    }
  }

  /**
   * @param {ExampleStore} store
   * @param {(said: string) => void} showProgress
   */
  async #send(store, showProgress) {
    const fresh = store.examples.filter(({ sent }) => sent !== this.collection);
    const small = fresh.filter((example) => store.lineOf(example).length <= MAX_DRAWING_BYTES);
    const left = fresh.length - small.length;
    const tooLarge = left > 0 ? ` ${countDrawings(left)} too large to be sent.` : "";
    if (small.length === 0) return `There is nothing new to send.${tooLarge}`;
    const arrived = (/** @type {number} */ count) => `${countDrawings(count)} on the disk of ${this.host}.`;
    let done = 0;
    for (const batch of batches(small, store)) {
      showProgress(`Sending ${done + batch.length} of ${small.length}.`);
      const error = await this.#post(batch.map((each) => store.lineOf(each)).join(""), batch.length);
      if (error) return done > 0 ? `${arrived(done)} ${error}` : error;
      await store.markSent(batch, this.collection);
      done += batch.length;
    }
    return arrived(done) + tooLarge;
  }

  /**
   * @param {string} body
   * @param {number} count of its drawings
   * @returns {Promise<string | null>} why the server did not keep them, and what to do; or null
   */
  async #post(body, count) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), REQUEST_TIMEOUT_MS);
    try {
      const answer = await fetch(new URL("collect", document.baseURI), {
        method: "POST",
        headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/x-ndjson" },
        body,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: abort.signal,
      });
      if (!answer.ok) return this.#rejection(answer, await answer.text());
      const { kept } = await answer.json();
      return kept === count ? null : this.#unexpectedResponse();
    } catch (error) {
      return error instanceof SyntaxError
        ? this.#unexpectedResponse()
        : `${this.host} cannot be reached. Check the connection, and send again.`;
    } finally {
      clearTimeout(timer);
    }
  }

  #unexpectedResponse() {
    return `What ${this.host} answered is not understood. Tell who runs it.`;
  }

  /**
   * @param {Response} answer
   * @param {string} said in it, one line
   */
  #rejection({ status, headers }, said) {
    const { host } = this;
    switch (status) {
      case 401:
        return `${host} does not know the link by which this page was opened. ` +
          "Open the one that it printed, and send again.";
      case 404:
      case 405:
        return `${host} collects no drawings now. Ask who runs it.`;
      case 429:
        return `${host} takes no more at once. Wait ${Number(headers.get("Retry-After")) || 60} seconds, and send again.`;
      case 507:
        return `${host} has no room left. Tell who runs it, and send again later.`;
      default:
        return `${host} did not take them. Tell who runs it: ${said.trim().slice(0, 200)}`;
    }
  }
}

/**
 * Examples in pieces that the server takes.
 * @param {Example[]} examples
 * @param {ExampleStore} store
 */
function batches(examples, store) {
  /** @type {Example[][]} */
  const made = [];
  let size = Infinity;
  for (const example of examples) {
    const { length } = store.lineOf(example); // digits and brackets: a byte each
    if (size + length > MAX_REQUEST_BYTES) {
      made.push([]);
      size = 0;
    }
    made[made.length - 1].push(example);
    size += length;
  }
  return made;
}

/** @param {number} count */
function countDrawings(count) {
  return count === 1 ? "1 drawing is" : `${count} drawings are`;
}
