// Runs first and everywhere, so it is written for the oldest browser: says why the page cannot
// work here, mends a page whose parts are of two versions, and lets the stylesheet show the pad only
// where scripts run at all.
(function () {
  "use strict";
  var root = document.documentElement;
  var folder = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/[^/]*$/, "");
  var old =
    "This browser is too old to read your drawing. Please update it: Chrome or Edge 99, " +
    "Firefox 119, Safari 16.4 or anything newer will do.";
  var missing =
    "Part of this page did not arrive. Please check the connection and load the page again.";
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

  var RELOADED_KEY = "digitpad mended"; // in the tab's storage: when that was tried last
  var RETRY_AFTER_MS = 60000; // milliseconds: what did not help is not tried again and again

  /**
   * Take all parts anew, which a browser or a host may have kept from an older version, and load the
   * page once more.
   * @param {string} [otherwise] what to say where that does not help
   */
  function reloadWithFreshFiles(otherwise) {
    function giveUp() {
      if (otherwise) showNotice(otherwise);
    }
    try {
      if (Date.now() - Number(sessionStorage.getItem(RELOADED_KEY)) < RETRY_AFTER_MS) return giveUp();
      sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
    } catch (error) {
      return giveUp(); // nobody would remember that it was tried
    }
    refetchAll().then(function () {
      location.reload();
    }, giveUp);
  }

  /** Fetch every file that the host's list names; fails where one is not what the list says. */
  function refetchAll() {
    return fetch("files.js", { cache: "no-cache" })
      .then(function (answer) {
        return answer.text();
      })
      .then(function (list) {
        var entries = list.match(/"[^"]+": "sha256-[^"]+"/g);
        if (!entries) throw new Error("there is no list");
        return Promise.all(
          entries.map(function (entry) {
            var parts = entry.split('"');
            return fetch(parts[1], { cache: "no-cache", integrity: parts[3] });
          })
        );
      });
  }

  /**
   * Whether it is a script of this page's: extensions, filters and hosts put in others of theirs.
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
        var source = /** @type {Element | null} */ (event.target);
        // A module that does not come, or one that it imports, is an error of its element alone;
        // one that lacks what another imports from it is of another version.
        if (source && source.localName === "script") {
          if (!isOwn(/** @type {HTMLScriptElement} */ (source).src)) return;
          if (location.protocol === "file:") showNotice(file);
          else reloadWithFreshFiles(missing);
        } else if (event.error instanceof SyntaxError) {
          // The pad passes on what came of fetching its own parts.
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
