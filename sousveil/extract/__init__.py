"""Text out of captures, each character with the way back to the bytes it came from."""

from sousveil.extract.charset import decode_as
from sousveil.extract.ocr.document import recognised, recognised_caveat, runs_of
from sousveil.extract.packages.parts import part_payload
from sousveil.extract.pdf.document import boxes
from sousveil.extract.reader import extract
from sousveil.extract.readings import Reading, readings

__all__ = [
    "Reading",
    "boxes",
    "decode_as",
    "extract",
    "part_payload",
    "readings",
    "recognised",
    "recognised_caveat",
    "runs_of",
]
