// Runs first, in any browser, so it is written in ES5: says why the page cannot work here, reloads
// a page whose parts are of two versions, and lets the stylesheet show the pad only if scripts run.
(function () {
  "use strict";
  var root = document.documentElement;
  var folder = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/[^/]*$/, "");
  var old =
    "This browser is too old to read your drawing. Please update it to Chrome or Edge 99, " +
    "Firefox 119, Safari 16.4, or newer.";
  var missing =
    "Part of this page did not arrive. Please check the connection and load the page again.";
  var wrongType =
    "Please let the server send scripts as text/javascript. Browsers do not run them as ";
  var mixed =
    "This page is being updated, and its parts do not fit together yet. Please load it again in a minute.";
  var file =
    "Opened as a file, this page may not load its parts. Please serve its folder over http, " +
    "for example with: python -m http.server";

  /** @param {string} message */
  function showNotice(message) {
    root.setAttribute("data-model", "unsupported");
    function show() {
      var notice = /** @type {HTMLElement} */ (document.getElementById("unsupported"));
      notice.hidden = false;
      notice.removeAttribute("hidden");
      notice.appendChild(document.createTextNode(message));
    }
    if (document.body) show();
    else document.addEventListener("DOMContentLoaded", show);
  }

  var RELOADED_KEY = "digitpad mended"; // in the tab's storage: time of the last reload
  var RETRY_AFTER_MS = 60000; // no endless reloading

  /**
   * Refetch the code and the model, of which the browser may have old versions, and reload the page.
   * @param {string} [otherwise] message if that does not help
   */
  function reloadWithFreshFiles(otherwise) {
    function giveUp() {
      if (otherwise) showNotice(otherwise);
    }
    fetch("files.js", { cache: "no-cache" })
      .then(function (answer) {
        var type = String(answer.headers.get("Content-Type"));
        if (answer.ok && !/script/.test(type)) throw (otherwise = wrongType + type);
        return answer.text();
      })
      .then(function (list) {
        var entries = list.match(/"[^"]+\.(js|css|json|bin)": "sha256-[^"]+"/g);
        if (!entries) throw new Error("there is no list");
        return Promise.all(
          entries.map(function (entry) {
            var parts = entry.split('"');
            return fetch(parts[1], { cache: "no-cache", integrity: parts[3] });
          })
        );
      })
      .then(function () {
        if (Date.now() - Number(sessionStorage.getItem(RELOADED_KEY)) < RETRY_AFTER_MS) return giveUp();
        sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
        location.reload();
      })
      .catch(giveUp); // also without storage: it might reload endlessly
  }

  /**
   * Return whether a script belongs to this page: extensions, filters and hosts add others.
   * @param {string} url
   */
  function isOwn(url) {
    return url.indexOf(folder) === 0 && /\.js(\?|$)/.test(url);
  }

  function isSupported() {
    return (
      "noModule" in document.createElement("script") &&
      "PointerEvent" in window &&
      "customElements" in window &&
      "attachInternals" in HTMLElement.prototype &&
      "adoptedStyleSheets" in Document.prototype &&
      "structuredClone" in window &&
      "ariaPressed" in Element.prototype
    );
  }

  root.className += " scripted";
  if (!isSupported()) {
    showNotice(old);
  } else {
    window.addEventListener(
      "error",
      function (event) {
        var source = /** @type {any} */ (event.target);
        // If a module or one of its imports cannot be fetched, the event's target is the script
        // element. A missing export means that modules are of different versions.
        if (source.type === "module") {
          if (!isOwn(source.src)) return;
          if (location.protocol === "file:") showNotice(file);
          else reloadWithFreshFiles(missing);
        } else if (event.error instanceof SyntaxError) {
          // The pad reports errors of its own imports.
          if (event.target !== window || isOwn(event.filename)) reloadWithFreshFiles(mixed);
        }
      },
      true
    );
    document.addEventListener("stale", function () {
      reloadWithFreshFiles();
    });
  }
})();
