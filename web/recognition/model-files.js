/**
 * Fetch the files of a model and check them against the checksums in its meta.json.
 *
 * @import { FileFacts, Meta } from "../types"
 */
import { BOX, SIZE } from "../ink/render.js";

/** The version of meta.json that this code reads. */
export const FORMAT = 1;
/** What models may read beside digits. */
export const MARKS = ".,-+/:()#%$";
export const SPACE = " "; // as a mark: the space between groups of digits

const here = import.meta.url; // in `new URL`, bundlers would take it for a file's
/** Return the address of the page's own model; in a notebook's frame there is none. */
export const ownModel = () => new URL("../model/", here);
/** @type {Record<string, URL>} where bundlers put files */
export const moved = {};

const FILENAME = /^[\w-][\w.-]{0,99}$/; // no path: files lie in the model's folder
const DIGEST = /^[0-9a-f]{64}$/;

/** A model that could not be loaded; the page shows `message` to its user. */
export class RecognizerError extends Error {
  name = "RecognizerError";
  /** Whether model and code are of different versions. */
  stale = false;

  /**
   * @param {string} message
   * @param {unknown} [cause]
   */
  constructor(message, cause) {
    super(message);
    this.cause = cause;
  }
}

/**
 * Fetch a model's folder.
 * @param {string | URL} baseURL
 * @param {(fraction: number) => void} [onProgress] called with the fraction that has arrived, in [0, 1]
 * @returns {Promise<{ meta: Meta, files: Map<string, ArrayBuffer> }>} `files` by name
 * @throws {RecognizerError}
 */
export async function fetchModel(baseURL, onProgress = () => {}) {
  const base = folderURL(baseURL);
  // Always revalidated, because it holds the checksums of the files in the cache. A preloaded answer
  // (`<link rel="preload">`) may be stale all the same: if a file does not match, fetch it again.
  const meta = await fetchMeta(base, "no-cache");
  return fetchFiles(base, neededFirst(meta), onProgress).then((files) => ({ meta, files }), async (error) => {
    const latest = await fetchMeta(base, "reload");
    if (JSON.stringify(latest.files) === JSON.stringify(meta.files)) throw error;
    return fetchFiles(base, neededFirst(latest), onProgress).then((files) => ({ meta: latest, files }));
  });
}

/**
 * Return the files of a model but those of the second network, which is fetched when it is needed.
 * @param {Meta} meta
 * @returns {Record<string, FileFacts>}
 */
function neededFirst({ files, strokes, marks }) {
  const later = [...strokes?.files ?? [], ...marks?.files ?? []];
  return Object.fromEntries(Object.entries(files).filter(([name]) => !later.includes(name)));
}

/**
 * Return the address of a folder, with the slash at its end.
 * @param {string | URL} url
 * @param {string} [base]
 */
export function folderURL(url, base = globalThis.location?.href) {
  const folder = new URL(url, base);
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return folder;
}

/**
 * @param {URL} base
 * @param {string} name
 */
function locate(base, name) {
  const url = new URL(name, base);
  return moved[url.href] ?? url;
}

/**
 * Fetch files and check them.
 * @param {URL} base their folder
 * @param {Record<string, FileFacts>} expected
 * @param {(fraction: number) => void} [onProgress]
 * @returns {Promise<Map<string, ArrayBuffer>>}
 * @throws {RecognizerError}
 */
export async function fetchFiles(base, expected, onProgress = () => {}) {
  const facts = Object.entries(expected);
  const total = facts.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  let arrived = 0;
  onProgress(0);
  const files = facts.map(async ([name, each]) => {
    const content = await fetchFile(locate(base, name), each);
    arrived += content.byteLength;
    onProgress(arrived / total);
    return /** @type {const} */ ([name, content]);
  });
  return new Map(await Promise.all(files));
}

/**
 * @param {URL} base
 * @param {RequestCache} cache
 * @returns {Promise<Meta>}
 */
async function fetchMeta(base, cache) {
  const url = locate(base, "meta.json");
  const response = await retryOnce(() => fetch(url, { cache }));
  if (response instanceof Error) throw unreachable(url, response);
  if (!response.ok) throw unreachable(url, `status ${response.status}`);
  /** @type {Meta} */
  let meta;
  try {
    meta = await response.json();
  } catch (error) {
    throw new RecognizerError(`${filename(url)} is not what the export wrote.`, error);
  }
  if (meta?.format !== FORMAT) {
    // Only numbers: converting deeply nested lists to text would overflow the stack.
    const format = typeof meta?.format === "number" ? meta.format : undefined;
    const error = new RecognizerError(
      `The model has format ${format}, this page reads format ${FORMAT}: reload the page, `
        + "or export the model again.",
    );
    error.stale = true;
    throw error;
  }
  if (!isValidMeta(meta)) throw new RecognizerError(`${filename(url)} is not what the export wrote.`);
  return meta;
}

