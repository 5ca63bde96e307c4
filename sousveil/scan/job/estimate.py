"""An estimate: what a scan would take, before it is begun.

Takes the files and gives bytes, core-hours and the assumptions behind them. Of many files, the
sizes of some are asked for; the speed of one core is measured on the first bytes of a few, unless
it is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from sousveil.errors import InputError
from sousveil.scan.file.opening import opened
from sousveil.scan.file.scan import scan_file
from sousveil.scan.file.values import Job, Source
from sousveil.scan.job.inputs import FAULTS, unreadable

# A request each, of what lies far away; crawlers cut their files to one size.
SIZED_FILES = 32
# Some seconds of work, of files all over the list, for the first ones may be of one sort; a file
# that is cut is read up to the cut.
SAMPLED_FILES, SAMPLE_BYTES = 8, 32 * 2**20
_SMALL_SAMPLE = 2**20  # below which start-up counts for more than work
_SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a scan would take."""

    files: int
    bytes: int  # as stored, to be fetched and read
    bytes_per_second: float  # of one core, as stored
    core_hours: float
    assumed: tuple[str, ...]  # in sentences


def estimate(sources: Sequence[Source], job: Job, bytes_per_second: float | None) -> Estimate:
    """Return what scanning `sources` would take; raises InputError when they can't be read."""
    assumed = []
    size, words = _bytes(sources)
    assumed.append(words)
    if bytes_per_second is None:
        bytes_per_second, words = _speed(sources, job)
    else:
        words = f"One core reads {bytes_per_second / 1e6:,.1f} MB a second, as was given."
    assumed.append(words)
    assumed.append("Fetching is as fast as reading, and nothing has to be read twice.")
    hours = size / bytes_per_second / _SECONDS_AN_HOUR
    return Estimate(len(sources), size, bytes_per_second, hours, tuple(assumed))


def _bytes(sources: Sequence[Source]) -> tuple[int, str]:
    """Return how many bytes are to be read, and how that is known."""
    if all(source.spans is not None for source in sources):
        size = sum(span.length for source in sources for span in source.spans or ())
        return size, "The sizes are those of the records, as the index tells them."
    if all(Path(source.address).is_file() for source in sources):
        return sum(Path(s.address).stat().st_size for s in sources), "The sizes are the files'."
    step = max(1, len(sources) // SIZED_FILES)
    asked = [_size(source) for source in sources[::step][:SIZED_FILES]]
    mean = sum(asked) / len(asked)
    if len(asked) == len(sources):
        return sum(asked), "The sizes are those that the servers tell."
    words = f"The other files are as large as {len(asked)} that were asked for: {mean:,.0f} bytes."
    return round(mean * len(sources)), words


def _size(source: Source) -> int:
    try:
        with opened(source.address) as (_, size):
            return size
    except FAULTS as error:
        raise InputError(f"{source.name}: {unreadable(error)}") from error


def _speed(sources: Sequence[Source], job: Job) -> tuple[float, str]:
    """Return how fast this machine's core reads beginnings of files, and how that is known."""
    step = max(1, len(sources) // SAMPLED_FILES)
    chosen = sources[::step][:SAMPLED_FILES]
    size = records = 0
    seconds = 0.0
    with TemporaryDirectory(prefix="sousveil-estimate-") as folder:
        for number, source in enumerate(chosen):
            sample = Path(folder) / (f"{number}" + "".join(Path(source.address).suffixes[-2:]))
            sample.write_bytes(_sample(source, SAMPLE_BYTES // len(chosen)))
            taken = Source("sample", str(sample))
            if not number:
                scan_file(taken, Path(folder), job)  # makes the words ready, which is done once
            report = scan_file(taken, Path(folder), job)
            sample.unlink()
            size, records = size + report.bytes, records + report.records
            seconds += report.cpu_seconds
    if not records:
        raise InputError(
            f"{chosen[0].name}: no record can be read at its beginning, so no speed be measured."
            " Say it with --speed."
        )
    words = f"One core reads as fast as one here read the first {size:,} bytes of it."
    if len(chosen) > 1:
        words = f"One core reads as fast as one here read {size:,} bytes of {len(chosen)} files."
    if size < _SMALL_SAMPLE:
        words += " That is little: the true speed may be several times higher."
    return size / seconds, words


def _sample(source: Source, most: int) -> bytes:
    try:
        with opened(source.address) as (file, _):
            if source.spans is None:
                return file.read(most)
            pieces: list[bytes] = []
            size = 0
            for span in source.spans:
                file.seek(span.offset)
                pieces.append(file.read(span.length))
                size += span.length
                if size >= most:
                    break
            return b"".join(pieces)
    except FAULTS as error:
        raise InputError(f"{source.name}: {unreadable(error)}") from error


def to_builtins(told: Estimate, price_per_hour: float | None) -> dict[str, object]:
    """Return an estimate as JSON values, with what it costs at a price for a core's hour."""
    form: dict[str, object] = msgspec.to_builtins(told)
    return form | ({} if price_per_hour is None else {"price": told.core_hours * price_per_hour})
