// Runs first and everywhere, so it is written for the oldest browser: says why the page cannot
// work here, and lets the stylesheet show the pad only where scripts run at all.
(function () {
  "use strict";
  var root = document.documentElement;
  var old =
    "This browser is too old to read your drawing. Please update it: Chrome or Edge 99, " +
    "Firefox 101, Safari 16.4 or anything newer will do.";
  var missing =
    "Part of this page did not arrive. Please check the connection and load the page again.";
  var file =
    "Opened as a file, this page may not load its parts. Please serve its folder over http, " +
    "for example with: python -m http.server";

  /** @param {string} message */
  function refuse(message) {
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

  function able() {
    return (
      "noModule" in document.createElement("script") &&
      "PointerEvent" in window &&
      "customElements" in window &&
      "attachInternals" in HTMLElement.prototype &&
      "adoptedStyleSheets" in Document.prototype &&
      "structuredClone" in window
    );
  }

  root.className += " scripted";
  if (!able()) {
    refuse(old);
  } else {
    // A module that does not come, or one that it imports, is an error of its element alone.
    window.addEventListener(
      "error",
      function (event) {
        var source = /** @type {Element | null} */ (event.target);
        if (!source || source.localName !== "script") return;
        refuse(location.protocol === "file:" ? file : missing);
      },
      true
    );
  }
})();
