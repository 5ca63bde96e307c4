"""Revisits held against the records they refer to, over all files of a case.

Takes the head of every record, file after file, and gives a fault for each revisit whose original
is not there or holds another payload (WARC 1.1, section 6.7). That a record's payload has the
digest that its head gives is for `read.verify_warc` to check.
"""

from collections.abc import Iterator

from sousveil.archive.records import RecordHead
from sousveil.model import Fault


class Revisits:
    """The payloads that records hold, and those that revisits rely on."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}  # payload digest, by record id
        self._meant: list[tuple[str, int, str, str]] = []  # file, offset, original's id, digest

    def note(self, warc: str, head: RecordHead) -> None:
        """Take in a record of the file known as `warc`."""
        digest = head.get("WARC-Payload-Digest")
        if head.type == "revisit":
            self._meant.append((warc, head.offset, head.get("WARC-Refers-To"), digest))
        elif digest or head.type == "response":
            self._held[head.get("WARC-Record-ID")] = digest

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the revisits noted, once all files were read."""
        for warc, offset, original, digest in self._meant:
            held = self._held.get(original)
            if held is None:
                problem = (
                    f"byte {offset}: no whole file here holds {original}, its payload's record"
                )
                yield Fault(warc, problem)
            elif held != digest:
                problem = f"byte {offset}: the record {original} does not hold the payload it means"
                yield Fault(warc, problem)
