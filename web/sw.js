/**
 * The page without a network: keeps all of its files, one version whole or not at all.
 *
 * files.js lists them with their checksums. Another list is another version: it is fetched into a
 * cache of its own while the old one serves, and waits there until the page's reader takes it.
 */

/** @type {any} the checker knows pages, and not workers */
const worker = self;
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

/** Fetch what is new past the browser's cache; what an older version has already is copied. */
async function installVersion() {
  const name = PREFIX + VERSION;
  const cache = await caches.open(name);
  try {
    await Promise.all(Object.keys(FILES).map(async (path) => {
      const { body, headers } = (await caches.match(keyOf(path))) ?? (await fetchFile(path));
      // Without the address that it came from: what was redirected is no answer to a navigation, and
      // a module that moved would look for its neighbours at its old place.
      await cache.put(keyOf(path), new Response(body, { headers }));
    }));
  } catch (error) {
    await caches.delete(name);
    throw error; // the browser tries again at a later visit
  }
}

/** @param {string} path */
async function fetchFile(path) {
  // Hosts that send /index.html on to / are asked for / at once.
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
  return (await cache.match(keyOf(path))) ?? fetch(request); // browsers short of space drop files
}

/**
 * Where a file is kept: one content, one place, in whatever version and folder.
 * @param {string} path
 */
function keyOf(path) {
  return `${scope}${path.split("/").pop()}?${FILES[path]}`;
}
