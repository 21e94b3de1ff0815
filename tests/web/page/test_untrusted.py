"""Input from files, storage, history, hosts and pictures is bounded and validated."""

import io
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from files.drawings import DataError
from tests.conftest import LAPTOP, Pen, Strokes, Watched
from train.data import drawings

pytestmark = pytest.mark.usefixtures("ready")

FULL = "There is no room for more. Please undo or clear."
SET = """drawing => {
    try { document.querySelector("digit-pad").drawing = drawing(); }
    catch (error) { return error.message; }
}"""
COMB = "Array.from({ length: 300 }, (_, k) => [[60 * k, 0], [60 * k, 50]])"
PUT_EXAMPLES = """async count => {
    const { src } = document.querySelector("script[type=module]");
    const { ExampleStore } = await import(new URL("personal/store.js", src));
    const kept = await ExampleStore.open();
    for (let k = 0; k < count; k++) {
        await kept.put([{ label: String(k), strokes: [[[0, 0], [k, 1]]] }]);
    }
    const again = await ExampleStore.open();
    return [kept, again].map(({ examples }) => examples.map(({ label }) => label));
}"""
SIZE = """async bytes => {
    const { src } = document.querySelector("script[type=module]");
    const { pictureSize } = await import(new URL("picture/image-size.js", src));
    const size = pictureSize(Uint8Array.from(bytes));
    return size && [size.width, size.height];
}"""
# Fetched before it is routed, because a worker may request it while the context closes.
TEXT = """async name => {
    const { src } = document.querySelector("script[type=module]");
    return (await fetch(new URL(name, src))).text();
}"""
LINE = [[[0, 0], [1, 1]]]


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """Open a page without a service worker, which would bypass the test's routes."""
    return open_page(**LAPTOP, service_workers="block")


@pytest.fixture(scope="module")
def lasting(watched: Watched, site: str) -> Page:
    """Return a page with the model loaded, for tests that only call functions."""
    page = watched.context().new_page()
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    return page


@pytest.fixture
def shared(lasting: Page, watched: Watched) -> Iterator[Page]:
    """Yield that page and fail on errors that it reports."""
    yield lasting
    watched.check()


LIMITS = {  # module that defines the limits
    "personal/store.js": ("MAX_DRAWINGS", "MAX_FILE_BYTES", "MAX_LABEL_LENGTH"),
    "picture/image-size.js": ("MAX_PICTURE_BYTES", "MAX_PICTURE_PIXELS"),
    "picture/read-picture.js": ("WORKER_TIMEOUT_MS",),
}


def limit(page: Page, name: str, value: int) -> None:
    """Serve the page with another limit."""
    (module,) = [module for module, names in LIMITS.items() if name in names]
    text = page.evaluate(TEXT, module)
    changed = re.sub(rf"(const {name} =) [0-9_]+;", rf"\1 {value};", text)
    assert changed != text
    answer = {"body": changed, "content_type": "text/javascript"}
    page.context.route(f"**/{module}", lambda route: route.fulfill(**answer))


def load(page: Page, path: Path) -> str:
    """Load a drawings file and return the dialog's message."""
    page.get_by_role("button", name="Your handwriting").click()
    status = page.locator("dialog p[role=status]")
    before = status.text_content()
    page.get_by_label("Load drawings").set_input_files(path)
    expect(status).not_to_have_text(before)
    return status.text_content()


@pytest.mark.parametrize(
    "line",
    [
        {"label": 4, "strokes": LINE},
        {"label": "4" * 65, "strokes": LINE},
        {"label": "4", "strokes": [[[0, 0]]] * 301},
        {"label": "4", "strokes": [[[0, 1e13]]]},
        {"label": "4", "strokes": [[[0, True]]]},
        {"label": "4", "strokes": [[[0, 0, "late"]]]},
        {"label": "4", "strokes": []},
    ],
)
def test_a_drawing_that_training_rejects_is_rejected(page: Page, tmp_path: Path, line: Any) -> None:
    path = tmp_path / "drawings.jsonl"
    path.write_text(json.dumps(line))
    with pytest.raises(DataError, match="line 1"):
        list(drawings.read(path))
    assert load(page, path).startswith("Line 1 of the file is no drawing")


