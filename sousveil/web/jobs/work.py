"""Work: what the desk can be asked to do, as commands of our own.

Each is the line that a person would type, so what it does, refuses and says is the same as there.
What people wrote stands in a value of an option or is an id of ours: nothing becomes an option.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """Something that takes a while."""

    title: str  # as people read it
    command: tuple[str, ...]  # after `sousveil`, without --output
    gives: str = ""  # name of the file that it makes; "" for none
    form: tuple[tuple[str, str], ...] = ()  # what the form held, for the next one


VISIT_DUE = Work("Visit what is due", ("watch", "--once"))
"""By turns, as the watch does: people can decide meanwhile. What is new is due at once."""

ANALYSE = Work("Read what was captured", ("analyse",))
VERIFY = Work("Verify the whole case", ("verify",))


def visit(watch_ids: Sequence[str]) -> Work:
    """Visit these watches, due or not."""
    many = f"{len(watch_ids)} targets" if len(watch_ids) != 1 else "one target"
    return Work(f"Visit {many}", ("visit", *watch_ids))


def take_in(path: str) -> Work:
    """Import an archive that others made."""
    return Work("Take in an archive", ("import", path))


def try_out(addresses: Sequence[str], form: Sequence[tuple[str, str]]) -> Work:
    """Ask these addresses once, and keep nothing but what the form held that asked."""
    many = f"{len(addresses)} addresses" if len(addresses) != 1 else "one address"
    return Work(f"Try {many}", ("try", *addresses), "tried.jsonl", tuple(form))


def export_wacz(name: str, watch_ids: Sequence[str]) -> Work:
    """Write the captures of these watches, or of all, for players of web archives."""
    what = {0: "the case", 1: "one target"}.get(len(watch_ids), f"{len(watch_ids)} targets")
    command = ("export", "--format=wacz", *watch_ids)
    return Work(f"Export the captures of {what}", command, name)


def export_form(form: str, name: str, watch_ids: Sequence[str], *, takes_all: bool = False) -> Work:
    """Write what was found at these watches, or at all, in a form that others read.

    What nobody confirmed is left out unless it `takes_all`.
    """
    what = {0: "the case", 1: "one target"}.get(len(watch_ids), f"{len(watch_ids)} targets")
    options = (f"--format={form}", *(("--all",) if takes_all else ()))
    return Work(f"Export {what} as {form}", ("export", *options, *watch_ids), name)


def bundle(name: str, finding_ids: Sequence[str]) -> Work:
    """Write the evidence of these findings for a stranger to check."""
    many = f"{len(finding_ids)} findings" if len(finding_ids) != 1 else "one finding"
    return Work(f"Bundle {many}", ("bundle", *finding_ids), name)


def inquire(watch_id: str, *, sent: str, to: str) -> Work:
    """Freeze what a letter may make vanish, and log the inquiry."""
    command = ("inquiry", "about", f"--sent={sent}", f"--to={to}", watch_id)
    return Work("Freeze what a letter is about", command)
