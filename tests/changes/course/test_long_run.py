"""Ninety days of scripted faults at many addresses: no removal is missed, none is made up.

Each address has a script: what it answers from which hour on. A fault lasts up to 36 hours, the
longest that was measured, and the page is seen between two of them; one page in three is removed on
some day, for good. Looks come every six to eighteen hours, and some in bursts.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from sousveil.changes.answer import ABSENCES, Came, Kind, Standing
from sousveil.changes.course import Seen, Told, verdict_of
from sousveil.model import GONE, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 90
MAX_FAULT_HOURS = 36
TOLD_WITHIN_HOURS = 24 * 10  # a week for the weakest signs, with the looks that lie around it
STANDS = Came(Kind.UNCHANGED, 0.95, ("it stands",), 1.0)
EDITED = Came(Kind.REMOVAL, 0.95, ("half stands",), 0.5)
FAULTS = sorted(set(Kind) - {kind for kind in Kind if Came(kind, 1, ("",)).is_page})


def answers(chance: Random, removed_at: float) -> list[tuple[float, Came, Standing | None]]:
    """Return what the address answers from which hour on."""
    script: list[tuple[float, Came, Standing | None]] = [(0, STANDS, Standing.STANDS)]
    hour = chance.uniform(20, 200)
    while hour + MAX_FAULT_HOURS + 20 < min(removed_at, DAYS * 24):
        kind = chance.choice(FAULTS)
        script.append((hour, Came(kind, chance.uniform(0.4, 0.95), ("a fault",)), None))
        hour += chance.uniform(0.1, MAX_FAULT_HOURS)
        script.append((hour, STANDS, Standing.STANDS))
        hour += chance.uniform(20, 300)
    if chance.random() < 0.4:
        script.append((removed_at, EDITED, Standing.MISSING))
    else:
        kind = chance.choice(sorted(ABSENCES))
        script.append((removed_at, Came(kind, chance.uniform(0.5, 0.95), ("gone",)), None))
    return script


def looks(chance: Random, script: list[tuple[float, Came, Standing | None]]) -> list[Seen]:
    hour = 0.0
    seen: list[Seen] = []
    while hour < DAYS * 24:
        _, came, quote = max((one for one in script if one[0] <= hour), key=lambda one: one[0])
        seen.append(Seen(START + timedelta(hours=hour), len(seen), came, quote))
        hour += chance.uniform(0.05, 0.3) if chance.random() < 0.1 else chance.uniform(6, 18)
    return seen


@pytest.mark.parametrize("number", range(60))
def test_every_removal_is_told_in_time_and_no_fault_is(number: int) -> None:
    chance = Random(number)  # noqa: S311  # a script, no secret
    is_removed = number % 3 == 0
    removed_at = chance.uniform(200, 1500) if is_removed else float("inf")
    seen = looks(chance, answers(chance, removed_at))
    told: list[Told] = [verdict_of(seen[: end + 1]) for end in range(len(seen))]
    for look, now in zip(seen, told, strict=True):
        hour = (look.at - START) / timedelta(hours=1)
        if now.verdict in GONE:
            assert hour >= removed_at
        if hour >= removed_at + TOLD_WITHIN_HOURS:
            assert now.verdict in GONE
        if now.is_held:
            assert now.reasons[0].startswith("not confirmed yet")
        if look.came is STANDS:
            assert now.verdict is Verdict.PRESENT
    changes = [now.verdict in GONE for now in told]
    assert sum(one != other for one, other in pairwise(changes)) == is_removed
