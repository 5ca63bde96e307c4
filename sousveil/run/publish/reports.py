"""Reports: what a dossier is made of, from the index, the log's head and the archive."""

import base64
from datetime import datetime
from pathlib import Path

from sousveil.case import Case
from sousveil.errors import EvidenceError
from sousveil.index.query import fates, findings, watch_reports
from sousveil.index.store import Index
from sousveil.model import Fault, LogHead, Report
from sousveil.run.publish.pictures import show_quotes
from sousveil.run.visit.records import SOFTWARE
from sousveil.tlog.log import read_checkpoint


def make_report(
    case: Case, index: Index, faults: tuple[Fault, ...], now: datetime, pictures: Path
) -> Report:
    """Return the report of a case as it stands, with what `verify` found wrong with it.

    Its pictures are written into the folder `pictures`; InputError when that cannot be done.
    """
    settings = case.settings
    head = read_checkpoint(case.log, settings.key)
    if head is None:
        raise EvidenceError(f"{case.log}: the log has no checkpoint. Run `sousveil verify`.")
    found = tuple(findings(index))
    shown, unpictured = show_quotes(case, found, pictures)
    return Report(
        title=settings.title,
        operator=settings.operator,
        made_at=now,
        software=SOFTWARE,
        watches=watch_reports(index),
        findings=found,
        fates=fates(index),
        log=LogHead(
            origin=head.origin,
            size=head.size,
            root=base64.b64encode(head.root).decode(),
            key=settings.key,
            checkpoint=head.note.decode(),
        ),
        faults=tuple(f"{fault.path}: {fault.problem}" for fault in faults),
        pictures=shown,
        unpictured=unpictured,
    )
