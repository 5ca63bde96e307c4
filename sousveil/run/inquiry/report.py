"""Reports: what the index tells of an inquiry until now."""

from sousveil.changes.inquiry import Course, course
from sousveil.errors import InputError
from sousveil.index.inquiries import frozen, inquiries, last_polls, replies
from sousveil.index.query import event_body, fates, findings, visits
from sousveil.index.store import Index
from sousveil.model import Inquiry


def report(index: Index, inquiry: Inquiry) -> Course:
    """Return what went after a letter, in what order, and what stands; from the index alone."""
    known = set(inquiry.watch_ids)
    told = fates(index)
    seen = [visit for watch_id in inquiry.watch_ids for visit in visits(index, watch_id)]
    chosen = frozen(index, inquiry)
    return course(
        inquiry,
        chosen,
        visits=sorted(seen, key=lambda visit: visit.log_index),
        fates=[
            (finding, told[finding.id])
            for finding in findings(index)
            if finding.watch_id in known and finding.id in told
        ],
        replies=replies(index, inquiry),
        polled=last_polls(index, inquiry),
        broken={
            one.log_index
            for one in chosen
            if one.log_index is not None and _is_broken(index, one.log_index)
        },
    )


def _is_broken(index: Index, log_index: int) -> bool:
    """Tell whether the answer of a visit failed, before its end or altogether."""
    probes = event_body(index, log_index)["probes"]
    return bool(probes) and probes[-1]["failure"] is not None


def one_inquiry(index: Index, named: str) -> Inquiry:
    """Return the inquiry whose id begins so; raises InputError for none, or more than one."""
    matches = [one for one in inquiries(index) if one.id.startswith(named)]
    if not named or not matches:
        raise InputError(f"{named}: no such inquiry. `sousveil inquiry list` names them.")
    if len(matches) > 1:
        ids = ", ".join(one.id for one in matches[:5])
        raise InputError(f"{named}: begins several inquiries ({ids}). Give more of it.")
    return matches[0]
