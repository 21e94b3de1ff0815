"""Random actions on the page, for monkey.py."""

import base64
import io
import json
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Error, Page

READY = "html[data-model=ready]"
TIMEOUT_MS = 120_000  # only for hangs
KEYS = [
    *("Escape", "Delete", "Backspace", "Tab", "Shift+Tab", "Enter", "Space", "ArrowLeft"),
    *("Control+z", "Control+y", "Control+Shift+z", "7", "0", "x", "Home", "PageDown"),
]
SIZES = [(320, 480), (390, 844), (568, 320), (844, 390), (1280, 800), (1920, 1080), (240, 240)]
JUNK = [
    *(b"", b"\0" * 100, b"{", b"[" * 20_000, b'{"label": "7", "strokes": [[[1e400, 0]]]}'),
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xc0", b"GIF89a", b"RIFF    WEBP"),
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
]
GIVE = """([event, file, type, text]) => {
    const transfer = new DataTransfer();
    if (text !== null) transfer.setData("text/plain", text);
    else {
        const bytes = Uint8Array.from(atob(file), character => character.charCodeAt(0));
        transfer.items.add(new File([bytes], "junk", { type }));
    }
    const options = { bubbles: true, cancelable: true, composed: true };
    (document.activeElement ?? document.body).dispatchEvent(event === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
        : new DragEvent("drop", { ...options, dataTransfer: transfer }));
}"""
# Not Playwright's set_input_files, which keeps references to some fields and so to their dialogs
# (in heap snapshots: "Global handles / DevTools console").
CHOOSE = """(field, file) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(file), character => character.charCodeAt(0));
    transfer.items.add(new File([bytes], "junk", { type: "image/png" }));
    field.files = transfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
}"""
# Errors of clicks on elements that are covered or were removed meanwhile.
MISSED_CLICK = re.compile(r"Timeout \d+ms exceeded|not attached|detached|outside of the viewport")


