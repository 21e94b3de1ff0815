"""Properties of the page for any input from files, storage, history and hosts."""

import base64
import io
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Page

from tests.soak.drawings import drawings
from tests.soak.mutations import Content, altered, mutated
from tests.soak.readers import DRAWINGS, ROOT, Property, line

# Each function takes a text. It returns null, { read }, or { message } for an expected error.
INSTALL = """async () => {
    const [store, ink, files, size, { createPersonalizer }] = await Promise.all([
        "personal/store", "ink", "recognition/model-files", "picture/image-size",
        "personal/adaptation"].map(name => import(`./${name}.js`)));
    // Ten thousand stores of one page would follow each other's changes, as those of tabs do.
    globalThis.BroadcastChannel = class { postMessage() {} close() {} };
    const bytes = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));
    const revived = text => JSON.parse(text, (key, value) => value === "NaN" ? NaN : value);
    const pad = document.querySelector("digit-pad");
    const model = new Map();
    for (const name of ["model.json", "group1-shard1of1.bin"]) {
        model.set(name, await (await fetch(`model/${name}`)).arrayBuffer());
    }
    const usable = examples => {
        for (const { strokes } of examples) ink.render(strokes, 2.4);
        createPersonalizer(examples);
    };
    const errors = [];
    pad.addEventListener("error", ({ error }) => errors.push(String(error)));
    globalThis.soak = {
        async file(text) {
            const taken = new store.ExampleStore();
            try {
                await taken.load(new Blob([bytes(text)]));
            } catch (error) {
                return { message: error.message };
            }
            usable(taken.examples);
            const again = new store.ExampleStore();
            await again.load(new Blob([taken.file]));
            return { read: again.examples.length === taken.examples.length };
        },
        async storage(text) {
            const database = await new Promise((resolve, reject) => {
                const request = indexedDB.open("digitpad", 1);
                request.onupgradeneeded = () => request.result.createObjectStore("drawings");
                request.onsuccess = () => resolve(request.result);
                request.onerror = () => reject(request.error);
            });
            const change = database.transaction("drawings", "readwrite");
            change.objectStore("drawings").clear();
            revived(text).forEach((each, k) => change.objectStore("drawings").put(each, String(k)));
            await new Promise(resolve => change.oncomplete = resolve);
            database.close();
            const opened = await store.ExampleStore.open();
            usable(opened.examples);
            return { read: opened.lasting };
        },
        async pad(text) {
            const before = JSON.stringify(pad.drawing);
            try {
                pad.drawing = revived(text);
            } catch (error) {
                if (!["TypeError", "InkError"].includes(error.name)) throw error;
                return { message: error.message, read: JSON.stringify(pad.drawing) === before };
            }
            const taken = pad.drawing;
            if (taken.length > 0 && taken.length < 10) (await pad.ready).readNow(taken);
            const drawn = pad.shadowRoot.querySelector("svg").outerHTML;
            return { read: errors.length === 0 && !/NaN|Infinity|undefined/.test(drawn), errors };
        },
        async restored(text) {
            pad.formStateRestoreCallback(new TextDecoder().decode(bytes(text)), "restore");
            return { read: errors.length === 0, errors };
        },
        async meta(text) {
            const [fetched, asked, progress] = [globalThis.fetch, [], []];
            globalThis.fetch = async url => {
                asked.push(String(url));
                const name = String(url).split("/").pop();
                const body = name === "meta.json" ? bytes(text) : model.get(name);
                return new Response(body ?? null, { status: body ? 200 : 404 });
            };
            try {
                const base = new URL("model/", location.href);
                await files.fetchModel(base, fraction => progress.push(fraction));
                const own = asked.every(url => url.startsWith(base));
                return { read: own && progress.every(isFinite) };
            } catch (error) {
                if (error.name !== "RecognizerError") throw error;
                const read = asked.every(url => url.includes("/model/"));
                return { message: error.message, read };
            } finally {
                globalThis.fetch = fetched;
            }
        },
        async picture(text) {
            const content = bytes(text);
            const header = size.pictureSize(content);
            if (!header || header.width * header.height > 1e6) return null;
            const bitmap = await createImageBitmap(new Blob([content])).catch(() => null);
            if (!bitmap) return null;
            const { width, height } = bitmap;
            bitmap.close();
            return { read: width * height <= header.width * header.height };
        },
    };
}"""


