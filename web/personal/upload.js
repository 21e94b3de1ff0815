/**
 * Send drawings to this page's server, on request only, with the token from the link that the
 * server printed: `#collect=TOKEN`.
 *
 * @typedef {import("./store.js").Example} Example
 * @typedef {import("./store.js").ExampleStore} ExampleStore
 */
const TOKEN_KEY = "digitpad collect"; // in the tab's storage; see app.js
const MAX_REQUEST_BYTES = 500_000; // the server accepts twice as much
const MAX_DRAWING_BYTES = 1_000_000; // of a drawing's line: about what the server accepts
const REQUEST_TIMEOUT_MS = 60_000;

const PRIVACY_NOTE = "No drawing leaves unless you send it.";

/** Sends drawings with a token. */
export class DrawingUpload {
  #busy = false;

  /** @param {string} token */
  constructor(token) {
    this.token = token;
    this.host = location.host;
    /** Identifies the collection in sent drawings: the start of the token. */
    this.collection = token.slice(0, 8);
  }

  /**
   * Take the token from the address or the tab's storage, and update the page's privacy note.
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
      // Storage is forbidden: the token lasts until the page is reloaded.
    }
    if (!token) return null;
    const promise = document.getElementById("leaves");
    if (promise) promise.textContent = PRIVACY_NOTE;
    return new DrawingUpload(token);
  }

  /**
   * Send new drawings, and mark them once the server has confirmed that they are on its disk.
   * @param {ExampleStore} store
   * @param {(said: string) => void} showProgress called with the progress, in words
   * @returns {Promise<string>} the result, in words
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
    for (const planned of batches(small, store)) {
      const batch = store.remaining(planned); // another tab may have deleted some
      if (batch.length === 0) continue;
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
   * @returns {Promise<string | null>} the error and what to do; null on success
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
        : `${this.host} cannot be reached. Please check the connection, and send again.`;
    } finally {
      clearTimeout(timer);
    }
  }

  #unexpectedResponse() {
    return `${this.host} sent an unexpected response. Please contact its owner.`;
  }

  /**
   * @param {Response} answer
   * @param {string} said the answer's text
   */
  #rejection({ status, headers }, said) {
    const { host } = this;
    switch (status) {
      case 401:
        return `${host} does not accept the link that opened this page. ` +
          "Please open the link that it printed, and send again.";
      case 404:
      case 405:
        return `${host} is not collecting drawings. Please contact its owner.`;
      case 429:
        return `${host} is busy. Please wait ${Number(headers.get("Retry-After")) || 60} seconds, and send again.`;
      case 507:
        return `${host} has no space left. Please contact its owner, and send again later.`;
      default:
        return `${host} did not accept the drawings. Please send its owner this message: `
          + said.trim().slice(0, 200);
    }
  }
}

/**
 * Divide examples into batches that the server accepts.
 * @param {Example[]} examples
 * @param {ExampleStore} store
 */
function batches(examples, store) {
  /** @type {Example[][]} */
  const made = [];
  let size = Infinity;
  for (const example of examples) {
    const { length } = store.lineOf(example); // ASCII: one byte each
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
