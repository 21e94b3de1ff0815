/**
 * Allow the scripts that the page starts by URL, where its Content-Security-Policy requires Trusted
 * Types. Import this before starting one; any other URL is refused.
 */

const SCRIPTS = [
  new URL("sw.js", document.baseURI),
  new URL("../picture/worker.js", import.meta.url),
  new URL("../personal/file-timing.js", import.meta.url),
];

/** @type {any} tsc's DOM library lacks it */
const { trustedTypes } = globalThis;
trustedTypes?.createPolicy("default", {
  createScriptURL: (/** @type {string} */ url) => (SCRIPTS.some(({ href }) => href === url) ? url : null),
});
