"""What a scan takes from a case: what it looks for, and whom it knows."""

from pathlib import Path

from sousveil.case import open_case
from sousveil.index.query import official_lists
from sousveil.run.indexing import open_index
from sousveil.run.read.analyse import topic_place
from sousveil.scan.file.values import CaseActors


def topics_of(folder: Path) -> tuple[str, ...]:
    """Return the topics of the case in a folder, as `Job` takes them; raises CaseError for none."""
    case = open_case(folder)
    return tuple(topic_place(case, name) for name in case.settings.topics)


def actors_of(folder: Path) -> CaseActors:
    """Return the actors that the case in a folder names; raises CaseError when it is no case."""
    case = open_case(folder)
    with open_index(case) as index:
        return CaseActors(str(case.root), tuple(official_lists(index)))
