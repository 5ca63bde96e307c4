"""The dossier's words: labels, verdicts, languages, dates and counts, in plain English."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sousveil.model import BlockKind, Label, Listing, Source, Verdict

# Labels as LABELLING defines them, for a reader who has not read it.
LABEL_MEANINGS: dict[Label, str] = {
    "offers": "the text itself offers, describes, implements or requires the capability",
    "reports": "a third party states that somebody has, tests, sells or uses it",
    "denies": "the actor denies it, limits it or says it was removed",
    "discusses": "on the subject, without saying that anybody in particular has it",
}

# Who speaks, of an attribution.
SPEAKERS: dict[str, str] = {
    "actor": "the actor itself speaks",
    "third party": "a third party speaks",
    "unknown": "who speaks is not known",
}

# For counts: one, several.
LABEL_VERBS: dict[Label, tuple[str, str]] = {
    "offers": ("offers such a capability", "offer such a capability"),
    "reports": ("reports that somebody has one", "report that somebody has one"),
    "denies": ("denies or withdraws it", "deny or withdraw it"),
    "discusses": ("discusses the subject", "discuss the subject"),
}

# The ways in which a statement can be gone, for counts.
VERDICT_COUNTS: dict[Verdict, str] = {
    Verdict.EDITED: "reworded",
    Verdict.QUOTE_REMOVED: "no longer in the page or file that stands there",
    Verdict.REMOVED: "gone with the page",
    Verdict.SOFT_404: "replaced by a “not found” page",
    Verdict.MOVED: "moved",
    Verdict.REDIRECTED_AWAY: "at an address that now leads elsewhere",
    Verdict.LOGIN_WALL: "put behind a login",
    Verdict.BLOCKED: "refused to us",
    Verdict.BLOCKED_BY_COUNTRY: "refused to our country",
    Verdict.UNREACHABLE: "out of reach",
    Verdict.UNKNOWN: "gone in a way that is unclear",
}

# What stood in place of a statement that is missing, for counts: it may be back.
MISSING_COUNTS: dict[Verdict, str] = VERDICT_COUNTS | {
    Verdict.QUOTE_REMOVED: "not in the page that came",
    Verdict.REMOVED: "at an address that answered “not found”",
    Verdict.SOFT_404: "where a “not found” page came",
    Verdict.REDIRECTED_AWAY: "at an address that led elsewhere",
}

# What people who looked at a statement decided; who they are is not told.
DECISIONS = {"confirmed": "confirmed by a person", "disputed": "people disagree on it"}

# What one visit showed.
MARKS = {
    "seen": "there",
    "changed": "there, without words it had",
    "gone": "not found there, or sent elsewhere",
    "barred": "no usable answer",
}

BLOCK_KINDS: dict[BlockKind, str] = {
    BlockKind.PARAGRAPH: "paragraph",
    BlockKind.HEADING: "heading",
    BlockKind.LIST_ITEM: "list item",
    BlockKind.CELL: "table cell",
    BlockKind.TITLE: "page title",
    BlockKind.META: "page metadata, not visible to a reader of the page",
    BlockKind.ALT: "text that stands for a picture or control",
    BlockKind.CODE: "code",
    BlockKind.COMMENT: "comment in source code",
    BlockKind.STRING: "string in a data file",
    BlockKind.FIELD: "field name",
}

# What a picture is of.
PICTURES: dict[str, str] = {
    "screenshot": "the page as a browser showed it",
    "page": "the page as drawn from the PDF",
    "image": "the picture as it was published",
}

_LANGUAGES = {
    "ar": "Arabic",
    "code": "source code",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "he": "Hebrew",
    "ja": "Japanese",
    "kk": "Kazakh",
    "ko": "Korean",
    "ru": "Russian",
    "tr": "Turkish",
    "ug": "Uyghur",
    "zh": "Chinese",
    "zh-cn": "Chinese, simplified",
    "zh-hans": "Chinese, simplified",
    "zh-hant": "Chinese, traditional",
    "zh-hk": "Chinese, traditional",
    "zh-tw": "Chinese, traditional",
}

# Not from the calendar module: its names change with the reader's locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def seen(source: Source, url: str) -> str:
    """Return where a quote of the page at `url` was seen, and who sent it; "" if not compared."""
    if source.seen_in == "both":
        return "in the bytes the server sent and on the screen"
    if source.seen_in == "wire":
        return "only in the bytes the server sent: it was not on the screen of a visitor's browser"
    return f"only on the screen: {_maker(source, url)}" if source.seen_in else ""


def _maker(source: Source, url: str) -> str:
    addresses = listing(dict.fromkeys(origin.url for origin in source.came_from) or ("",))
    if not addresses:
        return "script made it, and no answer of the visit holds it as it stands"
    if any(origin.url == url for origin in source.came_from):
        return "the server sent it to the browser, but not to a request without one"
    if all("html" in origin.media_type for origin in source.came_from):
        return f"it is in a page framed there, {addresses}"
    return f"script put it there, from the answer of {addresses}"


def listing_dates(listing: Listing) -> str:
    """Return since when, and until when, an official list names somebody; "" when it tells none."""
    dates = (("since", listing.since), ("until", listing.until))
    return ", ".join(f"{word} {date}" for word, date in dates if date)


def language(lang: str) -> str:
    """Return the English name of a language tag; the tag itself where we know no name."""
    known = lang.lower()
    return _LANGUAGES.get(known) or _LANGUAGES.get(known.partition("-")[0]) or lang


def day(when: datetime) -> str:
    """Return the day in UTC: "1 March 2026"."""
    moment = when.astimezone(UTC)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def minute(when: datetime) -> str:
    """Return the minute in UTC: "1 March 2026, 08:00 UTC"."""
    return f"{day(when)}, {when.astimezone(UTC):%H:%M} UTC"


def second(when: datetime) -> str:
    """Return the second in UTC: "1 March 2026, 08:00:59 UTC"."""
    return f"{day(when)}, {when.astimezone(UTC):%H:%M:%S} UTC"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 statement", "1,200 statements"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listing(items: Iterable[str]) -> str:
    """Return items as a list in a sentence: "a, b and c"."""
    *rest, last = items
    return f"{', '.join(rest)} and {last}" if rest else last


def sentence(text: str) -> str:
    """Return `text` as a sentence: capital letter, full stop, unless a quotation ends in one."""
    stop = "" if text.endswith((".", ".”")) else "."
    return f"{text[:1].upper()}{text[1:]}{stop}" if text else ""
