/** Keep the page on the device for offline use, and offer newer versions. */
import "./trusted-types.js";

/**
 * Register the service worker, if the browser allows it (secure address, storage).
 * @param {(update: () => void) => void} offer called for a newer version, with what updates to it
 */
export async function keepPage(offer) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  let controlled = serviceWorker.controller !== null;
  let accepted = false; // in this tab
  serviceWorker.addEventListener("controllerchange", () => {
    if (accepted) location.reload();
    else if (controlled) offer(() => location.reload()); // updated in another tab
    controlled = true;
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
    // Storage is forbidden or full, or files are missing: the page works without.
  }
}
