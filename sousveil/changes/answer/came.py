"""What came: which kind of answer stands where a page stood.

Takes the last good capture's text, an answer's text and facts, and what the host says to other
addresses; gives the `Kind` with reasons. Pure. The checks of `what_came`, in order, first that
tells wins:
    1. no answer at all;
    2. the page: half of its own text stands, whatever the status says;
    3. a firewall that names itself in a header, then the status (`status.py`);
    4. an answer cut short, or without text;
    5. what it says it is, in words, where it is short and new;
    6. what every other address of the host gets, too (`beside.py`);
    7. where it led: another site, the front page, another page;
    8. a bare link;
    9. the beginning of the page, or a heading, and no more;
   10. something short that nothing recognises; else the page, rewritten.
What it cannot tell it calls so (`Kind.UNTOLD`): a wall in a language that no list knows must not
become a removal.
"""

from collections.abc import Callable

from rapidfuzz import fuzz

from sousveil.changes.answer.beside import as_any_address, with_doubts
from sousveil.changes.answer.case import (
    MIN_CHARACTERS,
    SILENT,
    WALLS,
    Case,
    host_of,
    leads_up,
    links_in,
    sign_in_address,
)
from sousveil.changes.answer.edits import edits_between
from sousveil.changes.answer.notice import FAINT, LOUD, MAX_NOTICE_CHARACTERS, Said
from sousveil.changes.answer.repository import came_of_repository
from sousveil.changes.answer.status import PART_OF_PAGE, WHOLE_PAGE, by_status, is_front_page
from sousveil.changes.answer.text import Text, without_addresses, words_of
from sousveil.changes.answer.values import (
    ABSENCES,
    INTACT_SHARE,
    LOST_SHARE,
    NOTHING_ASKED,
    OTHER_HOST_CONFIDENCE,
    STANDS_SHARE,
    AnswerFacts,
    Around,
    Came,
    Kind,
)
from sousveil.model import Document, FailureKind

# A wall in the midst of a page's frame takes away much and says little: of what left, what came is
# at most this share. A page that is intact is no frame.
WALL_SHARE = 1 / 3

# One line: a title that came without what it is the title of.
MAX_HEADING_CHARACTERS = 120

# How alike, from 0 to 100, the first lines must be for an answer to begin as the page began.
SAME_BEGINNING = 60.0
BEGINNING_CHARACTERS = 400

# An answer this short, with so many links, is a signpost when half of its words name the page: are
# among the first that stood there.
MAX_SIGNPOST_CHARACTERS = 300
MAX_SIGNPOST_LINKS = 2
NAMING_WORDS = 30
NAMING_SHARE = 0.5

# A phrase that does not stand out tells an absence only in an answer of a few sentences, and then
# weakly; a wall it may tell in any notice, for a wall takes nothing away.
MAX_FAINT_CHARACTERS = 500

FAINT_CONFIDENCE = 0.6


def what_came(
    before: Document | None,
    after: Document | None,
    answer: AnswerFacts,
    around: Around = NOTHING_ASKED,
) -> Came:
    """Return what kind of answer came, how sure that is, and why.

    `before` is the last good capture (None at a first visit), `after` the answer's text (None when
    there is none), `around` what the host said to other addresses meanwhile. The confidence is
    that of this one answer; `verdict_of` weighs answers over time.
    """
    case = Case(Text(before) if before else None, Text(after or _NOTHING), answer, around)
    came = next(filter(None, (check(case) for check in _CHECKS)), None) or _otherwise(case)
    return with_doubts(case, came)


_NOTHING = Document("", (), "text", "utf-8")


def _no_answer(case: Case) -> Came | None:
    """1. Nothing came, or nothing was asked."""
    if case.status is not None:
        return None
    failure = case.answer.probes[-1].failure if case.answer.probes else None
    if failure is None:
        kind = Kind.PAGE if case.answer.probes else Kind.UNTOLD  # a repository has no status
        return Came(kind, 0.95, ("repository read" if case.answer.probes else "nothing was tried",))
    if failure.kind is FailureKind.REPOSITORY:
        return came_of_repository(case.answer.probes[-1])
    is_ours = failure.kind in {FailureKind.REFUSED_ADDRESS, FailureKind.EXIT}
    return Came(Kind.UNTOLD if is_ours else Kind.NO_ANSWER, 0.9, (failure.message,))


