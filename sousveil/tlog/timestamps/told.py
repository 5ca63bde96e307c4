"""What time stamps prove, in sentences: the same in the terminal and in the dossier. Pure."""

from collections.abc import Iterator, Sequence

from sousveil.model import Stamp


def told(stamps: Sequence[Stamp], size: int) -> Iterator[str]:
    """Yield what stamps, the earliest first, prove of a log of `size` entries; nothing for none.

    Of each authority its first stamp and the one that covers most are told.
    """
    own = [one for one in stamps if not one.is_renewal]
    by_root: dict[tuple[str, str], list[Stamp]] = {}
    for one in own:
        by_root.setdefault((one.by, one.root_sha256), []).append(one)
    for theirs in by_root.values():
        widest = max(theirs, key=lambda one: (one.entries, -one.at.timestamp()))
        for one in dict.fromkeys((theirs[0], widest)):
            yield _sentence(one, size)
    rest = size - max((one.entries for one in own), default=size)
    if rest > 0:
        what = "The newest entry has" if rest == 1 else f"The newest {rest:,} entries have"
        yield f"{what} no time stamp: their time is that of the computer that logged."


def _sentence(stamp: Stamp, size: int) -> str:
    if stamp.entries == size:
        what = "All of the log"
    elif stamp.entries == 1:
        what = "The first entry of the log"
    else:
        what = f"The first {stamp.entries:,} entries of the log"
    root = f"the root {stamp.root}, SHA-256 {stamp.root_sha256}"
    known = (
        "which this computer trusts"
        if stamp.is_trusted
        else "which this computer does not know: compare the digest with its owner's"
    )
    at = f"{stamp.at:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"{what} existed by {at}, says {stamp.by} under {root}, {known}."
        f" This stamp stands until {stamp.stands_until:%Y-%m-%d}."
    )
