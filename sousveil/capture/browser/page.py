"""One page: scrolled through, measured, and taken as layout and as picture.

Expressions run in a world of their own (Page.createIsolatedWorld), so that a page's scripts can
neither see them nor lie to them by redefining what they use.
"""

import asyncio
import base64
import json
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from sousveil.capture.browser.cdp import CommandError, Connection
from sousveil.capture.browser.settings import BrowserSettings
from sousveil.model import Json

FORMAT = "sousveil-rendering-1"
STYLES = ("display", "visibility", "opacity", "font-size", "overflow-x", "overflow-y")
# A page of 100,000 nodes is a book; its snapshot has some 30 MB.
MAX_NODES = 300_000
MAX_SNAPSHOT_BYTES = 64 * 2**20
MAX_FRAMES = 100
# A page that is wider by mistake is no reason for a picture of a hundred megapixels.
MAX_WIDTH_PIXELS = 4000
# Between two screens, so that lazy pictures notice that they are seen.
SCROLL_PAUSE_SECONDS = 0.06

_STEP = """(top => { const root = document.scrollingElement || document.documentElement
  window.scrollTo({left: 0, top, behavior: 'instant'})
  return [window.scrollY, window.innerHeight, root.scrollHeight] })"""
_TITLE = "[document.title, document.documentElement.lang, location.href]"


@dataclass(frozen=True, slots=True)
class Frame:
    """A page, or a frame in a process of its own."""

    session: str
    id: str
    parent: str  # session in whose page it stands; "" for the page itself


@dataclass(frozen=True, slots=True)
class Size:
    """Of a page, in CSS pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a page goes, and what of its width is pictured."""

    size: Size
    left: int  # of the pictures: CSS pixels from the page's left edge
    width: int  # of the pictures
    origin: int  # pixels from the pictures' left edge to where the layout counts from