/**
 * Check every field of meta.json that the page uses: the file may come from anywhere.
 * @param {any} meta
 */
function isValidMeta({ labels, ink, nodes, threshold, segment, strokes, marks, files }) {
  const isName = (/** @type {unknown} */ name) => typeof name === "string" && name !== "";
  return (
    Array.isArray(labels) && labels.length === 10 && labels.every(isName)
    && ink?.size === SIZE && ink.box === BOX && Number.isFinite(ink.width) && ink.width > 0 && ink.width < BOX
    && [nodes?.features, nodes?.logits, nodes?.probabilities].every(isName)
    && (nodes.not_a_digit == null || isName(nodes.not_a_digit))
    && Array.isArray(nodes.activations)
    && (threshold == null || Number.isFinite(threshold))
    && (segment == null || Object.values(segment.weights ?? [NaN]).every(Number.isFinite))
    && Object.values(segment?.cut_weights ?? {}).every(Number.isFinite)
    && [strokes, marks].every((each) => each == null || Array.isArray(each.files))
    && typeof files === "object" && files !== null && "model.json" in files
    && Object.entries(files).every(([name, facts]) =>
      FILENAME.test(name) && Number.isSafeInteger(facts?.bytes) && facts.bytes > 0
        && typeof facts.sha256 === "string" && DIGEST.test(facts.sha256))
  );
}

/**
 * Fetch a file and check its SHA-256.
 * @param {URL} url
 * @param {FileFacts} facts
 * @returns {Promise<ArrayBuffer>}
 */
async function fetchFile(url, { bytes, sha256 }) {
  const content = await retryOnce((attempt) =>
    // The browser's cache may hold an older model's file: the retry bypasses it.
    fetchChecked(url, sha256, attempt === 0 ? "default" : "reload"),
  );
  if (!(content instanceof Error)) return content;
  // The browser does not say why it failed: find out.
  const response = await fetch(url, { cache: "reload" }).catch((error) => unreachable(url, error));
  if (response instanceof Error) throw response;
  if (!response.ok) throw unreachable(url, `status ${response.status}`);
  const length = (await response.arrayBuffer()).byteLength;
  throw new RecognizerError(
    `${filename(url)} is not the file that meta.json describes (${length} bytes arrived, `
      + `${bytes} expected, or their checksum differs): export or copy the model again.`,
    content,
  );
}

/**
 * Fetch a file and verify its checksum.
 *
 * The checksum is computed here, because browsers use a preloaded file (`<link rel="preload">`) only
 * for a request without `integrity`. Insecure addresses have no `crypto.subtle`: there the browser
 * checks.
 * @param {URL} url
 * @param {string} sha256 in hexadecimal
 * @param {RequestCache} cache
 */
async function fetchChecked(url, sha256, cache) {
  const pairs = sha256.match(/../g) ?? [];
  const expected = btoa(String.fromCharCode(...pairs.map((pair) => parseInt(pair, 16))));
  const { subtle } = globalThis.crypto;
  if (!subtle) {
    const response = await fetch(url, { integrity: `sha256-${expected}`, cache });
    return response.arrayBuffer();
  }
  const content = await (await fetch(url, { cache })).arrayBuffer();
  const digest = new Uint8Array(await subtle.digest("SHA-256", content));
  if (btoa(String.fromCharCode(...digest)) !== expected) throw new Error("the checksum differs");
  return content;
}

/**
 * Try, and try once more after a failure.
 * @template T
 * @param {(attempt: number) => Promise<T>} attempt
 * @returns {Promise<T | Error>}
 */
async function retryOnce(attempt) {
  return attempt(0).catch(() => attempt(1)).catch((error) => error);
}

/**
 * @param {URL} url
 * @param {unknown} cause
 */
function unreachable(url, cause) {
  return new RecognizerError(`${filename(url)} could not be fetched: check the connection.`, cause);
}

/** @param {URL} url */
function filename(url) {
  return url.pathname.split("/").pop();
}