@pytest.mark.parametrize(("name", "value"), [("MAX_FILE_BYTES", 100), ("MAX_DRAWINGS", 2)])
def test_a_file_with_too_many_drawings_is_rejected(
    page: Page, tmp_path: Path, name: str, value: int
) -> None:
    limit(page, name, value)
    path = tmp_path / "drawings.jsonl"
    path.write_text((json.dumps({"label": "4", "strokes": LINE}) + "\n") * 3)
    message = load(page, path)
    assert message.startswith("The file holds more than") and "0 drawings kept" in message


def test_the_oldest_drawings_are_removed_above_the_limit(page: Page) -> None:
    limit(page, "MAX_DRAWINGS", 3)
    assert page.evaluate(PUT_EXAMPLES, 5) == [["2", "3", "4"], ["2", "3", "4"]]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("Array(2)", "stroke 0 is not an array of points"),
        ("[[Array(2)]]", "point 0 of stroke 0 is not [x, y] or [x, y, ms]"),
        ("[[[0, 1e300]]]", "stroke 1 has a coordinate beyond 1e+12"),
        ("Array(301).fill([[0, 0]])", "the drawing has more than 300 strokes"),
        ("[Array(100_001).fill([0, 0])]", "the drawing has more than 100000 points"),
    ],
)
def test_assigning_an_unreadable_drawing_throws(
    shared: Page, given: str, complaint: str
) -> None:
    assert shared.evaluate(f"() => ({SET})(() => {given})") == complaint


def test_a_full_pad_accepts_no_stroke_says_so_and_still_reads(page: Page) -> None:
    page.evaluate(f"() => ({SET})(() => {COMB})")
    expect(page.locator("#number button").first).to_be_visible(timeout=300_000)
    pad = page.locator("digit-pad")
    pad.click(position={"x": 100, "y": 50})
    expect(page.locator("#caption")).to_have_text(FULL)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    assert pad.evaluate("pad => pad.drawing.length") == 300
    page.get_by_role("button", name="Undo").first.click()
    assert pad.evaluate("pad => pad.empty")


def test_a_long_reading_is_cancelled_by_a_new_drawing(page: Page) -> None:
    ended = page.evaluate(f"""async () => {{
        const pad = document.querySelector("digit-pad");
        const recognizer = await pad.ready;
        const read = recognizer.read.bind(recognizer);
        const ends = [];
        recognizer.read = (...given) => {{
            const reading = read(...given);
            ends.push(reading.then(() => "read", error => error.name));
            return reading;
        }};
        pad.drawing = {COMB};
        await new Promise(resolve => setTimeout(resolve)); // in its first pause
        pad.drawing = [[[0, 0], [0, 9]]];
        await new Promise(resolve => pad.addEventListener("change", resolve, {{ once: true }}));
        return Promise.all(ends);
    }}""")
    assert ended == ["AbortError", "read"]


@pytest.mark.parametrize("state", ["", "{", "7", "null", "[" * 100_000, '{"drawing": [[[0]]]}'])
def test_an_invalid_form_state_is_not_restored(shared: Page, state: str) -> None:
    pad = shared.locator("digit-pad")
    pad.evaluate("(pad, drawing) => pad.drawing = drawing", LINE)
    pad.evaluate("(pad, state) => pad.formStateRestoreCallback(state, 'restore')", state)
    assert pad.evaluate("pad => pad.drawing") == LINE


@pytest.mark.parametrize("drawing", ["7", [[["x", 0]]], [[[0, 1e300]]], {"a": 1}])
def test_a_history_entry_of_another_page_is_ignored(
    page: Page, draw: Pen, drawings: dict[str, Strokes], drawing: Any
) -> None:
    page.evaluate("drawing => history.replaceState({ drawing }, '')", drawing)
    page.reload()
    draw(page, drawings["7"])
    expect(page.locator("#number")).to_have_text("7")
    assert page.evaluate("history.state") is None


