"""Stamping: the log's newest checkpoint goes to time-stamping authorities, and what holds is kept.

Nothing of the case leaves but a digest, a nonce and our address, by the case's exit. Whoever cannot
be reached is asked again next time: the newest checkpoint covers all that an older one did, so
nothing waits but the log itself, and nothing is lost. A stamp that does not hold is not kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from sousveil.case import Case
from sousveil.errors import LogError
from sousveil.model import Stamp
from sousveil.run.calendars import Anchored, ask_calendars
from sousveil.run.sending import Outside, send
from sousveil.run.witnessing import Heard, ask_witnesses
from sousveil.settings import Authority
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.timestamps.audit import check_stamps
from sousveil.tlog.timestamps.chain import (
    Certificate,
    name_of,
    read_certificates,
    system_roots,
)
from sousveil.tlog.timestamps.files import (
    MAX_CHAIN_BYTES,
    clear_leftovers,
    format_sums,
    keep_stamp,
    keep_subject,
    list_stamps,
    renewal_name,
    stamp_file,
)
from sousveil.tlog.timestamps.token import MAX_TOKEN_BYTES, check_token, make_query

QUERY_TYPE = "application/timestamp-query"  # RFC 3161, section 3.4

# An authority answers within a second. A visit waits for it, so a server that hangs is given up.
STAMP_SECONDS = 20.0

# Two make it hard to say that one of them lied, or lost its key.
ENOUGH = 2

# Time enough to find another authority, where the old one has closed.
RENEW_BEFORE = timedelta(days=90)
# A renewal by authorities whose own certificates end soon is not repeated at each visit.
RENEW_REST = timedelta(days=7)

# The service asks again this long after an authority could not be had.
RETRY_AFTER = timedelta(minutes=15)

# Authorities keep time to the second; beyond this our clock is worth a word.
CLOCK_TOLERANCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an authority answered."""

    authority: str
    entries: int  # of the log that were to be stamped
    at: datetime | None  # as the authority says; None when there is no stamp
    by: str  # the name in its certificate
    problem: str  # why there is none, in words
    clock_ahead: timedelta = timedelta(0)  # of this computer, where it is worth a word
    is_renewal: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an authority has not stamped yet."""

    authority: str
    entries: int  # of the log, at its end


def waiting(case: Case) -> list[Waiting]:
    """Return what each of the case's authorities has not stamped yet, if anything."""
    head = read_checkpoint(case.log, case.settings.key)
    size = head.size if head else 0
    stamped = dict.fromkeys(case.settings.timestamps.authorities, 0)
    for one in list_stamps(case.log).stamps:
        if one.authority in stamped:
            stamped[one.authority] = max(stamped[one.authority], one.size or 0)
    return [Waiting(name, size - done) for name, done in stamped.items() if done < size]


def stamp(case: Case, outside: Outside) -> Iterator[Asked]:
    """Have the log's newest checkpoint stamped by each authority that has not; yield the answers.

    The case's lock is held by turns (`outside.turn`), while something is stored: a stamp of what
    was the newest stays one when more was logged meanwhile. Raises LogError when the log cannot be
    read or written, and InterruptedError once `outside.stop` is set.
    """
    head = read_checkpoint(case.log, case.settings.key)
    names = [one.authority for one in waiting(case)]
    if head is None or not names:
        return
    with outside.turn():
        clear_leftovers(case.log)
    for name in names:
        yield _ask(case, name, (f"{head.size}.checkpoint", head.note), head.size, outside)


def renew(case: Case, outside: Outside) -> Iterator[Asked]:
    """Have all stamps of the case stamped anew, by each authority; yield the answers.

    As `stamp`.
    """
    stamps = list_stamps(case.log).stamps
    if not stamps:
        return
    covered = max(one.size or 0 for one in stamps)
    with outside.turn():
        clear_leftovers(case.log)
        subject = (renewal_name(outside.clock()), format_sums(case.log))
    for name in case.settings.timestamps.authorities:
        yield _ask(case, name, subject, covered, outside)


def renewal_is_due(stamps: Sequence[Stamp], now: datetime) -> bool:
    """Tell whether stamps that stand will soon not, and no renewal was made lately.

    What stands no more cannot be helped: a renewal shows only that it existed by then.
    """
    if any(one.is_renewal and now - one.at < RENEW_REST for one in stamps):
        return False
    return any(timedelta(0) < one.stands_until - now < RENEW_BEFORE for one in stamps)