def page_readers(page: Page) -> list[Property]:
    """Return the properties of a page with the model loaded."""
    page.evaluate(INSTALL)
    whole = DRAWINGS.read_bytes()
    short = b'{"label": "7", "strokes": [[[0, 0, 0], [5, 0.5, 16], [2, 9, 40]], [[1, 1]]]}\n' * 2
    state = b'{"drawing": [[[0, 0, 0], [5, 0.5, 16], [2, 9, 40]]], "own": null}'
    labels = st.sampled_from(["7", "2026", "", "x", "9" * 65, 7, ["7"], None])
    lines = st.builds(lambda label, strokes: Content(line(label, strokes)), labels, drawings())
    shipped = (ROOT / "web/model/meta.json").read_bytes()
    few = json.dumps({**json.loads(shipped), "segment": None}).encode()
    return [
        Property(
            "page: drawings file", mutated([whole, short, short]) | lines, in_page(page, "file")
        ),
        Property(
            "page: storage", st.lists(stored(), max_size=4).map(text), in_page(page, "storage")
        ),
        Property("page: <digit-pad>.drawing", drawings().map(text), in_page(page, "pad")),
        Property("page: restored state", mutated([state]), in_page(page, "restored")),
        Property("page: meta.json", mutated([few]) | altered(shipped), in_page(page, "meta")),
        Property("page: picture", mutated(pictures()), in_page(page, "picture")),
    ]


def stored() -> st.SearchStrategy:
    """Return a strategy for values in the page's storage."""
    whens = st.none() | st.integers() | st.floats() | st.text(max_size=3)
    labels = st.sampled_from(["7", "12", "", "x", 7, None, ["7"]])
    example = st.fixed_dictionaries(
        {"label": labels, "strokes": drawings()}, optional={"when": whens, "other": drawings()}
    )
    return example | drawings()


def pictures() -> list[bytes]:
    """Return a small picture in each format that the page opens."""
    grey = np.full((20, 16), 255, np.uint8)
    grey[4:16, 7:9] = 0
    made = []
    for kind in ("PNG", "JPEG", "WEBP", "AVIF"):
        file = io.BytesIO()
        Image.fromarray(grey).convert("RGB").save(file, kind)
        made.append(file.getvalue())
    file = io.BytesIO()
    Image.fromarray(grey).convert("RGB").save(file, "WEBP", lossless=True)
    return [*made, file.getvalue()]


def text(value: object) -> str:
    """Encode a drawing as JSON, with Infinity as 1e999 and NaN as text."""
    try:
        return json.dumps(replace_nan(value)).replace("Infinity", "1e999")
    except (ValueError, RecursionError):
        return "[" * 900 + "]" * 900


def replace_nan(value: Any) -> Any:
    """Return a copy with NaN as text."""
    if isinstance(value, list):
        return [replace_nan(each) for each in value]
    if isinstance(value, dict):
        return {name: replace_nan(each) for name, each in value.items()}
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def in_page(page: Page, name: str) -> Callable[[Any], None]:
    """Return a check that runs one of the functions of INSTALL."""

    def check(given: bytes | str) -> None:
        if isinstance(given, bytes):
            given = base64.b64encode(given).decode()
        answer = page.evaluate("([name, text]) => soak[name](text)", [name, given])
        if answer is None:
            return
        assert answer.get("read", True), answer
        message = answer.get("message", "a line")
        assert message.strip() and "\n" not in message and len(message) < 500, message

    return check
