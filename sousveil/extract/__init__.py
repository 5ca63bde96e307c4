"""Text out of captures, each character with the way back to the bytes it came from."""

from sousveil.extract.charset import decode_as
from sousveil.extract.pdf.document import boxes
from sousveil.extract.reader import extract

__all__ = ["boxes", "decode_as", "extract"]
