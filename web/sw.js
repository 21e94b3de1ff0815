/**
 * Serve the page offline: caches all of its files, a whole version or nothing.
 *
 * files.js lists them with checksums. A changed list is a new version: it is installed into a cache
 * of its own while the old version serves, and waits until the user updates.
 */

/** @type {any} tsc's DOM library lacks worker types */
const worker = self;
worker.trustedTypes?.createPolicy("default", {
  createScriptURL: (/** @type {string} */ url) => (url === "files.js" ? url : null),
});
worker.importScripts("files.js");
/** @type {{ VERSION: string, FILES: Record<string, string> }} checksums by path */
const { VERSION, FILES } = worker;
/** @type {string} */
const scope = worker.registration.scope;
const PREFIX = `digitpad ${scope} `;

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
  const cache = await caches.open(name);
  try {
    await Promise.all(Object.keys(FILES).map(async (path) => {
      const { body, headers } = (await caches.match(keyOf(path))) ?? (await fetchFile(path));
      // A new response without its URL: browsers reject redirected responses for navigations, and a
      // module that moved would resolve imports from its old place.
      await cache.put(keyOf(path), new Response(body, { headers }));
    }));
  } catch (error) {
    await caches.delete(name);
    throw error; // the browser tries again on a later visit
  }
}

/** @param {string} path */
async function fetchFile(path) {
  // Some hosts redirect /index.html to /.
  const url = path === "index.html" ? scope : scope + path;
  const response = await fetch(url, { cache: "no-cache", integrity: FILES[path] });
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return response;
}

async function deleteOldCaches() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/**
 * @param {string} path
 * @param {Request} request
 */
async function respond(path, request) {
  const cache = await caches.open(PREFIX + VERSION);
  return (await cache.match(keyOf(path))) ?? fetch(request); // browsers may evict files
}

/**
 * Return a file's key: the same content has the same key in every version and folder.
 * @param {string} path
 */
function keyOf(path) {
  return `${scope}${path.split("/").pop()}?${FILES[path]}`;
}
