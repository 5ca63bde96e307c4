"""Takes the pictures of the desk that the documentation shows: `make pictures`.

They come from a journey through the demo's case (a made-up company), in the Chromium of this
computer and with the network cut, under the same eyes as the journeys that are tests: a page with a
fault gives no picture. Colours are reduced to 256, which keeps each file small in every version.
"""

import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from sousveil.capture.browser.program import find_browser
from tests.journeys.visitor import DESKTOP, PHONE, Visitor, visiting
from tests.web.desks import Served, served

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MAX_BYTES = 150_000  # of each: every version stays in the repository for good
COLOURS = 256
QUOTE = "An alert can be raised"


def take(visitor: Visitor, name: str) -> None:
    """Judge the page that is shown, and write its picture."""
    visitor.looks_round()
    visitor.page.evaluate("document.activeElement.blur()")
    picture = Image.open(BytesIO(visitor.page.screenshot())).convert("RGB")
    path = IMAGES / f"desk-{name}.png"
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > MAX_BYTES:
        sys.exit(f"{path}: {size:,} bytes, and {MAX_BYTES:,} at most. Show less of the page.")
    print(f"{path.name}: {size:,} bytes")


def begin_review(ada: Visitor) -> None:
    """Lay the finding before them that every picture shows: which comes first is by its id."""
    ada.opens(ada.link("Review"))
    ada.presses(ada.page.locator("#queue a").filter(has_text=QUOTE))
    expect(ada.page.locator("#card .words")).to_contain_text(QUOTE)
    ada.page.locator("#card .picture img").wait_for()


def at_a_table(ada: Visitor, desk: Served) -> None:
    """Go through the main pages."""
    ada.comes_in(desk.link())
    take(ada, "today")
    begin_review(ada)
    take(ada, "review")
    ada.opens(ada.link("Targets"))
    ada.looks_round()
    ada.opens(ada.page.locator("main").get_by_role("link", name=re.compile("en.products.stane")))
    take(ada, "target")
    ada.opens(ada.button("Side by side"))
    take(ada, "compare")
    ada.opens(ada.link("Findings"))
    ada.looks_round()
    ada.opens(ada.page.get_by_role("link", name=re.compile("^proof$")).first)
    ada.looks_round()
    ada.opens(ada.button("Check it now"))
    take(ada, "proof")


def on_the_way(ada: Visitor, desk: Served) -> None:
    """Review on a phone."""
    ada.comes_in(desk.link())
    ada.looks_round()
    begin_review(ada)
    take(ada, "phone")


def main() -> None:
    """Make the demo's case, and go through its desk before two screens."""
    os.environ.pop("SOUSVEIL_BROWSER", None)  # tests do without one; the demo must not
    with TemporaryDirectory(prefix="sousveil-pictures-") as folder:
        place = Path(folder) / "demo"
        subprocess.run(
            [sys.executable, "-m", "sousveil", "demo", str(place)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        os.environ["SOUSVEIL_CONFIG"] = str(place / "config")
        with served(place / "case") as desk, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
            for screen, journey in ((DESKTOP, at_a_table), (PHONE, on_the_way)):
                with visiting(browser, desk.url, screen) as ada:
                    journey(ada, desk)
            browser.close()


if __name__ == "__main__":
    main()
