"""Fixtures: the page with its model, a host for it, and a hand-made model with known answers."""

import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from export import meta
from export.browser.page import WEB
from tests.conftest import TIMEOUT_MS
from tests.web.host import Handler, Host

INK_LIMIT = 100  # pixels of ink: with more, the model scores a field as a non-digit


@pytest.fixture
def ready(request: pytest.FixtureRequest, site: str) -> None:
    """Open the site in `page`, if the test has one: as wide as a phone, with the model loaded."""
    if "page" not in request.fixturenames:
        return
    page: Page = request.getfixturevalue("page")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    found = Host(tmp_path)
    shutil.copytree(WEB, found.page)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, found)) as server:
        polling = {"poll_interval": 0.02}  # seconds; `shutdown` waits as long
        thread = threading.Thread(target=server.serve_forever, kwargs=polling)
        thread.start()
        found.address = f"http://127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(reduced_motion="reduce")
    made.set_default_timeout(TIMEOUT_MS)
    yield made
    made.close()


def node(name: str, op: str, *inputs: str, **attributes: Any) -> dict:
    return {"name": name, "op": op, "input": list(inputs), "attr": attributes}


def float_tensor(*shape: int) -> dict:
    return {"shape": {"dim": [{"size": str(size)} for size in shape]}}


@pytest.fixture
def doubter(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a model that reads all ink as a 3, and returns its folder.

    The rejection score is sigmoid((ink - INK_LIMIT) / 20), with ink the sum of the 784 pixels.
    """
    floats, ints = {"dtype": {"type": "DT_FLOAT"}}, {"dtype": {"type": "DT_INT32"}}
    nodes = [
        node("image", "Placeholder", shape=float_tensor(-1, 28, 28, 1), **floats),
        node("flat/shape", "Const", **ints),
        node("flat", "Reshape", "image", "flat/shape"),
        node("logits/kernel", "Const", **floats),
        node("logits", "MatMul", "flat", "logits/kernel"),
        node("digits", "Softmax", "logits"),
        node("reject_logit/kernel", "Const", **floats),
        node("reject_logit/product", "MatMul", "flat", "reject_logit/kernel"),
        node("reject_logit/bias", "Const", **floats),
        node("reject_logit", "AddV2", "reject_logit/product", "reject_logit/bias"),
        node("not_a_digit", "Sigmoid", "reject_logit"),
    ]
    reads_three = np.zeros((784, 10), np.float32)
    reads_three[:, 3] = 0.05
    weights = {
        "flat/shape": np.array([-1, 784], np.int32),
        "logits/kernel": reads_three,
        "reject_logit/kernel": np.full((784, 1), 1 / 20, np.float32),
        "reject_logit/bias": np.array([-INK_LIMIT / 20], np.float32),
    }
    probabilities = {"name": "digits:0", "dtype": "DT_FLOAT", "tensorShape": float_tensor(-1, 10)}
    specs = [
        {"name": name, "shape": list(values.shape), "dtype": values.dtype.name}
        for name, values in weights.items()
    ]
    document = {
        "format": "graph-model",
        "modelTopology": {"node": nodes, "versions": {}},
        "signature": {"outputs": {"probabilities": probabilities}},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": specs}],
    }

    def write(threshold: float | None = 0.5, score: bool = True) -> Path:
        folder = tmp_path / "refuser"
        folder.mkdir(exist_ok=True)
        (folder / "model.json").write_text(json.dumps(document))
        (folder / "weights.bin").write_bytes(b"".join(each.tobytes() for each in weights.values()))
        named = {"features": "flat", "logits": "logits", "probabilities": "digits"}
        described = {
            "format": meta.FORMAT,
            "labels": list("0123456789"),
            "ink": {"size": 28, "box": 20, "width": 2.4},
            "nodes": named
            | ({"not_a_digit": "not_a_digit"} if score else {})
            | {"activations": []},
            "threshold": threshold,
            "files": {name: meta.facts(folder / name) for name in ("model.json", "weights.bin")},
        }
        meta.write(folder, described)
        return folder

    return write
