/** The page kept on the device for the time without a network, and newer versions of it offered. */

/**
 * Keep the page where the browser can: on secure addresses, with storage allowed.
 * @param {(update: () => void) => void} offer is told of a newer version, and how to take it
 */
export async function keepPage(offer) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  let controlled = serviceWorker.controller !== null;
  let accepted = false; // by this tab's reader
  serviceWorker.addEventListener("controllerchange", () => {
    if (accepted) location.reload();
    else if (controlled) offer(() => location.reload()); // another tab's reader took it
    controlled = true;
  });
  try {
    // Beside the page, wherever this module is: a service worker governs its own folder alone.
    const url = new URL("sw.js", document.baseURI);
    const registration = await serviceWorker.register(url, { updateViaCache: "none" });
    const offerWaiting = () => {
      const { waiting } = registration;
      if (!waiting || !controlled) return; // the first version of all takes over by itself
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
    // Storage is forbidden or full, or the host lacks the files: the page works without.
  }
}