def _the_page(case: Case) -> Came | None:
    """2. Half of the page's own text stands, or a third and the rest says nothing else."""
    if case.before is None or case.compared is None or not case.before.words:
        return None
    kept = case.compared.kept
    if kept < LOST_SHARE or _is_another(case, kept):
        return None
    said = case.said if _is_mostly_loss(case) else None
    if said and said.strength >= LOUD and (kept < STANDS_SHARE or WALLS[said.sign][0] in SILENT):
        return None
    is_part = case.status in PART_OF_PAGE
    lost = case.answer.lost or (f"HTTP {case.status} is no whole page" if is_part else "")
    if lost and kept < 1:
        return Came(Kind.TRUNCATED, 0.9, (f"read in part: {lost}",), kept)
    if _breaks_off(case.before, case.after):
        return Came(Kind.TRUNCATED, 0.85, (f"breaks off in a passage, at {kept:.0%}",), kept)
    edits = edits_between(case.before, case.after)
    reasons = [edits.reason, f"{kept:.0%} of the former text stands"]
    if case.status not in WHOLE_PAGE:
        reasons.append(f"though the server says HTTP {case.status}")
    moved = case.arrived if case.is_elsewhere else ""
    if moved:
        reasons.append(f"now at {moved}")
    return Came(
        edits.kind,
        0.95 if kept >= STANDS_SHARE else 0.7,
        tuple(reasons),
        kept,
        edits.removed,
        edits.added,
        moved,
    )


def _is_another(case: Case, kept: float) -> bool:
    """Whether a redirect led to another page, which has the site's frame in common with this one.

    The frame and what a site says of itself may be nine tenths of its small pages, so a page of
    another name has to hold nearly all. Where all pages bear one name, half must stand on a front
    page, in a folder that the page lay in, or at an address that was known for another page.
    """
    if not case.is_elsewhere:
        return False
    if case.is_renamed:
        return kept < INTACT_SHARE or is_front_page(case.arrived)
    is_taken = case.around.there is not None or leads_up(case.asked, case.arrived)
    return kept < STANDS_SHARE and (is_taken or is_front_page(case.arrived))


def _is_mostly_loss(case: Case) -> bool:
    """Whether much more left than came."""
    if case.before is None or case.compared is None:
        return False
    if case.compared.kept > INTACT_SHARE:
        return False
    lost = (1 - case.compared.kept) * len(case.before.words)
    came = (1 - case.compared.known) * len(case.after.words)
    return case.compared.kept < STANDS_SHARE or came < WALL_SHARE * lost


def _breaks_off(before: Text, after: Text) -> bool:
    """Whether an answer is the page up to the midst of a passage, even of a word."""
    whole = len(after.words) - 1
    if whole < 0 or len(after.words) >= len(before.words) or not after.passages:
        return False
    former, last = before.words[: whole + 1], after.words[-1]
    if former[:whole] != after.words[:whole] or not former[whole].startswith(last):
        return False
    ending = words_of(after.passages[-1])
    return all(words_of(one) != ending for one in before.passages)


def _cut_or_empty(case: Case) -> Came | None:
    """4. Cut short on its way, or without text."""
    if case.answer.lost:
        return Came(Kind.TRUNCATED, 0.9, (f"read in part: {case.answer.lost}",))
    if any(case.after.words):
        return None
    said = case.said
    # A shell that scripts would fill holds the words of all its notices: only its title tells.
    if said and (WALLS[said.sign][0] in SILENT or said.strength > LOUD):
        return _said(said, 0.7)
    return Came(Kind.EMPTY, 0.8, (f"an answer with {case.after.length} characters of text",))


def _by_words(case: Case) -> Came | None:
    """5. What the answer says it is."""
    said = case.said
    if said is None or said.strength < (FAINT if case.before else LOUD):
        return None
    if case.before is None and case.after.length > MAX_NOTICE_CHARACTERS:
        return None  # a page of this length has something else to say, whatever its title
    if said.strength >= LOUD:
        return _said(said, 0.85)
    if WALLS[said.sign][0] in ABSENCES and case.after.length > MAX_FAINT_CHARACTERS:
        return None
    return _said(said, FAINT_CONFIDENCE)


