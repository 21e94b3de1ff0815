"""Render the icons of the installed page from web/favicon.svg: `python -m docs.icons`.

Launchers crop maskable icons, and iOS crops its own. These two fill their square, with the drawing
in the middle four fifths (https://www.w3.org/TR/appmanifest/#icon-masks).
"""

from io import BytesIO

from PIL import Image

from export.browser.launch import launch
from export.browser.page import WEB

ICONS = {"192": (192, False), "512": (512, False), "maskable": (512, True), "apple": (180, True)}
ROUNDED = 'width="32" height="32" rx="8"'
WIDER = 'viewBox="0 0 32 32"', 'viewBox="-4 -4 40 40"'
FILLED = 'x="-4" y="-4" width="40" height="40"'


def main() -> None:
    """Write the icons to web/icons/."""
    drawing = (WEB / "favicon.svg").read_text(encoding="utf-8")
    (WEB / "icons").mkdir(exist_ok=True)
    with launch() as browser:
        for name, (size, filled) in ICONS.items():
            svg = drawing
            if filled:
                svg = svg.replace(ROUNDED, FILLED).replace(*WIDER)
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg}")
            shot = page.screenshot(omit_background=True)
            page.close()
            with Image.open(BytesIO(shot)) as icon:
                small = icon.quantize(32, method=Image.Quantize.FASTOCTREE)
                small.save(WEB / "icons" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
