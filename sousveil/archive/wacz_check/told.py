"""What is found in a package: faults, for which it is not whole, and remarks.

What breaks a MUST of a standard, or is plainly untrue, is a fault. What breaks a SHOULD, or is odd,
is a remark in others' packages; in ours, which one program writes in one way, it is a fault.
"""

from collections import Counter
from dataclasses import dataclass, field

from sousveil.model import Fault

# Of one file. More of them say nothing new: they are counted.
MAX_OF_A_FILE = 40
# Files with something wrong that are named; a package can be made of nothing else.
MAX_FILES_NAMED = 250
# Of a name, an address or a value that strangers wrote, when it is cited.
MAX_CITED = 200


@dataclass(slots=True)
class _Kept:
    """Lines on files, each but once, no more than are of use."""

    lines: dict[Fault, None] = field(default_factory=dict)
    of_file: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0  # lines on files that are not named

    def add(self, line: Fault) -> None:
        if line in self.lines:
            return
        if line.path not in self.of_file and len(self.of_file) == MAX_FILES_NAMED:
            self.elsewhere += 1
            return
        self.of_file[line.path] += 1
        if self.of_file[line.path] <= MAX_OF_A_FILE:
            self.lines[line] = None

    def take(self, later: "_Kept") -> None:
        for line in later.lines:
            self.add(line)
        for path, count in later.of_file.items():
            if path in self.of_file:
                self.of_file[path] += max(0, count - MAX_OF_A_FILE)
        self.elsewhere += later.elsewhere

    def all(self) -> tuple[Fault, ...]:
        more = [
            Fault(path, f"and {count - MAX_OF_A_FILE:,} more like these")
            for path, count in self.of_file.items()
            if count > MAX_OF_A_FILE
        ]
        if self.elsewhere:
            more.append(Fault("", f"and {self.elsewhere:,} more, in other files"))
        return (*self.lines, *more)


class Told:
    """Faults and remarks, in the order in which they were found."""

    def __init__(self) -> None:
        self.is_ours = False  # set once it is known who made the package
        self.found = (_Kept(), _Kept(), _Kept())
        self._faults, self._remarks, self._oddities = self.found

    def fault(self, path: str, problem: str) -> None:
        """Note what is wrong with the file `path` of the package; "" is the package itself."""
        self._faults.add(Fault(cited(path), problem))

    def remark(self, path: str, problem: str) -> None:
        """Note what is worth knowing."""
        self._remarks.add(Fault(cited(path), problem))

    def odd(self, path: str, problem: str) -> None:
        """Note what our program never writes: a fault in a package of ours, else a remark."""
        self._oddities.add(Fault(cited(path), problem))

    def take(self, later: "Told") -> None:
        """Take in, behind what is told already, what was found elsewhere meanwhile."""
        for ours, theirs in zip(self.found, later.found, strict=True):
            ours.take(theirs)

    def faults(self) -> tuple[Fault, ...]:
        """Return all faults; where many were found, the last ones tell how many more."""
        return self._faults.all() + (self._oddities.all() if self.is_ours else ())

    def remarks(self) -> tuple[Fault, ...]:
        """Return all remarks, likewise."""
        return self._remarks.all() + (() if self.is_ours else self._oddities.all())


def cited(text: str) -> str:
    """Return what a stranger wrote, cut to a length that can be told."""
    return text if len(text) <= MAX_CITED else f"{text[:MAX_CITED]}…"