def _by_place(case: Case) -> Came | None:
    """7. Where the answer came from, when that is not where it was asked for."""
    if not case.is_elsewhere:
        return None
    sign = sign_in_address(case.asked, case.arrived)
    if sign:
        kind, means = WALLS[sign[0]]
        return Came(kind, 0.7, (f'sent to {case.arrived}, which {means}: "{sign[1]}"',))
    if case.before is None or case.compared is None:
        return None
    shared = f"{case.compared.kept:.0%} of the former text stands there"
    if host_of(case.asked) != host_of(case.arrived):
        led = f"sent to another host: {case.arrived}"
        return Came(Kind.OTHER_SITE, OTHER_HOST_CONFIDENCE, (led, shared))
    if is_front_page(case.arrived):
        led = f"sent to the front page {case.arrived}"
        return Came(Kind.REDIRECTED_AWAY, 0.8, (led, shared))
    return Came(Kind.REDIRECTED_AWAY, 0.7, (f"sent to {case.arrived}", shared))


def _signpost(case: Case) -> Came | None:
    """8. A bare link that names the page."""
    words = set(case.after.words)
    is_short = case.after.length <= MAX_SIGNPOST_CHARACTERS
    if case.before is None or not is_short or not 0 < links_in(case) <= MAX_SIGNPOST_LINKS:
        return None
    if len(words.intersection(case.before.words[:NAMING_WORDS])) < NAMING_SHARE * len(words):
        return None
    shown = _one_line(case.after)[:MAX_HEADING_CHARACTERS]
    return Came(Kind.MOVED_NOTICE, 0.6, (f'only a link elsewhere came: "{shown}"',))


def _beginning_only(case: Case) -> Came | None:
    """9. A heading, or the beginning of the page, and no more."""
    if case.before is None or case.compared is None:
        return None
    if case.after.length > STANDS_SHARE * case.before.length:
        return None  # of a page that is a line itself, a line is no beginning
    text = _one_line(case.after)
    if len(text) <= MAX_HEADING_CHARACTERS:
        return Came(Kind.TRUNCATED, 0.8, (f'only a line came: "{text}"',))
    if case.after.length > LOST_SHARE * case.before.length:
        return None
    former = _one_line(case.before)
    begins = fuzz.ratio(former[:BEGINNING_CHARACTERS], text[:BEGINNING_CHARACTERS])
    if begins >= SAME_BEGINNING:
        return Came(Kind.TRUNCATED, 0.8, ("the beginning of the page came, and no more",))
    is_known = case.compared.known >= STANDS_SHARE
    known = "little but what stands on the page already came"
    return Came(Kind.TRUNCATED, 0.7, (known,)) if is_known else None


def _otherwise(case: Case) -> Came:
    """10. Take what is long for the page, rewritten; what is short, for nobody knows what."""
    if case.before is None or case.compared is None:
        if case.after.length < MIN_CHARACTERS:
            return Came(Kind.EMPTY, 0.5, (f"an answer with {case.after.length} characters",))
        return Came(Kind.PAGE, 0.9, ("a page, the first that was seen here",))
    if case.after.length <= min(MAX_NOTICE_CHARACTERS, LOST_SHARE * case.before.length):
        unlike = f"{case.after.length} characters came that are unlike the page"
        return Came(Kind.UNTOLD, 0.6, (f"{unlike}, and say no known thing",))
    edits = edits_between(case.before, case.after)
    reasons = (f"{case.compared.kept:.0%} of the former text stands", edits.reason)
    kind = edits.kind if edits.kind is Kind.ADDITION else Kind.EDIT
    return Came(
        kind,
        0.5,
        reasons,
        case.compared.kept,
        edits.removed,
        edits.added,
        other_lang=_other_lang(case.before, case.after),
    )


def _other_lang(before: Text, after: Text) -> str:
    former, now = before.document.lang, after.document.lang
    return now if former and former != now else ""


_CHECKS: tuple[Callable[[Case], Came | None], ...] = (
    _no_answer,
    _the_page,
    by_status,
    _cut_or_empty,
    _by_words,
    as_any_address,
    _by_place,
    _signpost,
    _beginning_only,
)


def _one_line(text: Text) -> str:
    return " ".join(without_addresses(" ".join(text.passages)).split())


def _said(said: Said, confidence: float) -> Came:
    kind, means = WALLS[said.sign]
    return Came(kind, confidence, (f'it {means}: "{said.phrase}"',))
