"""The layout: whether a package has the files that a WACZ must have, each in its place.

Takes the files and tells what is missing or misplaced (WACZ 1.1.1, "Directories and Files", "Zip
Format").
"""

from collections.abc import Sequence

from sousveil.archive.wacz_check.container import Member
from sousveil.archive.wacz_check.told import Told

ARCHIVE, INDEXES, PAGES = "archive/", "indexes/", "pages/"
PAGES_FILE = "pages/pages.jsonl"
WARC_ENDS = (".warc", ".warc.gz")
CDXJ_ENDS = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz")

_PACKED_ENDS = (".gz", ".zip", ".wacz")
_ENDS = {ARCHIVE: WARC_ENDS, INDEXES: (*CDXJ_ENDS, ".idx"), PAGES: (".jsonl",)}


def within(members: Sequence[Member], folder: str, ends: tuple[str, ...]) -> list[Member]:
    """Return the files in a folder of the package whose names end so."""
    return [
        one for one in members if one.name.startswith(folder) and one.name.lower().endswith(ends)
    ]


def check_layout(members: Sequence[Member], told: Told) -> None:
    """Tell what is missing, what is misplaced, and what is compressed that must not be."""
    if not within(members, ARCHIVE, WARC_ENDS):
        told.fault("", "holds no WARC file in archive/: there is no capture to prove")
    if not within(members, INDEXES, CDXJ_ENDS):
        told.fault("", "holds no index in indexes/: players find nothing in it")
    if not any(one.name == PAGES_FILE for one in members):
        told.fault("", f"holds no {PAGES_FILE}, the list of its pages")
    for one in members:
        for folder, ends in _ENDS.items():
            is_in = one.name.startswith(folder) and not one.name.endswith("/")
            if is_in and not one.name.lower().endswith(ends):
                told.fault(one.name, f"has no place in {folder}, which is for {', '.join(ends)}")
        is_packed = one.name.lower().endswith(_PACKED_ENDS)
        if not one.is_stored and (is_packed or one.name.startswith(ARCHIVE)):
            what = "is compressed twice" if is_packed else "is compressed within the package"
            note = told.fault if is_packed else told.odd
            note(one.name, f"{what}: no player can go to a record in it")
