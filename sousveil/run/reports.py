"""Reports: everything a dossier is made of, drawn from the index and the log's head."""

import base64
from datetime import datetime

from sousveil.case import Case
from sousveil.errors import EvidenceError
from sousveil.index.query import fates, findings, watch_reports
from sousveil.index.store import Index
from sousveil.model import Fault, LogHead, Report
from sousveil.run.visits import SOFTWARE
from sousveil.tlog.log import read_checkpoint


def make_report(case: Case, index: Index, faults: tuple[Fault, ...], now: datetime) -> Report:
    """Return the report of a case as it stands, with what `verify` found wrong with it."""
    settings = case.settings
    head = read_checkpoint(case.log, settings.key)
    if head is None:
        raise EvidenceError(f"{case.log}: the log has no checkpoint. Run `sousveil verify`.")
    return Report(
        title=settings.title,
        operator=settings.operator,
        made_at=now,
        software=SOFTWARE,
        watches=watch_reports(index),
        findings=tuple(findings(index)),
        fates=fates(index),
        log=LogHead(
            origin=head.origin,
            size=head.size,
            root=base64.b64encode(head.root).decode(),
            key=settings.key,
            checkpoint=head.note.decode(),
        ),
        faults=tuple(f"{fault.path}: {fault.problem}" for fault in faults),
    )
