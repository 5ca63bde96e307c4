"""HTTP heads: the status line and header fields of an answer, read without complaint.

Takes bytes as a server sent them and gives an `HttpHead`; malformed lines are left out, never an
error, since what is wrong with a vendor's server is no reason to lose its page. Field values are
decoded as ISO 8859-1, which loses nothing (RFC 9110, section 5.5). Folded lines (RFC 9112,
section 5.2) are joined with one space. Also gives the parts of a media type (RFC 9110, 8.3.1), and
the time on the clock of whoever answered (RFC 9110, 6.6.1).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Clients take the protocol's name in any case, against RFC 9112, section 2.3.
_STATUS_LINE = re.compile(rb"\s*(?i:HTTP|ICY)(?:/[0-9.]+)?[ \t]+([0-9]{3})(?![0-9])")
_EMPTY_LINE = b"\r\n\r\n"
_END_OF_HEAD = re.compile(rb"\r{0,3}\n\r{0,3}\n")
_FOLD = re.compile(rb"\r{0,3}\n[ \t]+")
# Seconds; 68 years are the most that RFC 9111 section 1.2.2 knows.
_AGE = re.compile(r"[0-9]{1,10}")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?\s*([^\s;\"',]+)", re.IGNORECASE)
# RFC 9110 section 5.6.2 `token`, twice; anything else in a media type is noise.
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")


@dataclass(frozen=True, slots=True)
class HttpHead:
    """An answer's status and header fields, in the order received."""

    status: int | None  # None when the first line is no status line
    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """Return the value of the first field called `name` (any case), or ""."""
        wanted = name.lower()
        for key, value in self.fields:
            if key.lower() == wanted:
                return value
        return ""

    def get_list(self, name: str) -> list[str]:
        """Return the comma-separated members of all fields called `name`, in lower case."""
        wanted = name.lower()
        values = ",".join([value for key, value in self.fields if key.lower() == wanted])
        return [member.strip().lower() for member in values.split(",") if member.strip()]


def split_head(block: bytes, start: int = 0) -> int:
    """Return where the body begins in `block`, or -1 when the head has no end in it.

    What stands before `start` is not looked at.
    """
    end = block.find(_EMPTY_LINE, start)
    # What the pattern would find earlier has one of these; nearly no head does.
    if end >= 0 and block.find(b"\n\n", start, end) < 0 > block.find(b"\n\r", start, end + 1):
        return end + len(_EMPTY_LINE)
    found = _END_OF_HEAD.search(block, start)
    return found.end() if found else -1


def parse_head(head: bytes) -> HttpHead:
    """Return what `head` (an answer's bytes up to and with the empty line) says."""
    first, _, rest = head.partition(b"\n")
    found = _STATUS_LINE.match(first)
    if b"\n " in rest or b"\n\t" in rest:
        rest = _FOLD.sub(b" ", rest)
    fields = []
    for line in rest.decode("latin-1").split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            fields.append((name.strip(), value.strip()))
    return HttpHead(int(found[1]) if found else None, tuple(fields))


def dated(head: HttpHead) -> datetime | None:
    """Return what the clock of whoever answered showed, in UTC; None when it is not told.

    That is Date (RFC 9110, section 6.6.1), and where a cache answered, Age since (RFC 9111, section
    5.1): the time since the host, or the cache in its name, made the answer.
    """
    age = head.get("Age")
    try:
        made = parsedate_to_datetime(head.get("Date"))
        utc = made.astimezone(UTC) if made.tzinfo else made.replace(tzinfo=UTC)
        return utc + timedelta(seconds=int(age) if _AGE.fullmatch(age) else 0)
    except (ValueError, OverflowError):  # no date, or one that no calendar has
        return None


def media_type(content_type: str) -> str:
    """Return the media type in `content_type` in lower case, without parameters, or ""."""
    bare = content_type.partition(";")[0].partition(",")[0].strip().lower()
    return bare if _MEDIA_TYPE.fullmatch(bare) else ""


def charset(content_type: str) -> str:
    """Return the `charset` parameter of `content_type` as written, or ""."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""
