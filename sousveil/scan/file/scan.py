"""Scans one file: every record in it, what is found, and an account of all that is not read.

`scan_file` is what a pool on this computer, Dask and Spark call: its arguments can be pickled, it
keeps nothing between calls but what it looks for, and doing it again gives the same file again.
"""

import time
from pathlib import Path

from sousveil.scan.file.answers import Answers
from sousveil.scan.file.filters import Filters
from sousveil.scan.file.finder import finder_for
from sousveil.scan.file.opening import SourceError, opened
from sousveil.scan.file.part import PartWriter, part_path
from sousveil.scan.file.tally import Tally
from sousveil.scan.file.values import Ended, FileReport, Job, Source
from sousveil.scan.file.walk import Walk


def scan_file(source: Source, folder: Path, job: Job) -> FileReport:
    """Scan one archive file; write what is found below `folder` and return what became of it.

    The findings are in `part_path(folder, source.name)` once this returns: written under another
    name, synced, then renamed, so that the file is there whole or not at all. Whatever is wrong
    with the archive is told in the report. Raises TopicError or InputError for a job that cannot
    be done, OSError when `folder` cannot be written.
    """
    began, cpu_began = time.monotonic(), time.process_time()
    finder, filters, tally = finder_for(job.topics, job.case), Filters(job), Tally()
    size = 0
    with PartWriter(part_path(folder, source.name), finder) as part:
        answers = Answers(source.name, finder, filters, tally, part)
        try:
            with opened(source.address) as (file, size):
                walk = Walk(file, size, answers, tally)
                if source.spans is None:
                    walk.whole()
                else:
                    walk.only(source.spans)
        except SourceError as error:
            tally.problem(f"it cannot be read: {error}")
    return FileReport(
        name=source.name,
        bytes=size if source.spans is None else sum(span.length for span in source.spans),
        records=tally.records,
        looked_at=tally.looked_at,
        skipped=dict(sorted(tally.skipped.items())),
        findings=part.count,
        documents=tally.documents,
        seconds=time.monotonic() - began,
        cpu_seconds=time.process_time() - cpu_began,
        ended=_ended(tally),
        problems=tally.told(),
        unread=tally.unread,
        unpacked_bytes=tally.unpacked_bytes,
        lost_bytes=tally.lost_bytes,
    )


def _ended(tally: Tally) -> Ended:
    if not tally.records:
        return "refused"
    return "partly" if tally.problems else "read"
