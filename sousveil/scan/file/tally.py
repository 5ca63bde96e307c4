"""What was met in one file: records by what became of them, and what is wrong, with its place."""

from collections import Counter
from dataclasses import dataclass, field

# More problems than this of one file say nothing new; the rest is counted.
MAX_PROBLEMS = 200
# Types that the standard and the old formats name; what else a file claims is one kind.
_TYPES = frozenset(
    {"warcinfo", "request", "metadata", "continuation", "arc_header", "response", "resource"}
)


@dataclass(slots=True)
class Tally:
    """Counts of one file."""

    records: int = 0
    looked_at: int = 0
    documents: int = 0
    unread: int = 0
    unpacked_bytes: int = 0
    lost_bytes: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _left_out: int = 0

    def skip(self, why: str) -> None:
        """Count a record that is not looked at."""
        self.skipped[why] += 1

    def skip_type(self, record_type: str) -> None:
        """Count a record that holds no answer."""
        known = record_type if record_type in _TYPES else "other"
        self.skipped[f"{known} record"] += 1

    def problem(self, words: str) -> None:
        """Note one line, or count it where there are many."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(words)
        else:
            self._left_out += 1

    def told(self) -> tuple[str, ...]:
        """Return all problems, the last line counting those that were left out."""
        more = [f"and {self._left_out} more problems"] if self._left_out else []
        return (*self.problems, *more)