class Page:
    """An open page."""

    def __init__(self, connection: Connection, frame: Frame, settings: BrowserSettings) -> None:
        self.frame, self.settings = frame, settings
        self._send = connection.send

    async def open(self) -> None:
        """Give the page its size and the focus; Chromium crashes if told before the page runs."""
        session = self.frame.session
        await self._send(
            "Emulation.setDeviceMetricsOverride",
            session,
            width=self.settings.width,
            height=self.settings.height,
            deviceScaleFactor=1,
            mobile=False,
        )
        await self._send("Emulation.setFocusEmulationEnabled", session, enabled=True)

    async def evaluate(self, expression: str) -> list[object]:
        """Return what `expression`, a JSON list, is in the page."""
        session = self.frame.session
        world = await self._send("Page.createIsolatedWorld", session, frameId=self.frame.id)
        answer = await self._send(
            "Runtime.evaluate",
            session,
            expression=expression,
            contextId=world["executionContextId"],
            returnByValue=True,
        )
        value = answer["result"].get("value")
        return value if isinstance(value, list) else []

    async def scroll_through(self) -> bool:
        """Show each screen of the page once, then the first; tell whether the end was reached."""
        top, is_end = 0, False
        while not is_end and top < self.settings.max_page_pixels:
            place = await self.evaluate(f"{_STEP}({top})")
            await asyncio.sleep(SCROLL_PAUSE_SECONDS)
            if len(place) != 3:  # noqa: PLR2004  # a page that has just been left for another
                continue
            _, screen, height = (int(str(number).partition(".")[0]) for number in place)
            is_end = top + screen >= height
            top += max(screen, 1)
        return is_end

    async def scroll_back(self) -> None:
        """Show the first screen again."""
        await self.scroll_to(0)

    async def title(self) -> tuple[str, str, str]:
        """Return the page's title, language and address."""
        told = [str(value) for value in await self.evaluate(_TITLE)]
        return (told[0], told[1], told[2]) if len(told) == 3 else ("", "", "")  # noqa: PLR2004

    async def extent(self) -> Extent:
        """Return how far the page goes, and from where its layout counts.

        Layout counts from the left edge of the first screen. A page that is read from the right
        (`dir=rtl`, `vertical-rl`) shows its right end first and goes on to the left, where layout
        has negative numbers; of one that is too wide the right end is pictured, then.
        """
        metrics = await self._send("Page.getLayoutMetrics", self.frame.session)
        content = metrics["cssContentSize"]
        size = Size(int(content["width"]), int(content["height"]))
        scrolled = await self.evaluate("[Math.round(scrollX)]")
        begin = int(metrics["cssLayoutViewport"]["pageX"])
        begin -= int(str(scrolled[0])) if scrolled else 0
        width = min(size.width, MAX_WIDTH_PIXELS)
        left = max(0, min(begin + self.settings.width - width, size.width - width))
        return Extent(size, left, width, begin - left)

    async def snapshot(self, frames: list[Frame], extent: Extent, browser: str) -> bytes | str:
        """Return DOM and layout of the page and its `frames`, or why there is none, in words."""
        counters = await self._send("Memory.getDOMCounters", self.frame.session)
        if counters["nodes"] > MAX_NODES:
            return f"the page has {counters['nodes']} nodes; of its layout nothing was taken"
        places = {self.frame.session: (float(extent.origin), 0.0)}
        taken: list[Json] = []
        for frame in [self.frame, *frames[:MAX_FRAMES]]:
            try:
                if frame is not self.frame:
                    left, top = await self._corner(frame)
                    around = places[frame.parent]
                    places[frame.session] = (around[0] + left, around[1] + top)
                taken.append(await self._frame(frame, places[frame.session]))
            except (CommandError, KeyError):
                continue  # gone, not shown, or within one that is not
        title, lang, url = await self.title()
        whole = {
            "format": FORMAT,
            "url": url,
            "title": title,
            "lang": lang,
            "browser": browser,
            "width": extent.size.width,
            "height": extent.size.height,
            "frames": taken,
        }
        content = json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if len(content) > MAX_SNAPSHOT_BYTES:
            return f"the page's layout has {len(content)} bytes; it was not kept"
        return content

    async def _frame(self, frame: Frame, place: tuple[float, float]) -> Json:
        snapshot = await self._send(
            "DOMSnapshot.captureSnapshot",
            frame.session,
            computedStyles=STYLES,
            includePaintOrder=False,
            includeDOMRects=True,
        )
        tree = await self._send("Page.getFrameTree", frame.session)
        url = tree["frameTree"]["frame"]["url"]
        return {"url": url, "left": place[0], "top": place[1], "snapshot": snapshot}

    async def _corner(self, frame: Frame) -> tuple[float, float]:
        """Return where a frame's content box begins in the page around it."""
        left, top, _, _ = await self.content_box(frame.parent, frame.id)
        return left, top

    async def content_box(self, session: str, frame_id: str) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of a frame's content in the page around it.

        They count from the corner of what is on the screen. Raises CommandError when the frame is
        gone or has no box.
        """
        self._send("DOM.enable", session)
        owner = await self._send("DOM.getFrameOwner", session, frameId=frame_id)
        box = await self._send("DOM.getBoxModel", session, backendNodeId=owner["backendNodeId"])
        quad = [float(number) for number in box["model"]["content"]]
        return min(quad[::2]), min(quad[1::2]), max(quad[::2]), max(quad[1::2])

    async def foreign_frames(self) -> list[str]:
        """Return the ids of frames in the page's own process that are of another origin."""
        tree = (await self._send("Page.getFrameTree", self.frame.session))["frameTree"]
        own = tree["frame"]["securityOrigin"]
        found, waiting = [], [tree]
        while waiting:
            children = waiting.pop().get("childFrames", [])
            waiting += children
            ids = (child["frame"] for child in children)
            found += [str(one["id"]) for one in ids if one["securityOrigin"] != own]
        return found

    async def scroll_to(self, top: int) -> int:
        """Scroll to `top` pixels from the page's top, or as far as it goes; return how far."""
        place = await self.evaluate(f"{_STEP}({top})")
        return int(str(place[0]).partition(".")[0]) if place else 0

    async def picture(self, left: int, top: int, size: Size) -> bytes:
        """Return a part of the page as PNG, with nothing moved for it.

        What is below the screen is taken where it is: a taller screen would stretch what is as
        high as the screen. For that the browser makes the window tiny and then as large as the
        part. Where that is the size it had (Chromium 156), it does not lay out anew in between,
        and draws what is read from the right beside its place, or not at all: so a part that is
        the first screen is taken as it stands, and another of that size with a row more.
        """
        screen = Size(self.settings.width, self.settings.height)
        if size == screen and (left or top):
            return _cut(await self.picture(left, top, Size(size.width, size.height + 1)), size)
        clip = {"x": left, "y": top, "width": size.width, "height": size.height, "scale": 1}
        answer = await self._send(
            "Page.captureScreenshot",
            self.frame.session,
            format="png",
            # The same pixels for a third of the computing, and a quarter more bytes: packing the
            # picture tight costs more than all else that a capture adds to showing the page.
            optimizeForSpeed=True,
            captureBeyondViewport=size != screen,
            clip=clip,
        )
        return base64.b64decode(answer["data"])


def _cut(png: bytes, size: Size) -> bytes:
    """Return the upper left part of a picture."""
    written = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.crop((0, 0, size.width, size.height)).save(written, "PNG")
    return written.getvalue()
