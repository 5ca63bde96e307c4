"""Absence: whether an answer that came with status 200 is the page at all.

Servers say 200 and show a log-in form, a "not found" notice, or nothing. Takes the extracted text
of an answer and its source, and gives the verdict that the answer itself shows, or None when it is
a page. Pure, and modest: what it does not recognise is a page. Blocks and challenges of firewalls
are told by status alone so far. An answer that could be read in part only shows nothing by what it
lacks (`judge_loss`), and one of noise shows nothing at all (`noise`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sousveil.changes.fate import UNSURE
from sousveil.model import BlockKind, Document, Verdict

# Fewer characters than this are no page: a blank answer, or one that scripts would fill.
MIN_CHARACTERS = 20

# A notice is short; a page of this length has something else to say, whatever its title.
MAX_NOTICE_CHARACTERS = 1_500

# Text of which more than this share is no character is bytes that were read the wrong way. Random
# and compressed bytes read as HTML have 0.09 and more in any encoding, 28 real pages 0.007 at most.
MAX_NOISE_SHARE = 0.05

# Of what an archive says is missing in an answer, as much as a line of a report holds.
MAX_LOSS_CHARACTERS = 300

# Replacement characters and controls but for white space (Unicode 16, sections 23.1 and 23.8).
_NOISE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]")

_NOT_FOUND = re.compile(
    r"\b(?:error )?404\b|\bnot found\b|\b(?:no longer|isn.t|is not) (?:available|exist)"
    r"|does(?:n.t| not) exist|page (?:is )?(?:missing|unavailable)|has been (?:removed|deleted)"
    r"|nicht gefunden|existiert nicht|introuvable|n.existe (?:pas|plus)|no (?:se )?encontrad"
    r"|no existe|não encontrad|non trovat|niet gevonden|не найден|не существует|bulunamad"
    r"|页面不存在|頁面不存在|找不到|未找到|无法找到|無法找到|不存在|已删除|已刪除|已下线|已失效"
    r"|見つかりません|존재하지 않",
    re.IGNORECASE,
)
_PASSWORD = re.compile(rb"<input\b[^>]{0,400}\btype\s*=\s*[\"']?password", re.IGNORECASE)
_VISIBLE = frozenset(BlockKind) - {BlockKind.META, BlockKind.ALT, BlockKind.TITLE}


@dataclass(frozen=True, slots=True)
class Absence:
    """What an answer shows instead of the page."""

    verdict: Verdict
    confidence: float  # 0 to 1
    outcome: str  # for a person


def judge_answer(document: Document, source: bytes) -> Absence | None:
    """Return what an answer is instead of a page, or None when it looks like one."""
    visible = [
        document.text[block.start : block.end]
        for block in document.blocks
        if block.kind in _VISIBLE and not block.context.startswith("hidden")
    ]
    length = sum(len("".join(text.split())) for text in visible)
    if length < MIN_CHARACTERS:
        return Absence(Verdict.UNKNOWN, 0.5, f"an answer with {length} characters of text")
    if length > MAX_NOTICE_CHARACTERS:
        return None
    if document.format == "html" and _PASSWORD.search(source):
        return Absence(Verdict.LOGIN_WALL, 0.8, "a form that asks for a password")
    if any(_NOT_FOUND.search(text) for text in (document.title, *_headings(document, visible))):
        return Absence(Verdict.SOFT_404, 0.75, "a notice that there is no such page")
    return None


def judge_loss(document: Document, notes: Sequence[str]) -> Absence | None:
    """Return how far an answer can be trusted in what it lacks, or None when it is whole.

    `notes` is what did not go by the book when its codings were undone: cut, damaged, still coded.
    """
    lost = "; ".join([*notes, *filter(None, [document.unread])])
    if not lost:
        return None
    return Absence(Verdict.PRESENT, UNSURE, f"read in part: {lost[:MAX_LOSS_CHARACTERS]}")


def noise(document: Document) -> str | None:
    """Return why a text is none, in words, or None when it is one."""
    count = len(_NOISE.findall(document.text))
    if count <= MAX_NOISE_SHARE * len(document.text):
        return None
    return f"{count} of {len(document.text)} characters read are none: the bytes are no such text"


def _headings(document: Document, visible: list[str]) -> list[str]:
    """Return what stands out: headings, or the first words of an answer without any."""
    headings = [
        document.text[block.start : block.end]
        for block in document.blocks
        if block.kind is BlockKind.HEADING
    ]
    return headings or visible[:2]
