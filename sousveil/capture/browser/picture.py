"""The picture of a whole page, in slices.

A browser does not paint frames of other origins that are not on the screen. Those below the first
screen are therefore scrolled to and pictured apart, and put where they belong; the page is at its
top for all the rest.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from sousveil.capture.browser.cdp import CommandError
from sousveil.capture.browser.page import Extent, Frame, Page, Size

# Decoders of pictures, and people, cope with that.
MAX_SLICE_PIXELS = 4000
# Advertisements; a page with more foreign frames than that shows little else.
MAX_FRAMES = 20
# From one screen to the next a frame is painted within some frames of 1/60 of a second.
PAINT_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the page's picture."""

    left: int  # pixels from the left edge of what is pictured
    top: int
    size: Size
    png: bytes
    is_joined: bool = False  # from several pictures

    @property
    def bottom(self) -> int:
        """Pixels from the top of the page, exclusive."""
        return self.top + self.size.height


async def slices(page: Page, extent: Extent, frames: list[Frame]) -> AsyncIterator[Piece]:
    """Yield the page's picture from the top down to what is taken at most.

    `frames` are those that have a process of their own. Raises CommandError when the page is gone.
    """
    bottom = min(extent.size.height, page.settings.max_page_pixels)
    apart = await _apart(page, frames, extent, bottom)
    for top in range(0, bottom, MAX_SLICE_PIXELS):
        part = Size(extent.width, min(MAX_SLICE_PIXELS, bottom - top))
        whole = Piece(0, top, part, await page.picture(extent.left, top, part))
        yield _put_together(whole, [p for p in apart if p.top < whole.bottom and p.bottom > top])


async def _apart(page: Page, frames: list[Frame], extent: Extent, end: int) -> list[Piece]:
    """Return pictures of the foreign frames below the first screen; the page ends at its top."""
    session, screen = page.frame.session, page.settings.height
    outer = [frame.id for frame in frames if frame.parent == session]
    pieces: list[Piece] = []
    for frame_id in [*outer, *await page.foreign_frames()][:MAX_FRAMES]:
        try:
            left, top, right, bottom = map(round, await page.content_box(session, frame_id))
        except CommandError:
            continue  # it is not shown
        left, right = max(left + extent.origin, 0), min(right + extent.origin, extent.width)
        top = max(top, 0)
        for band in range(top, min(bottom, end), screen):
            part = Size(right - left, min(screen, bottom - band, end - band))
            if part.width <= 0 or part.height <= 0 or band + part.height <= screen:
                continue
            await page.scroll_to(band - (screen - part.height) // 2)
            await asyncio.sleep(PAINT_SECONDS)
            png = await page.picture(extent.left + left, band, part)
            pieces.append(Piece(left, band, part, png))
    if pieces:
        await page.scroll_to(0)
        await asyncio.sleep(PAINT_SECONDS)
    return pieces


def _put_together(whole: Piece, pieces: list[Piece]) -> Piece:
    if not pieces:
        return whole
    with Image.open(BytesIO(whole.png)) as opened:
        picture = opened.convert("RGB")
    for piece in pieces:
        with Image.open(BytesIO(piece.png)) as part:
            picture.paste(part.convert("RGB"), (piece.left, piece.top - whole.top))
    written = BytesIO()
    picture.save(written, "PNG")
    return Piece(whole.left, whole.top, whole.size, written.getvalue(), is_joined=True)
