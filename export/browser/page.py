"""The site in a headless browser, with any model in the place of its own.

Served from this machine, under the page's own policy, and driven through the page's own
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
from typing import Any

import numpy as np
from playwright.sync_api import Error, Page

from export import runtime_bundle
from export.browser.launch import launch
from train.evaluation.predictions import Predictions

WEB = Path(__file__).parents[2] / "web"
MODEL = WEB / "model"
PIECE = 250  # images to a request
BROWSERS = min(4, os.cpu_count() or 1)
POLL = 0.02  # seconds between a server's looks whether it is to end, which its caller waits for

# No more than the page's own policy allows: a runtime that needs eval would not pass.
BLANK = b"""<!doctype html><title>digitpad</title><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy"
content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self';
img-src data:">"""
LOAD = """async () => {
    const { loadRecognizer } = await import("./recognizer.js");
    try {
        globalThis.recognizer = await loadRecognizer(new URL("model/", location.href));
    } catch (error) {
        throw new Error([error.message, error.cause?.message ?? error.cause ?? ""].join(" "));
    }
}"""
ASSESS = """async piece => {
    const answer = await fetch(`/images/${piece}`);
    if (!answer.ok) throw new Error(`images ${piece}: status ${answer.status}`);
    const pixels = new Float32Array(await answer.arrayBuffer());
    const { probabilities, notADigit } = await recognizer.assess(pixels);
    return [Array.from(probabilities), notADigit && Array.from(notADigit)];
}"""
READ = """async drawing => {
    const { text, symbols } = await recognizer.read(drawing);
    return { text, probabilities: symbols.map(symbol => Array.from(symbol.probabilities)) };
}"""

Progress = Callable[[int, int], None]


class SiteError(RuntimeError):
    """The model does not run in the browser: one line that says why."""


def browser_predictions(
    images: np.ndarray,
    web_dir: Path = WEB,
    model_dir: Path = MODEL,
    progress: Progress = lambda done, total: None,
) -> Predictions:
    """Ask the browser what images are, and how surely they are no digits.

    Args:
        images: (n, 28, 28) or (n, 28, 28, 1) float32 in [0, 1], ink high.
        web_dir: the site.
        model_dir: the model.
        progress: told how many images of how many are done; from any thread, one at a time.

    Returns:
        float32; no scores where the model has none, or no image was asked for.

    Raises:
        SiteError, BrowserError: the model or the browser does not run.
    """
    fields = np.ascontiguousarray(images, dtype="<f4").reshape(len(images), 784)
    starts = range(0, len(fields), PIECE)
    probabilities = np.empty((len(fields), 10), np.float32)
    scores: np.ndarray | None = np.empty(len(fields), np.float32) if len(fields) else None
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for start in starts:
        waiting.put(start)
    done, lock = 0, threading.Lock()

    def work(site: str) -> None:
        nonlocal done, scores
        with recognizer_page(site) as page:
            for start in drained(waiting):
                piece = slice(start, start + PIECE)
                rows, doubts = evaluate(page, ASSESS, start)
                probabilities[piece] = np.array(rows, np.float32).reshape(-1, 10)
                with lock:
                    if doubts is None:
                        scores = None
                    elif scores is not None:
                        scores[piece] = doubts
                    done += len(rows) // 10
                    progress(done, len(fields))

    workers = min(BROWSERS, len(starts))
    with serving(web_dir, model_dir, fields) as site, ThreadPoolExecutor(max(1, workers)) as pool:
        running = [pool.submit(work, site) for _ in range(workers)]
        try:
            for worker in running:
                worker.result()
        except BaseException:
            list(drained(waiting))  # the other workers need not go on
            raise
    return Predictions(probabilities, scores)


def browser_readings(
    drawings: Sequence[Any], web_dir: Path = WEB, model_dir: Path = MODEL
) -> list[dict[str, Any]]:
    """Read drawings in the browser: each one's `text` and its symbols' `probabilities`.

    Raises SiteError or BrowserError.
    """
    with model_page(model_dir, web_dir) as page:
        return [evaluate(page, READ, drawing) for drawing in drawings]


@contextmanager
def model_page(model_dir: Path = MODEL, web_dir: Path = WEB) -> Iterator[Page]:
    """Yield a page whose global `recognizer` is that model, loaded."""
    with serving(web_dir, model_dir) as site, recognizer_page(site) as page:
        yield page


@contextmanager
def recognizer_page(site: str) -> Iterator[Page]:
    """Yield a page, in a browser of its own, whose `recognizer` is loaded."""
    with launch() as browser:
        page = browser.new_page()
        page.goto(f"{site}/blank.html")
        evaluate(page, LOAD)
        yield page


def evaluate(page: Page, script: str, argument: Any = None) -> Any:
    """Return what a script in the page answers; what it throws is a SiteError of one line."""
    try:
        return page.evaluate(script, argument)
    except Error as error:
        said = str(error).strip().splitlines()[0].removeprefix("Page.evaluate: ")
        raise SiteError(f"the model does not run in the browser: {said}") from error


@contextmanager
def serving(web_dir: Path, model_dir: Path, fields: np.ndarray | None = None) -> Iterator[str]:
    """Serve a site with that model in it, and the images, on this machine; yield its address.

    Where the site's runtime lacks an operation of the model, one that has it is served instead.
    """
    runtime = web_dir / "vendor" / runtime_bundle.NAME
    if (model_dir / "model.json").is_file():
        runtime = runtime_bundle.runtime_for(runtime_bundle.operations_of(model_dir), runtime)

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            where = self.path.split("?")[0]
            if where == "/blank.html":
                self.answer(BLANK, "text/html")
            elif where.startswith("/images/") and fields is not None:
                start = int(where.rpartition("/")[2])
                self.answer(fields[start : start + PIECE].tobytes(), "application/octet-stream")
            else:
                super().do_GET()

        def answer(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
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
        thread = threading.Thread(target=server.serve_forever, args=(POLL,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def drained(waiting: "queue.SimpleQueue[int]") -> Iterator[int]:
    """Yield what is in the queue until it is empty."""
    while True:
        try:
            yield waiting.get_nowait()
        except queue.Empty:
            return
