"""Reports: what a dossier is made of, from the index, the log's head and the archive."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sousveil.case import Case
from sousveil.dossier.harm.marks import PictureMark, Sheet
from sousveil.errors import EvidenceError
from sousveil.index.facts import FactFilter, facts
from sousveil.index.histories import happenings
from sousveil.index.inquiries import inquiries, replies
from sousveil.index.query import fates, findings, watch_reports
from sousveil.index.reviews import no_longer_found, reviews
from sousveil.index.store import Index
from sousveil.index.traces import traces
from sousveil.index.translations import translations_of
from sousveil.model import Fault, Letter, LogHead, Report, Stamp, WatchReport
from sousveil.review.decisions import status
from sousveil.run.publish.pictures import Cover, show_quotes
from sousveil.run.visit.records import SOFTWARE
from sousveil.tlog.log import read_checkpoint


def make_report(
    case: Case,
    index: Index,
    faults: tuple[Fault, ...],
    now: datetime,
    pictures: Path,
    *,
    operator: str = "",
    stamps: tuple[Stamp, ...] = (),
    with_translations: bool = False,
    looked_at: Mapping[Sheet, PictureMark] | None = None,
    cover: Cover = lambda _, __: [],
) -> Report:
    """Return the report of a case as it stands, with what `verify` found wrong with it.

    `stamps` are those that `verify` found to hold, `operator` who is named as its author. A
    translation is never without its translator's name, so there are none unless that may be told.

    `looked_at` are pictures with the boxes that editors drew on them; `cover` tells what is painted
    over besides.

    Findings that people rejected are left out and counted; no reviewer is named. Its pictures are
    written into the folder `pictures`; InputError when that cannot be done.
    """
    settings = case.settings
    head = read_checkpoint(case.log, settings.key)
    if head is None:
        raise EvidenceError(f"{case.log}: the log has no checkpoint. Run `sousveil verify`.")
    decided = {finding_id: status(ones) for finding_id, ones in reviews(index).items()}
    known = findings(index)
    found = tuple(one for one in known if decided.get(one.id) != "rejected")
    told = fates(index)
    shown, unpictured = show_quotes(case, found, pictures, looked_at, cover)
    watched = watch_reports(index)
    return Report(
        title=settings.title,
        operator=operator,
        made_at=now,
        software=SOFTWARE,
        watches=tuple(
            replace(one, happenings=tuple(happenings(index, one.watch.id))) for one in watched
        ),
        findings=found,
        fates=told,
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
        decided={
            one.id: verdict
            for one in found
            if (verdict := decided.get(one.id)) in {"confirmed", "disputed"}
        },
        rejected=len(known) - len(found),
        lost=sum(decided[one.id] == "confirmed" for one, _ in no_longer_found(index)),
        stamps=stamps,
        traces=traces(index, found, told),
        translations=translations_of(index, found) if with_translations else {},
        facts=tuple(facts(index, FactFilter(status=("confirmed",)))),
        letters=tuple(_letters(index, watched)),
    )


def _letters(index: Index, watched: Iterable[WatchReport]) -> Iterator[Letter]:
    """Yield the letters that went, without whom they went to: no reader needs that."""
    actors = {one.watch.target: one.watch.actor or "" for one in watched}
    for one in sorted(inquiries(index), key=lambda one: (one.sent_at, one.log_index)):
        came = tuple((reply.received_at, reply.log_index) for reply in replies(index, one))
        yield Letter(one.target, actors.get(one.target, ""), one.sent_at, one.log_index, came)
