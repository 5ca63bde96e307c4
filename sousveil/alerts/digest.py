"""Digests: several notices in one message, telling as much as its reader is to know.

Takes notices, oldest first, and gives a `Message`. A channel's level says what a third party, who
carries the message, learns: `count` how many sentences, `sentence` which ones, `full` where they
stand and whose they are. None tells of the case, its folder, who runs it, or its settings.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sousveil.model import Notice
from sousveil.settings import Tells

# Of one message: people read so many; whoever wants the rest opens the case.
MAX_TOLD = 12

# Discord takes 2,000 characters, the shortest of the common services; what is more would be cut
# there without a word.
MAX_CHARACTERS = 1_900

# A quote comes from strangers: nobody is called by it, and it makes no links or markup where
# services read some.
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "‘", "*": "∗", "|": "¦"})

_TARGETS = frozenset({"history", "unwell", "well"})


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is given to deliver."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence stands or stood, and whose it is: for level `full` alone."""

    address: str
    actor: str | None


def digest(notices: Sequence[Notice], tells: Tells, places: Mapping[str, Place]) -> Message:
    """Return the message that tells of `notices`, of which there is at least one.

    `places` has the place of findings by their id; it is looked at for level `full` alone.
    """
    title = _title(notices)
    if tells == "count":
        return Message(title, f"{title}. Open the case.")
    lines: list[str] = []
    length = 0
    for notice in notices[:MAX_TOLD]:
        line = notice.text.translate(_HARMLESS)
        place = places.get(notice.finding_id or "")
        if tells == "full" and place is not None:
            line += f"\n{_where(place)}"
        length += len(line) + 2
        if lines and length > MAX_CHARACTERS:
            break
        lines.append(line[:MAX_CHARACTERS])
    if len(lines) < len(notices):
        lines.append(f"And {len(notices) - len(lines):,} more: open the case.")
    return Message(title, "\n\n".join(lines))


def _title(notices: Iterable[Notice]) -> str:
    kinds = [notice.kind for notice in notices]
    counts = (
        (sum(kind == "found" for kind in kinds), "sentence found", "sentences found"),
        (
            sum(kind != "found" and kind not in _TARGETS for kind in kinds),
            "sentence changed",
            "sentences changed",
        ),
        (sum(kind == "history" for kind in kinds), "target changed", "targets changed"),
        (sum(kind == "unwell" for kind in kinds), "target unreachable", "targets unreachable"),
        (sum(kind == "well" for kind in kinds), "target answers again", "targets answer again"),
    )
    return ", ".join(f"{n:,} {one if n == 1 else several}" for n, one, several in counts if n)


def _where(place: Place) -> str:
    address = place.address.replace("<", "%3C").replace(">", "%3E")
    return f"{place.actor.translate(_HARMLESS)}: {address}" if place.actor else address
