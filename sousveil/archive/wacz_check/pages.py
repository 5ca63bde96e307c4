"""The pages: whether what a package offers to begin with was captured.

Takes the lists in `pages/` and holds them against the records (WACZ 1.1.1, "pages.jsonl").
"""

from itertools import islice

from sousveil.archive.wacz_check.container import Package
from sousveil.archive.wacz_check.jsontext import instant_of, read_object, text_of
from sousveil.archive.wacz_check.layout import PAGES, within
from sousveil.archive.wacz_check.lines import lines
from sousveil.archive.wacz_check.manifest import MANIFEST
from sousveil.archive.wacz_check.records import address
from sousveil.archive.wacz_check.table import Records
from sousveil.archive.wacz_check.told import Told, cited
from sousveil.errors import ArchiveError
from sousveil.model import Json

# Of one list: no crawl of a million pages has been handed on in one package.
MAX_PAGES = 1_000_000

_FORMAT = "json-pages-1.0"


def check_pages(package: Package, about: Json, records: Records, told: Told) -> int:
    """Hold every page of every list against the records; return how many pages there are."""
    count = 0
    for member in within(package.members, PAGES, (".jsonl",)):
        try:
            number = 0
            for number, line in enumerate(islice(lines(package.file, member), MAX_PAGES), start=1):
                if line.strip():
                    count += _check_line(member.name, number, line, records, told)
            if number == MAX_PAGES:
                told.fault(member.name, f"has more than {MAX_PAGES:,} lines; the rest was not read")
        except ArchiveError as error:
            told.fault(member.name, str(error))
    main = text_of(about.get("mainPageUrl"))
    if main and not records.has_answer(address(main)):
        told.odd(MANIFEST, f"opens with {cited(main)}, of which there is no capture")
    return count


def _check_line(name: str, number: int, line: bytes, records: Records, told: Told) -> bool:
    """Hold a line against the records; tell whether it is a page."""
    where = f"line {number}"
    try:
        page = read_object(line)
    except ArchiveError as error:
        told.fault(name, f"{where} {error}")
        return False
    if "format" in page and "url" not in page:
        if number > 1 or page["format"] != _FORMAT:
            told.odd(name, f"{where}: the format is not '{_FORMAT}', or is told too late")
        return False
    if number == 1:
        told.odd(name, f"does not begin with its format, '{_FORMAT}'")
    url, at = text_of(page.get("url")), instant_of(page.get("ts"))
    if not url or at is None:
        told.fault(name, f"{where} is a page without an address, or without a time (RFC 3339)")
        return True
    if not records.has_answer(address(url)):
        told.odd(name, f"{where}: there is no capture of this page, {cited(url)}")
    elif not records.has_answer(address(url), f"{at.year:04}{at:%m%d%H%M%S}"):
        told.odd(name, f"{where}: the captures of {cited(url)} are of another time than {at:%F %T}")
    return True
