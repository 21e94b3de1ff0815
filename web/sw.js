/**
 * Serve the page offline: caches a whole version of the files that it needs, or nothing.
 * files.js lists them with checksums. A changed list is a new version: it is installed into a cache
 * of its own while the old version serves, and waits until the user updates.
 */

/** @type {any} tsc's DOM library lacks worker types */
const worker = self;
worker.trustedTypes?.createPolicy("default", {
  createScriptURL: (/** @type {string} */ url) => (url === "files.js" ? url : null),
});
worker.importScripts("files.js");
/** @type {{ VERSION: string, FILES: Record<string, string>, PARTS: string[] }} see files/precache.py */
const { VERSION, FILES, PARTS } = worker;
const OPTIONAL = /\.(png|svg|webmanifest)$|(^|\/)embed\.(css|html|js)$/; // the page reads without them
/** @type {string} */
const scope = worker.registration.scope;
const PREFIX = `digitpad ${scope} `;
const BASES = [scope, scope.replace(/^https?:/, ""), new URL(scope).pathname, "./"]; // of equal addresses

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(installVersion()));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(deleteOldCaches()));
worker.addEventListener("message", (/** @type {any} */ { data }) => {
  if (data === "take over") worker.skipWaiting();
});
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { method, url } = event.request;
  const path = url.startsWith(scope) ? url.slice(scope.length).replace(/[?#].*$/, "") : null;
  const name = path === "" ? "index.html" : path;
  if (method === "GET" && Object.hasOwn(FILES, name)) event.respondWith(respond(name, event.request));
});

/** Fetch changed files, bypassing the browser's cache; copy the others from the old version. */
async function installVersion() {
  const name = PREFIX + VERSION;
  try {
    const cache = await caches.open(name);
    await Promise.all(Object.keys(FILES).map(async (path) => {
      const found = (await caches.match(keyOf(path))) ?? (await fetchFile(path));
      // A new response without its URL: browsers reject redirected responses for navigations, and a
      // module that moved would resolve imports from its old place.
      if (found) await cache.put(keyOf(path), new Response(found.body, { headers: found.headers }));
    }));
  } catch (/** @type {any} */ error) {
    const missing = error.name === "Error" ? error.message : ""; // else the browser cannot store it
    for (const tab of await worker.clients.matchAll({ includeUncontrolled: true })) tab.postMessage({ missing });
    await caches.delete(name);
    throw error; // the browser tries again on a later visit
  }
}

/** @param {string} path */
async function fetchFile(path) {
  const isPage = path === "index.html"; // some hosts redirect it to /, and some put lines into it
  const url = isPage ? scope : scope + path;
  const response = await fetch(url, { cache: "no-cache", integrity: isPage ? "" : FILES[path] }).catch(() => null);
  const html = isPage ? await response?.clone().text() : "";
  const parts = new Set(html?.replace(/<!--.*?-->|["']/gs, "").split(/[\s<>]+/).map(normalise));
  if (response?.ok && (!isPage || PARTS.every((part) => parts.has(normalise(part))))) return response;
  if (OPTIONAL.test(path)) return null;
  throw new Error(path);
}

/** @param {string} part an attribute; hosts make its address absolute, or add a version to it */
function normalise(part) {
  const [, name, url] = /^(src|href)=([^?#]*)/.exec(part) ?? [];
  if (!name) return part;
  const base = BASES.find((each) => url.startsWith(each)) ?? "";
  return `${name}=${url.slice(base.length)}`;
}

async function deleteOldCaches() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** @type {(path: string, request: Request) => Promise<Response>} */
async function respond(path, request) {
  const cache = await caches.open(PREFIX + VERSION);
  return (await cache.match(keyOf(path))) ?? fetch(request); // browsers may evict files
}

/** @param {string} path the same content has the same key in every version and folder */
function keyOf(path) {
  return `${scope}${path.split("/").pop()}?${FILES[path]}`;
}