@pytest.mark.parametrize(
    "change",
    [
        {"files": None},
        {"files": {"model.json": {"bytes": 0, "sha256": "0" * 64}}},
        {"files": {"model.json": {"bytes": 1, "sha256": "?"}}},
        {"files": {"https://example.org/model.json": {"bytes": 1, "sha256": "0" * 64}}},
        {"ink": {"size": 28, "box": 20, "width": 0}},
        {"labels": "0123456789"},
        {"nodes": None},
        {"threshold": "high"},
        {"segment": {"weights": {"width": None}}},
        {"segment": {"weights": {}, "cut_weights": {"width": None}}},
    ],
)
def test_an_invalid_meta_json_is_named(page: Page, change: dict) -> None:
    changed = json.loads(page.evaluate(TEXT, "model/meta.json")) | change
    page.context.route("**/meta.json", lambda route: route.fulfill(json=changed))
    page.reload()
    expect(page.locator("#caption")).to_have_text("meta.json is not what the export wrote.")


def encoded(kind: str, columns: int, rows: int, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((rows, columns, 3), 255, np.uint8)).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *((kind, {}) for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "AVIF")),
        ("JPEG", {"progressive": True}),
        *(("WEBP", {"lossless": True}), ("WEBP", {"exif": b"Exif\0\0"})),
    ],
)
def test_the_size_of_a_picture_is_read_from_its_header(
    shared: Page, kind: str, options: dict[str, Any]
) -> None:
    assert shared.evaluate(SIZE, list(encoded(kind, 70, 300, **options))) == [70, 300]


def test_the_size_of_an_old_bitmap_is_read_from_its_shorter_header(shared: Page) -> None:
    pixels = bytes(300 * 212)  # rows of 70 pixels, filled to four bytes
    header = struct.pack("<2sIIIIHHHH", b"BM", 26 + len(pixels), 0, 26, 12, 70, 300, 1, 24)
    content = header + pixels
    assert Image.open(io.BytesIO(content)).size == (70, 300)
    assert shared.evaluate(SIZE, list(content[:200])) == [70, 300]


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG", b"\xff\xd8\xff", b"RIFF    WEBPVP8 ", b"<svg/>"]
)
def test_a_truncated_header_has_no_size(shared: Page, content: bytes) -> None:
    assert shared.evaluate(SIZE, list(content)) is None


def bomb() -> bytes:
    """Return a PNG of 60 kB that decodes to 3.6 GB."""
    side = 30_000
    rows = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    data = b"".join(rows.compress(row) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def choose(page: Page, content: bytes) -> None:
    page.get_by_role("button", name="Picture").click()
    page.get_by_label("Choose a picture").set_input_files(
        {"name": "number.png", "mimeType": "image/png", "buffer": content}
    )


def test_a_picture_that_would_fill_the_memory_is_not_decoded(page: Page) -> None:
    content = bomb()
    assert len(content) < 200_000
    choose(page, content)
    expect(page.locator("dialog p[role=status]")).to_contain_text("This picture is too large")


@pytest.mark.parametrize(
    ("name", "value"), [("MAX_PICTURE_BYTES", 100), ("MAX_PICTURE_PIXELS", 1000)]
)
def test_pictures_above_the_size_limits_are_rejected(page: Page, name: str, value: int) -> None:
    limit(page, name, value)
    choose(page, encoded("PNG", 40, 40))
    expect(page.locator("dialog p[role=status]")).to_contain_text("This picture is too large")


def test_a_picture_that_takes_too_long_is_cancelled(page: Page) -> None:
    limit(page, "WORKER_TIMEOUT_MS", 0)
    choose(page, encoded("PNG", 1600, 1600))
    expect(page.locator("dialog p[role=status]")).to_contain_text("took too long")
