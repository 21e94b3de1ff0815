"""Run the page's recognizer with any model in headless browsers.

The site is served from this machine under the page's policy, and the images go through its
recognizer.js: exactly what a visitor runs, quantised weights included.
"""

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from playwright.sync_api import Error, Page

from export import runtime_bundle
from export.browser.launch import launch
from train.evaluation.predictions import Predictions

WEB = Path(__file__).parents[2] / "web"
MODEL = WEB / "model"
IMAGES_PER_REQUEST = 250
MAX_BROWSERS = min(4, os.cpu_count() or 1)
POLL_SECONDS = 0.02  # `shutdown` waits up to this long

# The page's policy, so that a runtime that needs eval or a policy of its own fails here as well.
BLANK = b"""<!doctype html><title>digitpad</title><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy"
content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self';
img-src data:; require-trusted-types-for 'script'; trusted-types default">"""
LOAD = """async () => {
    const { loadRecognizer } = await import("./recognizer.js");
    try {
        globalThis.recognizer = await loadRecognizer(new URL("model/", location.href));
    } catch (error) {
        throw new Error([error.message, error.cause?.message ?? error.cause ?? ""].join(" "));
    }
}"""
ASSESS = """async start => {
    const response = await fetch(`/images/${start}`);
    if (!response.ok) throw new Error(`images from ${start}: status ${response.status}`);
    const pixels = new Float32Array(await response.arrayBuffer());
    const { probabilities, notADigit } = await recognizer.assess(pixels);
    return [Array.from(probabilities), notADigit && Array.from(notADigit)];
}"""
# Of a page with a pad: what is fetched for the first doubtful drawing only. Its tensors stay.
FETCH_ALL = """async () => (await document.querySelector("digit-pad").ready)?.fetchAll()"""
READ = """async drawing => {
    const { text, symbols } = await recognizer.read(drawing);
    return { text, probabilities: symbols.map(symbol => Array.from(symbol.probabilities)) };
}"""

Progress = Callable[[int, int], None]
T = TypeVar("T")


class SiteError(RuntimeError):
    """The model does not run in the browser. The message is one line with the reason."""


def browser_predictions(
    images: np.ndarray,
    web_dir: Path = WEB,
    model_dir: Path = MODEL,
    progress: Progress = lambda done, total: None,
) -> Predictions:
    """Return the browser's predictions for images, from several browsers at once.

    Args:
        images: (n, 28, 28) or (n, 28, 28, 1) float32, from 0 for paper to 1 for ink.
        web_dir: folder of the site.
        model_dir: folder of the exported model.
        progress: called with the number of finished images and of all images, from any thread,
            one call at a time.

    Returns:
        float32 probabilities (n, 10) and rejection scores (n,); no scores if the model has none
        or there are no images.

    Raises:
        SiteError, BrowserError: the model or the browser does not run.
    """
    fields = np.ascontiguousarray(images, dtype="<f4").reshape(len(images), 784)
    starts = range(0, len(fields), IMAGES_PER_REQUEST)
    probabilities = np.empty((len(fields), 10), np.float32)
    scores: np.ndarray | None = np.empty(len(fields), np.float32) if len(fields) else None
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for start in starts:
        waiting.put(start)
    done, lock = 0, threading.Lock()

    def run_worker(site: str) -> None:
        nonlocal done, scores
        with recognizer_page(site) as page:
            for start in pop_all(waiting):
                batch = slice(start, start + IMAGES_PER_REQUEST)
                flat, rejection_scores = evaluate(page, ASSESS, start)
                probabilities[batch] = np.array(flat, np.float32).reshape(-1, 10)
                with lock:
                    if rejection_scores is None:
                        scores = None
                    elif scores is not None:
                        scores[batch] = rejection_scores
                    done += len(flat) // 10
                    progress(done, len(fields))

    workers = min(MAX_BROWSERS, len(starts))
    with serving(web_dir, model_dir, fields) as site, ThreadPoolExecutor(max(1, workers)) as pool:
        running = [pool.submit(run_worker, site) for _ in range(workers)]
        try:
            for worker in running:
                worker.result()
        except BaseException:
            list(pop_all(waiting))  # so that the other workers end
            raise
    return Predictions(probabilities, scores)


def browser_readings(
    drawings: Sequence[Any], web_dir: Path = WEB, model_dir: Path = MODEL
) -> list[dict[str, Any]]:
    """Read drawings in the browser.

    Returns:
        for each drawing, `text` and a list `probabilities` with ten values per symbol.

    Raises:
        SiteError, BrowserError: the model or the browser does not run.
    """
    with model_page(model_dir, web_dir) as page:
        return [evaluate(page, READ, drawing) for drawing in drawings]


@contextmanager
def model_page(model_dir: Path = MODEL, web_dir: Path = WEB) -> Iterator[Page]:
    """Yield a page whose global `recognizer` has loaded the model in `model_dir`."""
    with serving(web_dir, model_dir) as site, recognizer_page(site) as page:
        yield page


@contextmanager
def recognizer_page(site: str) -> Iterator[Page]:
    """Start a browser and yield its page, with the recognizer of a site's URL loaded."""
    with launch() as browser:
        page = browser.new_page()
        page.goto(f"{site}/blank.html")
        evaluate(page, LOAD)
        yield page


def evaluate(page: Page, script: str, argument: Any = None) -> Any:
    """Run a script in the page and return its result. Raises SiteError if it throws."""
    try:
        return page.evaluate(script, argument)
    except Error as error:
        reason = str(error).strip().splitlines()[0].removeprefix("Page.evaluate: ")
        raise SiteError(f"the model does not run in the browser: {reason}") from error


@contextmanager
def serving(web_dir: Path, model_dir: Path, fields: np.ndarray | None = None) -> Iterator[str]:
    """Serve a site with another model, and images, on this machine; yield its URL.

    If the site's runtime lacks an operation of the model, the complete one is served instead.
    """
    runtime = web_dir / "vendor" / runtime_bundle.NAME
    if (model_dir / "model.json").is_file():
        runtime = runtime_bundle.runtime_for(runtime_bundle.operations_of(model_dir), runtime)

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == "/blank.html":
                self.respond(BLANK, "text/html")
            elif path.startswith("/images/") and fields is not None:
                start = int(path.rpartition("/")[2])
                batch = fields[start : start + IMAGES_PER_REQUEST]
                self.respond(batch.tobytes(), "application/octet-stream")
            else:
                super().do_GET()

        def respond(self, content: bytes, media_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def translate_path(self, path: str) -> str:
            inside = path.split("?")[0].removeprefix("/model/")
            if inside != path.split("?")[0]:
                return str(model_dir / Path(inside).name)
            if inside == f"/vendor/{runtime_bundle.NAME}":
                return str(runtime)
            return super().translate_path(path)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    handler = partial(Handler, directory=str(web_dir))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def pop_all(waiting: "queue.SimpleQueue[T]") -> Iterator[T]:
    """Yield items of the queue until it is empty."""
    while True:
        try:
            yield waiting.get_nowait()
        except queue.Empty:
            return
