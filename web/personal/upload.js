/**
 * Drawings sent to the server that this page came from: on a press, and with the token that stands in
 * the link which the server printed, `#collect=TOKEN`.
 *
 * @typedef {import("./store.js").Example} Example
 * @typedef {import("./store.js").Handwriting} Handwriting
 */
const TOKEN = "digitpad collect"; // in the tab's storage
const PIECE = 500_000; // bytes of a request; the server takes twice that
const LARGEST = 1_000_000; // bytes of a drawing's line: more than the server takes with anything
const PATIENCE = 60_000; // milliseconds for an answer

const LEAVES = "No drawing leaves unless you send it.";

/** A token is at hand: drawings can be sent. */
export class Sending {
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
   * @returns {Sending | null} null without a token
   */
  static take() {
    const given = location.hash.match(/^#collect=([\w-]+)$/)?.[1];
    if (given) history.replaceState(history.state, "", location.pathname + location.search);
    let token = given ?? null;
    try {
      if (given) sessionStorage.setItem(TOKEN, given);
      else token = sessionStorage.getItem(TOKEN);
    } catch {
      // Storage is forbidden: it lasts until the page is loaded again.
    }
    if (!token) return null;
    const promise = document.getElementById("leaves");
    if (promise) promise.textContent = LEAVES;
    return new Sending(token);
  }

  /**
   * Send what was not sent yet, and mark it once the server says that it is on its disk.
   * @param {Handwriting} handwriting
   * @param {(said: string) => void} say how far it is
   * @returns {Promise<string>} what came of it, in words
   */
  async send(handwriting, say) {
    if (this.#busy) return "Still sending.";
    this.#busy = true;
    try {
      return await this.#send(handwriting, say);
    } finally {
      this.#busy = false;
    }
  }

  /**
   * @param {Handwriting} handwriting
   * @param {(said: string) => void} say
   */
  async #send(handwriting, say) {
    const fresh = handwriting.examples.filter(({ sent }) => sent !== this.collection);
    const small = fresh.filter((example) => handwriting.lineOf(example).length <= LARGEST);
    const left = fresh.length - small.length;
    const tooLarge = left > 0 ? ` ${counted(left)} too large to be sent.` : "";
    if (small.length === 0) return `There is nothing new to send.${tooLarge}`;
    const arrived = (/** @type {number} */ count) => `${counted(count)} on the disk of ${this.host}.`;
    let done = 0;
    for (const piece of pieces(small, handwriting)) {
      say(`Sending ${done + piece.length} of ${small.length}.`);
      const fault = await this.#post(piece.map((each) => handwriting.lineOf(each)).join(""), piece.length);
      if (fault) return done > 0 ? `${arrived(done)} ${fault}` : fault;
      await handwriting.mark(piece, this.collection);
      done += piece.length;
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
    const timer = setTimeout(() => abort.abort(), PATIENCE);
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
      if (!answer.ok) return this.#refusal(answer, await answer.text());
      const { kept } = await answer.json();
      return kept === count ? null : this.#unclear();
    } catch (error) {
      return error instanceof SyntaxError
        ? this.#unclear()
        : `${this.host} cannot be reached. Check the connection, and send again.`;
    } finally {
      clearTimeout(timer);
    }
  }

  #unclear() {
    return `What ${this.host} answered is not understood. Tell who runs it.`;
  }

  /**
   * @param {Response} answer
   * @param {string} said in it, one line
   */
  #refusal({ status, headers }, said) {
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
 * @param {Handwriting} handwriting
 */
function pieces(examples, handwriting) {
  /** @type {Example[][]} */
  const made = [];
  let size = Infinity;
  for (const example of examples) {
    const { length } = handwriting.lineOf(example); // digits and brackets: a byte each
    if (size + length > PIECE) {
      made.push([]);
      size = 0;
    }
    made[made.length - 1].push(example);
    size += length;
  }
  return made;
}

/** @param {number} count */
function counted(count) {
  return count === 1 ? "1 drawing is" : `${count} drawings are`;
}
