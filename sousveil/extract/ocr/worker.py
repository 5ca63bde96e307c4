"""The process that reads the text of pictures: decoders are C, and pictures come from strangers.

Run as `python -m sousveil.extract.ocr.worker`; answers one request after another (`answers.py`)
until its input ends or none comes for a while, since loading the models takes seconds. The models
are those in RapidOCR's wheel (PP-OCRv6, small), named by path so that nothing is ever downloaded.
The same picture gives the same lines. `process.py` is the caller.
"""

import io
import os
import resource
import select
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import msgspec
import numpy as np
import pypdfium2
import rapidocr
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from sousveil.extract.ocr.answers import (
    FRAME,
    IDLE_SECONDS,
    LENGTH,
    MAX_MEMORY_BYTES,
    MAX_PIXELS,
    MAX_SECONDS,
    MIN_CONFIDENCE,
    MIN_SIDE,
    THREADS,
    Answer,
    Line,
    Picture,
    Refusal,
    Task,
)

Pixels: TypeAlias = NDArray[np.uint8]  # rows, columns, and blue, green, red
Corners: TypeAlias = tuple[tuple[float, float], ...]

# What we read; Pillow knows sixty more formats, and their bugs.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
PAGE_SCALE = 2.0  # pixels a point: A4 at 144 dots per inch; small print is 12 pixels high
MAX_PAGE_SIDE = 2_500  # pixels; A3 fits, posters are drawn smaller
MAX_WIDTH = 2_000  # pixels; a wider picture is read at this width
MAX_SLICE_PIXELS = 3_000_000  # read at once; taller pictures are cut between lines
SLICE_SEARCH = 0.25  # of a slice's height, in which a place to cut is looked for
SMALL_PIXELS = 400_000  # a picture of no more than this has small letters, and is doubled
TALL = 1.5  # height by width of a line that stands on its side; RapidOCR turns it then
SURE = 0.9  # of a line that stands on its head: RapidOCR's own bound for turning it

