"""What HTML's elements do to text: which stand apart, which cut a line, which keep white space.

Shared by the reader of HTML and the reader of what a browser made of it, so that both cut the same
page into the same blocks. After the HTML Standard, sections 4 and 15.3 (its default style sheet),
as far as text is concerned.
"""

import re

from sousveil.model import BlockKind

HEADINGS = {f"h{level}": level for level in range(1, 7)}
KINDS = {
    **dict.fromkeys(HEADINGS, BlockKind.HEADING),
    **dict.fromkeys(("li", "dt", "dd", "option"), BlockKind.LIST_ITEM),
    **dict.fromkeys(("td", "th"), BlockKind.CELL),
    **dict.fromkeys(("pre", "xmp"), BlockKind.CODE),
    **dict.fromkeys(("body", "table", "caption", "svg"), BlockKind.PARAGRAPH),
}
_OTHER_BLOCKS = """
    address article aside audio blockquote button canvas center datalist desc details dialog dir
    div dl fieldset figcaption figure footer foreignobject form frameset head header hgroup html
    legend main math menu nav noscript object ol optgroup p search section select summary template
    text textarea tbody tfoot thead title tr ul video
"""
BLOCKS = frozenset(KINDS) | frozenset(_OTHER_BLOCKS.split())
CUTS = frozenset({"br", "hr", "img", "input", "area", "embed"})  # void elements that part text
PREFORMATTED = frozenset({"pre", "textarea", "xmp"})
BUTTON_TYPES = frozenset({"submit", "button", "reset"})  # of <input>, whose value is shown
MAX_HEADING_CHARACTERS = 120  # of a heading in the context of what stands below it
WIDE = re.compile(  # characters between which a line break is no space (CSS Text 3, section 4.1.3)
    r"[\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]"
)


def span_number(value: str) -> int:
    """Return the number that `colspan` or `rowspan` begins with; 1 without one."""
    digits = re.match(r"\s*(\d{1,4})", value)
    return int(digits[1]) if digits else 1
