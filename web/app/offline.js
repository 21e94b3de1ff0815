/** Keep the page on the device for offline use, and offer newer versions. */
import { showFootnote } from "./footnote.js";
import "./trusted-types.js";

const FORBIDDEN = "this browser does not allow it here";
const NO_ROOM = "the browser cannot store it";

/**
 * Register the service worker, if the browser allows it (secure address, storage).
 * @param {(update: () => void) => void} offer called for a newer version, with what updates to it
 */
export async function keepPage(offer) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) {
    const secure = isSecureContext;
    return showReason(secure ? FORBIDDEN : "its address does not begin with https:");
  }
  let controlled = serviceWorker.controller !== null;
  let accepted = false; // in this tab
  serviceWorker.addEventListener("controllerchange", () => {
    if (accepted) location.reload();
    else if (controlled) offer(() => location.reload()); // updated in another tab
    controlled = true;
  });
  serviceWorker.addEventListener("message", async ({ data }) => {
    const registration = await serviceWorker.getRegistration();
    if (typeof data?.missing !== "string" || registration?.active) return; // the old version stays
    const { missing } = data;
    showReason(missing ? await findReason(missing, `${missing} did not arrive as it was published`) : NO_ROOM);
  });
  try {
    // Next to the page, wherever this module is: a service worker controls only its own folder.
    const url = new URL("sw.js", document.baseURI);
    const registration = await serviceWorker.register(url, { updateViaCache: "none" });
    const offerWaiting = () => {
      const { waiting } = registration;
      if (!waiting || !controlled) return; // the very first version activates by itself
      offer(() => {
        accepted = true;
        waiting.postMessage("take over");
      });
    };
    offerWaiting();
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", offerWaiting);
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") registration.update().catch(() => {}); // offline
    });
  } catch {
    showReason(await findReason("sw.js", await findReason("files.js", FORBIDDEN)));
  }
}

/** @param {string} reason why the page cannot be kept */
function showReason(reason) {
  showFootnote("offline", `This page cannot be kept for offline use, because ${reason}.`);
}

/**
 * Return what is wrong with a file, which browsers say in their console alone.
 * @param {string} path
 * @param {string} otherwise the reason if it arrives
 */
async function findReason(path, otherwise) {
  const url = new URL(path === "index.html" ? "./" : path, document.baseURI);
  const answer = await fetch(url, { cache: "no-cache" }).catch(() => null);
  if (!answer) return `${path} cannot be fetched`;
  if (!answer.ok) return `the host answers with status ${answer.status} for ${path}`;
  const type = answer.headers.get("Content-Type") ?? "";
  if (path.endsWith(".js") && !/javascript/i.test(type)) return `the host sends ${path} as “${type}”, not as a script`;
  return otherwise;
}