_MODELS = Path(rapidocr.__file__).parent / "models"
_SETTINGS = {
    "Global.log_level": "critical",
    "Global.use_preprocess_img": False,  # its limits of size are ours to keep
    "Global.text_score": MIN_CONFIDENCE,
    "Det.model_path": str(_MODELS / "PP-OCRv6_det_small.onnx"),
    "Det.limit_side_len": MIN_SIDE,  # below its own 736, small pictures were blown up
    "Cls.model_path": str(_MODELS / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
    "Rec.model_path": str(_MODELS / "PP-OCRv6_rec_small.onnx"),
    "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def main() -> None:
    """Answer requests until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = sys.stdin.buffer
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints is no answer
        engine = rapidocr.RapidOCR(params=_SETTINGS)
        while select.select([asked], [], [], IDLE_SECONDS)[0]:
            request = _request(asked)
            if request is None:
                return
            _limit_time()
            answer = msgspec.json.encode(answer_to(engine, *request))
            answers.write(LENGTH.pack(len(answer)) + answer)
            answers.flush()


def _request(stream: BinaryIO) -> tuple[Task, bytes] | None:
    head = stream.read(FRAME.size)
    if len(head) < FRAME.size:
        return None
    task, payload = FRAME.unpack(head)
    return msgspec.json.decode(stream.read(task), type=Task), stream.read(payload)


def _limit_time() -> None:
    """Bound the processor time from here on, for a caller that is gone and cannot end us."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + THREADS * MAX_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def answer_to(engine: rapidocr.RapidOCR, task: Task, payload: bytes) -> Answer:
    """Return what is read of one picture or page, or the refusal of what cannot be opened."""
    return _picture(engine, payload) if task.page is None else _page(engine, payload, task.page)


def _picture(engine: rapidocr.RapidOCR, payload: bytes) -> Answer:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(io.BytesIO(payload), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return Refusal(
                    f"its {image.width} x {image.height} pixels are more than the {MAX_PIXELS} "
                    "that are read"
                )
            frames: int = getattr(image, "n_frames", 1)
            if min(image.size) < MIN_SIDE:
                return Picture(frames, [])
            pixels = _pixels(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        return Refusal("it is no picture that we know, or damaged beyond repair")
    # What Pillow's decoders raise for damaged files; SyntaxError and EOFError are its own habit.
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        return Refusal(f"the picture is damaged ({error})")
    lines = _read(engine, pixels)
    height, width = pixels.shape[:2]
    return Picture(
        frames,
        [Line(text, sure, upright, _bounds(seen)) for text, sure, upright, seen in lines],
        width,
        height,
    )


def _pixels(image: Image.Image) -> Pixels:
    """Return a picture on white paper, blue, green and red, as OpenCV holds it."""
    if image.mode.startswith("I;16"):  # Pillow would cut all above 255 to white
        image = image.point(lambda value: value / 256).convert("L")
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image.convert("RGBA"))
    return np.ascontiguousarray(np.asarray(paper)[:, :, 2::-1])


def _bounds(corners: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)


def _page(engine: rapidocr.RapidOCR, payload: bytes, number: int) -> Answer:
    try:
        page = pypdfium2.PdfDocument(payload)[number - 1]
        scale = min(PAGE_SCALE, MAX_PAGE_SIDE / max(1.0, *page.get_size()))
        bitmap = page.render(scale=scale)
    except pypdfium2.PdfiumError:
        return Refusal("PDFium cannot draw the page")
    where = bitmap.get_posconv(page)  # undoes the page's rotation and crop
    pixels = np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
    found = []
    for text, sure, upright, seen in _read(engine, pixels):
        left, bottom, right, top = _bounds([where.to_page(round(x), round(y)) for x, y in seen])
        found.append(Line(text, sure, upright, (left, top, right, bottom)))
    return Picture(1, found)


def _read(engine: rapidocr.RapidOCR, pixels: Pixels) -> list[tuple[str, float, Corners, Corners]]:
    """Return the lines of a picture with their corners, set upright and as it was given."""
    turns, lines = _read_as_it_stands(engine, pixels)
    if turns:  # a line on its head is often misread
        _, lines = _read_as_it_stands(engine, np.ascontiguousarray(np.rot90(pixels, turns)))
    height, width = np.rot90(pixels, turns).shape[:2]
    return [
        (text, sure, upright, tuple(_turned(x, y, width, height, -turns % 4) for x, y in upright))
        for text, sure, upright in lines
    ]


def _turned(x: float, y: float, width: int, height: int, quarters: int) -> tuple[float, float]:
    """Return where a point of a picture is once it was turned, counter-clockwise."""
    return ((x, y), (y, width - x), (width - x, height - y), (height - y, x))[quarters]


def _read_as_it_stands(
    engine: rapidocr.RapidOCR, pixels: Pixels
) -> tuple[int, list[tuple[str, float, Corners]]]:
    """Return the quarter turns that set the picture upright, and its lines with their corners."""
    height, width = pixels.shape[:2]
    scale = min(2.0 if height * width <= SMALL_PIXELS else 1.0, MAX_WIDTH / width)
    if scale != 1.0:
        image = Image.fromarray(pixels)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(image.resize(size, Image.Resampling.BICUBIC))
    votes = [0, 0, 0, 0]  # characters that each number of quarter turns sets upright
    lines = []
    for top, part in _slices(pixels):
        for text, sure, corners, turns in _lines(engine, part):
            votes[turns] += len(text)
            placed = tuple((x / scale, (y + top) / scale) for x, y in corners)
            lines.append((text, sure, placed))
    return votes.index(max(votes)), lines


def _slices(pixels: Pixels) -> list[tuple[int, Pixels]]:
    """Return the parts of a tall picture with their tops, cut where a row of pixels is quiet."""
    height, width = pixels.shape[:2]
    tallest = max(1, MAX_SLICE_PIXELS // width)
    if height <= tallest:
        return [(0, pixels)]
    grey = pixels.mean(axis=2)
    unrest = np.abs(np.diff(grey, axis=1)).sum(axis=1)
    cuts = [0]
    while height - cuts[-1] > tallest:
        low = cuts[-1] + int(tallest * (1 - SLICE_SEARCH))
        cuts.append(low + int(np.argmin(unrest[low : cuts[-1] + tallest])) + 1)
    ends = [*cuts[1:], height]
    return [(top, pixels[top:end]) for top, end in zip(cuts, ends, strict=True)]


def _lines(engine: rapidocr.RapidOCR, pixels: Pixels) -> list[tuple[str, float, Corners, int]]:
    """Return each line's text, confidence, corners and the quarter turns that set it upright."""
    record: dict[str, object] = {"preprocess": {"ratio_h": 1.0, "ratio_w": 1.0}}
    detected, stood, recognised = engine.run_ocr_steps(pixels, record)[:3]
    if detected.boxes is None or recognised.txts is None:
        return []
    padding = cast("dict[str, int]", record["padding_1"])
    found = []
    for box, text, score, (label, certain) in zip(
        detected.boxes, recognised.txts, recognised.scores, stood.cls_res, strict=True
    ):
        if score < MIN_CONFIDENCE or not text.strip():
            continue
        corners = tuple((float(x), float(y) - padding["top"]) for x, y in box)
        on_its_head = "180" in label and certain > SURE
        turns = _is_tall(corners) + 2 * on_its_head
        found.append((text.strip(), round(float(score), 3), corners, turns))
    return found


def _is_tall(corners: Sequence[tuple[float, float]]) -> bool:
    (left, top), (right, other_top), _, (low_left, bottom) = corners
    across = np.hypot(right - left, other_top - top)
    down = np.hypot(low_left - left, bottom - top)
    return bool(down >= TALL * across)


if __name__ == "__main__":
    main()
