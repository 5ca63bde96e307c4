"""Commands by which people decide on findings: review, queue."""

from enum import StrEnum
from typing import Annotated

import typer

from sousveil.cli.casework import now
from sousveil.cli.options import CaseOption, JsonOption, chosen_case
from sousveil.cli.reading import one_finding
from sousveil.cli.screen import plain, say, tell, write_json
from sousveil.cli.words import review_lines
from sousveil.index.query import fates
from sousveil.index.reviews import reviews
from sousveil.jsonform import finding_json
from sousveil.ledger import writing
from sousveil.review.decisions import EVENT, Decision, review_body, status
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.read.analyse import load_engine


class Verb(StrEnum):
    """What can be done with a finding."""

    CONFIRM = "confirm"
    REJECT = "reject"


_DECISIONS: dict[Verb, Decision] = {Verb.CONFIRM: "confirmed", Verb.REJECT: "rejected"}


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(review)


def review(
    finding_id: Annotated[
        str, typer.Argument(metavar="ID", help="A finding's id, or its beginning.")
    ],
    decision: Annotated[Verb, typer.Argument(help="Whether it is what its label says.")],
    *,
    by: Annotated[str, typer.Option(help="Who decides; it is written into the log.")],
    note: Annotated[str, typer.Option(help="Why, in a sentence.")] = "",
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide on a finding: confirm it, or reject it.

    The decision is logged with the finding as it was shown. Who decides again changes their mind;
    two people may disagree.
    """
    case = chosen_case(folder)
    with writing(case) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        finding = one_finding(index, finding_id, load_engine(case).name)
        body = review_body(finding, _DECISIONS[decision], by, note)
        writer.commit(EVENT, body, now=now())
        sync_index(case, index)
        decided = reviews(index)[finding.id]
        fate = fates(index).get(finding.id)
    if as_json:
        write_json([finding_json(finding, fate, decided)])
        return
    say(f"{finding.id}  {status(decided)}", "bold")
    say(f"    “{plain(finding.quote)}”")
    for line in review_lines(decided):
        say(f"    {line}")
    tell("Next: sousveil queue")