@dataclass
class Monkey:
    """A page, and counts of the actions performed on it."""

    page: Page
    random: random.Random
    site: str
    digits: dict[str, list]
    done: Counter = field(default_factory=Counter)
    latest: deque = field(default_factory=lambda: deque(maxlen=8))

    @property
    def actions(self) -> dict[Callable[[], Any], int]:
        """Actions that stay on the page, with their relative frequency."""
        return {
            self.draw_digit: 12,
            self.scribble: 6,
            self.click_button: 12,
            self.click_anywhere: 6,
            self.press: 8,
            self.type: 3,
            self.paste: 3,
            self.drop: 3,
            self.resize: 2,
            self.zoom: 1,
            self.theme: 1,
            self.offline: 1,
            self.junk_drawings: 2,
            self.junk_picture: 2,
            self.assign: 2,
        }

    @property
    def navigations(self) -> dict[Callable[[], Any], int]:
        """Actions that leave the page, after which its memory cannot be compared."""
        return {self.leave_and_return: 1, self.reload: 1, self.leave_and_return_offline: 1}

    def step(self, actions: dict[Callable[[], Any], int]) -> None:
        """Perform one action. Ignore clicks on elements that are covered or were removed."""
        (action,) = self.random.choices(list(actions), actions.values())
        self.done[action.__name__] += 1
        self.latest.append(action.__name__)
        try:
            action()
        except Error as error:
            if not MISSED_CLICK.search(str(error)):
                raise

    def draw_digit(self) -> None:
        """Draw a digit anywhere on the pad, in any size."""
        strokes = self.random.choice(list(self.digits.values()))
        box = self.pad()
        if box is None:
            return
        side = self.random.uniform(0.3, 1) * min(box["width"], box["height"])
        left = box["x"] + self.random.uniform(0, box["width"] - side)
        top = box["y"] + self.random.uniform(0, box["height"] - side)
        for stroke in strokes:
            self.stroke([(left + x * side, top + y * side) for x, y, *_ in stroke])

    def scribble(self) -> None:
        """Draw lines between random points of the page."""
        width, height = self.size()
        count = self.random.randint(1, 12)
        points = [self.random.uniform(-20, extent + 20) for extent in [width, height] * count]
        self.stroke(list(zip(points[::2], points[1::2], strict=True)))

    def stroke(self, points: list[tuple[float, float]]) -> None:
        mouse = self.page.mouse
        mouse.move(*points[0])
        mouse.down(button=self.random.choice(["left"] * 9 + ["right"]))
        for point in points[1:]:
            mouse.move(*point)
        for button in ("left", "right"):
            mouse.up(button=button)

    def click_button(self) -> None:
        """Click any visible button or field, also of the pad and of open dialogs."""
        found = self.page.locator("button, select, input:not([type=file]), summary")
        shown = [each for each in found.all() if each.is_visible()]
        if shown:
            self.random.choice(shown).click(force=True, timeout=2000, no_wait_after=True)
        self.stay()

    def click_anywhere(self) -> None:
        width, height = self.size()
        point = (self.random.uniform(0, width - 1), self.random.uniform(0, height - 1))
        self.page.mouse.click(*point, click_count=self.random.choice([1, 1, 2, 3]))
        self.stay()

    def press(self) -> None:
        self.page.keyboard.press(self.random.choice(KEYS))
        self.stay()

    def type(self) -> None:
        field = self.page.locator("digit-pad input").first
        if field.is_visible():
            letters = "0123456789 ?x\u0663\u202e<&"
            field.fill("".join(self.random.choices(letters, k=self.random.randint(0, 40))))

    def paste(self) -> None:
        self.give("paste")

    def drop(self) -> None:
        self.give("drop")

    def give(self, event: str) -> None:
        """Paste or drop text, a picture, or a file that only claims to be one."""
        text = self.random.choice([None, None, "2026", "x" * 5000, ""])
        content, kind = self.file()
        self.page.evaluate(GIVE, [event, base64.b64encode(content).decode(), kind, text])

    def file(self) -> tuple[bytes, str]:
        kinds = ["image/png", "image/jpeg", "text/plain", "", "image/svg+xml"]
        if self.random.random() < 0.5:
            return self.picture(), "image/png"
        return self.random.choice(JUNK), self.random.choice(kinds)

    def picture(self) -> bytes:
        """Return a PNG of noise, one grey value, or a rectangle."""
        height, width = self.random.choice([(1, 1), (40, 300), (400, 300), (3, 900)])
        pixels = np.full((height, width), self.random.choice([0, 128, 255]), np.uint8)
        if self.random.random() < 0.5:
            pixels[height // 4 : height // 2, width // 3 : width // 2] = self.random.randrange(256)
        elif self.random.random() < 0.3:
            bits = np.frombuffer(self.random.randbytes(height * width), np.uint8)
            pixels = bits.reshape(height, width)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()

    def resize(self) -> None:
        width, height = self.random.choice(SIZES)
        self.page.set_viewport_size({"width": width, "height": height})

    def zoom(self) -> None:
        """Change the font size, as users with low vision do."""
        size = self.random.choice(["", "50%", "200%", "400%"])
        self.page.evaluate("size => document.documentElement.style.fontSize = size", size)

    def theme(self) -> None:
        self.page.emulate_media(
            color_scheme=self.random.choice(["light", "dark"]),
            reduced_motion=self.random.choice(["reduce", "no-preference"]),
            forced_colors=self.random.choice(["active", "none", "none"]),
        )

    def offline(self) -> None:
        """Perform four actions without a network."""
        with self.without_network():
            for act in self.random.choices([self.draw_digit, self.click_button, self.press], k=4):
                act()

    @contextmanager
    def without_network(self) -> Iterator[None]:
        self.page.context.set_offline(True)
        try:
            yield
        finally:
            self.page.context.set_offline(False)

    def leave_and_return(self) -> None:
        """Visit the page with pads in a form, and return through the history."""
        self.page.goto(f"{self.site}embed.html")
        if self.random.random() < 0.5:
            self.draw_digit()
        self.page.go_back()
        for turn in self.random.choices([self.page.go_back, self.page.go_forward], k=2):
            turn()
        self.stay()

    def leave_and_return_offline(self) -> None:
        """Reload without a network if the service worker controls the page."""
        if self.page.evaluate("navigator.serviceWorker?.controller != null"):
            with self.without_network():
                self.page.reload()
                self.page.locator(READY).wait_for()

    def reload(self) -> None:
        self.page.reload()
        self.stay()

    def junk_drawings(self) -> None:
        """Load a drawings file in the dialog *Your handwriting*, if it can be opened."""
        self.choose("Your handwriting", "Load drawings", self.random.choice([*JUNK, *self.saved()]))

    def saved(self) -> Iterator[bytes]:
        for label, strokes in self.digits.items():
            yield json.dumps({"label": label, "strokes": strokes}).encode()

    def junk_picture(self) -> None:
        self.choose("Picture", "Choose a picture", self.file()[0])

    def choose(self, opener: str, label: str, content: bytes) -> None:
        button = self.page.get_by_role("button", name=opener)
        if not button.count() or self.page.locator("dialog[open]").count():
            return
        button.first.click(timeout=2000)
        field = self.page.get_by_label(label)
        field.wait_for(state="attached")
        field.evaluate(CHOOSE, base64.b64encode(content).decode())
        if self.random.random() < 0.7:
            self.page.keyboard.press("Escape")

    def assign(self) -> None:
        """Assign a valid or invalid drawing from a script."""
        drawing = self.random.choice([*self.digits.values(), [], "7", [[]], [[[1e300, 0]]], None])
        self.page.evaluate(
            """drawing => { try { document.querySelector("digit-pad").drawing = drawing; }
            catch (error) { if (!/^(Type|Ink)Error$/.test(error.name)) throw error; } }""",
            drawing,
        )

    def stay(self) -> None:
        """Return to the page if a link led elsewhere, and wait for the pad."""
        if not self.page.url.startswith(self.site) or "embed" in self.page.url:
            self.page.goto(self.site)
        self.page.locator("digit-pad").first.wait_for(state="attached", timeout=TIMEOUT_MS)

    def pad(self) -> dict[str, float] | None:
        pads = self.page.locator("digit-pad")
        return pads.first.bounding_box() if pads.count() else None

    def size(self) -> tuple[int, int]:
        size = self.page.viewport_size
        return size["width"], size["height"]

    def rest(self) -> None:
        """Clear the page, so that its memory can be measured."""
        self.page.set_viewport_size({"width": 1280, "height": 800})
        self.page.emulate_media(color_scheme="light", forced_colors="none")
        self.page.evaluate("""async () => {
            document.documentElement.style.fontSize = "";
            for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
            const pad = document.querySelector("digit-pad");
            pad.drawing = [];
            await pad.ready;
            await new Promise(resolve => setTimeout(resolve, 500));
        }""")