def stamp_all(case: Case, outside: Outside) -> Iterator[Asked]:
    """Stamp what waits, then renew what soon stands no more; as `stamp`.

    Every stamp of the case is checked for that.
    """
    if not case.settings.timestamps.authorities:
        return
    yield from stamp(case, outside)
    head = read_checkpoint(case.log, case.settings.key)
    held, _ = check_stamps(case.log, case.settings.key, head)
    if renewal_is_due(held, outside.clock()):
        yield from renew(case, outside)


class Stamper:
    """Has the log stamped and witnessed while a service runs, no more often than the case wants."""

    def __init__(self, outside: Outside) -> None:
        """Make ready; nobody is asked yet."""
        self._outside = outside
        self._next_at: datetime | None = None
        self._rest = timedelta()  # until then, when it was set

    def is_due(self, case: Case) -> bool:
        """Tell whether it is time to ask anybody."""
        now = self._outside.clock()
        # Further ahead than it was ever put: the clock was set back since.
        is_rest = self._next_at is not None and now < self._next_at <= now + self._rest
        others = case.settings.timestamps
        is_any = others.authorities or others.calendars or case.settings.witnesses
        return not is_rest and bool(is_any)

    def stamp(self, case: Case) -> list[Asked | Anchored | Heard]:
        """Stamp what waits, and renew, and ask calendars and witnesses; as `stamp_all`."""
        asked: list[Asked | Anchored | Heard] = list(stamp_all(case, self._outside))
        asked += ask_calendars(case, self._outside)
        asked += ask_witnesses(case, self._outside)
        every = timedelta(hours=case.settings.timestamps.every_hours)
        is_lacking = any(one.problem for one in asked)
        self._rest = min(RETRY_AFTER, every) if is_lacking else every
        self._next_at = self._outside.clock() + self._rest
        return asked


def _ask(
    case: Case, name: str, subject: tuple[str, bytes], entries: int, outside: Outside
) -> Asked:
    """Ask one authority for a stamp of a file, by name and content; keep both if it holds."""
    authority, (file, data) = case.settings.timestamps.authorities[name], subject
    is_renewal = file.endswith(".sums")
    query = make_query(data)
    try:
        roots, extra = _trusted(case, authority)
        response = _answer(case, authority, query.der, outside)
        held = check_token(response, data, roots=roots, extra=extra, nonce=query.nonce)
    except LogError as error:
        return Asked(authority.name, entries, None, "", str(error), is_renewal=is_renewal)
    with outside.turn():
        path = keep_subject(case.log, file, data)
        keep_stamp(stamp_file(path, authority.name), response, held.path)
    ahead = outside.clock() - held.at
    return Asked(
        authority.name,
        entries,
        held.at,
        name_of(held.path[0]),
        "",
        clock_ahead=ahead if abs(ahead) > CLOCK_TOLERANCE else timedelta(0),
        is_renewal=is_renewal,
    )


def _trusted(
    case: Case, authority: Authority
) -> tuple[Sequence[Certificate], Iterable[Certificate]]:
    """Return the roots that an authority may lead to, and certificates that may stand between."""
    if not authority.ca_file:
        return system_roots(), ()
    path = case.root / authority.ca_file
    try:
        with path.open("rb") as file:
            named = read_certificates(file.read(MAX_CHAIN_BYTES), str(path))
    except OSError as error:
        raise LogError(f"{path} cannot be read ({error.strerror}). Mend ca_file.") from error
    return [one for one in named if one.subject == one.issuer], named


def _answer(case: Case, authority: Authority, query: bytes, outside: Outside) -> bytes:
    """Return what an authority answers; raises LogError, with the reason, when that is nothing."""
    status, body = send(
        case,
        authority.url,
        query,
        QUERY_TYPE,
        outside,
        seconds=STAMP_SECONDS,
        max_bytes=MAX_TOKEN_BYTES,
    )
    if status != HTTPStatus.OK:
        raise LogError(f"{authority.url} answered HTTP {status}.")
    if not body:
        raise LogError(f"{authority.url} answered nothing.")
    return body
