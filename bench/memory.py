"""Peak memory of a running program and of what it started, browsers apart (Linux, /proc).

Proportional set size (Pss in smaps_rollup, proc(5)): a page of memory that several processes share
counts once in all, not once for each, as Chromium's processes share much.
"""

import threading
from collections import defaultdict
from pathlib import Path

SAMPLE_SECONDS = 0.5
_KIB = 2**10


class Peak(threading.Thread):
    """Samples the process `pid` and its descendants until `stop`."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.own = 0  # bytes: the program and whatever it started that is no browser
        self.browser = 0  # bytes
        self.resident: dict[int, int] = {}  # process -> bytes that it held at most (VmHWM)
        self._over = threading.Event()

    def run(self) -> None:
        """Sample (threading.Thread)."""
        while not self._over.wait(SAMPLE_SECONDS):
            own = browser = 0
            for pid in _family(self.pid):
                name, size = _measure(pid)
                self.resident[pid] = max(self.resident.get(pid, 0), _resident(pid))
                if "chrom" in name:
                    browser += size
                else:
                    own += size
            self.own, self.browser = max(self.own, own), max(self.browser, browser)

    def stop(self) -> None:
        """Sample no more."""
        self._over.set()
        self.join()


def _family(root: int) -> list[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            children[int(fields[1])].append(int(entry.name))
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def _measure(pid: int) -> tuple[str, int]:
    """Return the program's path and its proportional set size in bytes."""
    try:
        name = str(Path(f"/proc/{pid}/exe").readlink())
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return "", 0
    sizes = [int(line.split()[1]) * _KIB for line in lines if line.startswith("Pss:")]
    return name, sum(sizes)


def _resident(pid: int) -> int:
    """Return the most that a process ever held resident, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(int(line.split()[1]) * _KIB for line in lines if line.startswith("VmHWM:"))
