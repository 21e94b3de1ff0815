"""A static host that can be updated, partly updated and broken."""

import http.server
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect

from files import precache


@dataclass
class Host:
    """A static host with the page in a folder; records requests and can fail."""

    root: Path
    address: str = ""
    broken: set[str] = field(default_factory=set)
    kept: str = ""  # suffix of the files that browsers may cache for an hour
    asked: list[str] = field(default_factory=list)

    @property
    def page(self) -> Path:
        """The folder of the page."""
        return self.root / "sub" / "path"

    @property
    def url(self) -> str:
        """The URL of the page."""
        return f"{self.address}/sub/path/"

    def publish(self, old: str, new: str, listed: bool = True) -> None:
        """Change the page's text, as a new version does."""
        index = self.page / "index.html"
        index.write_text(index.read_text().replace(old, new))
        if listed:
            precache.write(self.page)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Sends the host's files."""

    def __init__(self, host: Host, *arguments: object) -> None:
        self.host = host
        super().__init__(*arguments, directory=str(host.root))

    def do_GET(self) -> None:
        self.host.asked.append(self.path)
        if any(self.path.endswith(name) for name in self.host.broken):
            self.send_error(503)
        else:
            super().do_GET()

    def end_headers(self) -> None:
        kept = self.path.split("?")[0].endswith(self.host.kept)
        self.send_header("Cache-Control", "max-age=3600" if kept else "no-cache")
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


def draw_four(page: Page) -> None:
    box = page.locator("#pad").bounding_box()
    left, top = box["x"] + box["width"] / 2 - 60, box["y"] + 40
    for line in ([(30, 0), (0, 80), (90, 80)], [(65, 40), (65, 130)]):
        page.mouse.move(left + line[0][0], top + line[0][1])
        page.mouse.down()
        for x, y in line[1:]:
            page.mouse.move(left + x, top + y)
        page.mouse.up()
    expect(page.locator("#number")).to_have_text("4")
