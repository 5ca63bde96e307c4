"""Whether what was read as text is none: bytes that were read the wrong way.

Takes a `Document` and gives the reason in words. One pass over the text.
"""

import re

from sousveil.model import Document

# Text of which more than this share is no character is bytes that were read the wrong way. Random
# and compressed bytes read as HTML have 0.09 and more in any encoding, 28 real pages 0.007 at most.
MAX_SHARE = 0.05

# Replacement characters and controls but for white space (Unicode 16, sections 23.1 and 23.8).
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]")


def garbled(document: Document) -> str | None:
    """Return why a text is none, in words, or None when it is one."""
    count = len(_NO_TEXT.findall(document.text))
    if count <= MAX_SHARE * len(document.text):
        return None
    return f"{count} of {len(document.text)} characters read are none: the bytes are no such text"
