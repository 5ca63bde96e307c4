"""Which two looks at a target are compared.

Takes an open index, a target, and what the user said of the two looks; gives the looks. A look is
named by its number, from 1 (or from -1, the newest), or by a time, which means the last look until
then. Without a name: the newest look that brought the page, and those before it, of which
`difference.py` takes the last that shows a change. Reads the index only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from sousveil.errors import InputError, TargetError
from sousveil.index.query import visits_to, watches
from sousveil.index.store import Index
from sousveil.model import RENDERING_TYPE, Capture, Verdict, Visit, Watch, WatchKind
from sousveil.watch.targets import find_watches, web_address

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an address, with its number among them."""

    number: int  # from 1, in the order of their times
    visit: Visit
    wire: Capture | None  # what the address answered in the end
    rendered: Capture | None  # what a browser showed
    own: int | None  # its number among our own looks; None for a copy that others kept

    @property
    def is_page(self) -> bool:
        """Whether it brought the page, as far as the look by itself tells."""
        has_content = self.wire is not None and self.wire.status in {None, 200, 203}
        return has_content and self.visit.verdict in {Verdict.PRESENT, Verdict.MOVED}


def looks_at(index: Index, target: str) -> list[Look]:
    """Return the looks at a target, or at the address of a page of a watched site, oldest first.

    Raises TargetError when nothing of that name was looked at, and InputError for a repository.
    """
    address = _address(index, target)
    made = sorted(visits_to(index, address), key=lambda one: (one.started_at, one.log_index))
    own = accumulate(int(one.watch_id is not None) for one in made)
    found = [
        _look(number, one, mine)
        for number, (one, mine) in enumerate(zip(made, own, strict=True), 1)
    ]
    if not found:
        raise TargetError(f"{address}: not looked at yet. Run `sousveil visit {address}`.")
    return found


def _address(index: Index, target: str) -> str:
    try:
        chosen: Watch = find_watches(watches(index), [target])[0]
    except TargetError:
        address = web_address(target) if "://" in target else target
        if next(visits_to(index, address), None) is None:
            raise
        return address
    if chosen.kind is WatchKind.REPOSITORY:
        raise InputError(
            f"{chosen.target}: a repository, whose history tells what changed. See `sousveil"
            " changes`, or `git diff` in a clone."
        )
    return chosen.target


def _look(number: int, visit: Visit, own: int) -> Look:
    rendered = [one for one in visit.captures if one.media_type == RENDERING_TYPE]
    wire = [one for one in visit.captures if one.media_type != RENDERING_TYPE]
    return Look(
        number,
        visit,
        wire[-1] if wire else None,
        rendered[-1] if rendered else None,
        own if visit.watch_id is not None else None,
    )


def choose(
    looks: Sequence[Look], since: str | None, until: str | None
) -> tuple[Sequence[Look], Look]:
    """Return the former and the later look that the user means.

    The former is one of those returned, the newest of which comes first: more than one when the
    user did not say. Raises InputError when a name means no look, or there are no two to compare.
    """
    later = _newest_page(looks) if until is None else _named(looks, until, "--to")
    former = _before(looks, later) if since is None else [_named(looks, since, "--from")]
    if former[0].number == later.number:
        raise InputError(
            f"{later.visit.address}: --from and --to both mean look {later.number} of"
            f" {len(looks)}. Name two looks, by number or by time."
        )
    return former, later


def _newest_page(looks: Sequence[Look]) -> Look:
    pages = [look for look in looks if look.is_page]
    if not pages:
        raise InputError(
            f"{looks[-1].visit.address}: none of {len(looks)} looks brought the page. Name two with"
            " --from and --to to compare what came instead."
        )
    return pages[-1]


def _before(looks: Sequence[Look], later: Look) -> list[Look]:
    """Return the looks before `later` that brought the page, the newest first."""
    earlier = [look for look in looks if look.is_page and look.number < later.number]
    if not earlier:
        raise InputError(
            f"{later.visit.address}: there is no look before look {later.number} that brought the"
            " page. Visit it again, or name another with --from."
        )
    return earlier[::-1]


def _named(looks: Sequence[Look], name: str, option: str) -> Look:
    if _NUMBER.fullmatch(name):
        number = int(name)
        place = number - 1 if number > 0 else len(looks) + number
        if number and 0 <= place < len(looks):
            return looks[place]
        raise InputError(f"{option} {name}: there are looks 1 to {len(looks)}.")
    at = _time(name, option)
    by_then = [look for look in looks if look.visit.started_at <= at]
    if not by_then:
        first = looks[0].visit.started_at
        raise InputError(f"{option} {name}: the first look was on {first:%Y-%m-%d at %H:%M} UTC.")
    return by_then[-1]


def _time(name: str, option: str) -> datetime:
    try:
        at = datetime.fromisoformat(name)
    except ValueError as error:
        raise InputError(
            f"{option} {name}: neither a look's number nor a time. Write 3, -1, 2026-11-23 or"
            " 2026-11-23T06:30."
        ) from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at + timedelta(days=1, microseconds=-1) if _DAY.fullmatch(name) else at
