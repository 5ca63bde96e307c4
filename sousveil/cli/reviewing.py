"""Commands by which people decide on findings, and a case learns from it: review, queue, model."""

from enum import StrEnum
from typing import Annotated

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.reading import one_finding
from sousveil.cli.telling.screen import count_of, plain, say, tell, write_json
from sousveil.cli.telling.words import review_lines, tell_finding
from sousveil.index.query import fates_of, findings_of
from sousveil.index.queue import count_waiting, waiting
from sousveil.index.reviews import logged_model, reviews, reviews_of
from sousveil.jsonform import finding_json
from sousveil.ledger import writing
from sousveil.model import Json
from sousveil.review.casemodel import FILE
from sousveil.review.decisions import MAX_SERVED, Decision, status
from sousveil.review.queue import queue
from sousveil.run.deciding import Verdict, copies_of, decide, is_lesson, take_back
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.learning import Trained, drop, train, unfit_model
from sousveil.run.ranking import experience_of, rank

MAX_CORRECTIONS = 15  # shown; the file has them all
MAX_ORDERED = 1_000  # at the front, put in order anew by the latest decisions; some seconds' work


class Verb(StrEnum):
    """What can be done with a finding."""

    CONFIRM = "confirm"
    REJECT = "reject"
    UNDO = "undo"


_DECISIONS: dict[Verb, Decision] = {Verb.CONFIRM: "confirmed", Verb.REJECT: "rejected"}


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(review)
    app.command(name="queue")(queue_)
    model = typer.Typer(
        help="What this case learnt from your decisions.", invoke_without_command=True
    )
    model.callback()(model_help)
    model.command(name="train")(model_train)
    model.command(name="show")(model_show)
    model.command(name="drop")(model_drop)
    app.add_typer(model, name="model")


def review(
    finding_id: Annotated[
        str, typer.Argument(metavar="ID", help="A finding's id, or its beginning.")
    ],
    decision: Annotated[
        Verb, typer.Argument(help="Whether it is what its label says; or undo, to take that back.")
    ],
    *,
    by: Annotated[str, typer.Option(help="Who decides; it is written into the log.")],
    note: Annotated[str, typer.Option(help="Why, in a sentence.")] = "",
    copies: Annotated[
        bool, typer.Option("--copies", help="Decide on the same words elsewhere, too.")
    ] = False,
    settle: Annotated[
        bool, typer.Option("--settle", help="Let this count where you disagreed with others.")
    ] = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide on a finding: confirm it, reject it, or take back what you decided.

    The decision is logged with the finding as it was shown. Who decides again changes their mind;
    two people may disagree, until a third decides, or one of them settles it.
    """
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        finding = one_finding(index, finding_id)
        if decision is Verb.UNDO:
            take_back(writer, index, by, now(), finding_id=finding.id, note=note)
            served = 1
        else:
            ids = copies_of(index, finding.id, by, MAX_SERVED) if copies else [finding.id]
            verdict = Verdict(_DECISIONS[decision], by, note, settle)
            if is_lesson(decide(writer, index, ids, verdict, now())):
                rank(index)
            served = len(ids)
        decided = reviews_of(index, [finding.id]).get(finding.id, ())
        fate = fates_of(index, [finding.id]).get(finding.id)
    if as_json:
        write_json([finding_json(finding, fate, decided)])
        return
    say(f"{finding.id}  {status(decided)}", "bold")
    say(f"    “{plain(finding.quote)}”")
    for line in review_lines(decided):
        say(f"    {line}")
    if served > 1:
        say(f"    with it, {count_of(served - 1, 'finding')} in the same words")
    tell("Next: sousveil queue")


def queue_(
    *,
    by: Annotated[str, typer.Option(help="Leave out what they have decided on already.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what waits for a decision, the most pressing first.

    Likely, grave and new findings come first; what is like those you rejected sinks. Each says why
    it stands where it stands. The same words elsewhere are counted, not listed.
    """
    case = chosen_case(folder)
    with open_index(case) as index:
        count = count_waiting(index, by)
        front = waiting(index, by, max(limit, MAX_ORDERED))
        found = findings_of(index, [one.finding_id for one in front])
        placed = queue(found, experience_of(index))[:limit]
        told = fates_of(index, [one.finding.id for one in placed])
        disputed = sum(status(ones) == "disputed" for ones in reviews(index).values())
    copies = {one.finding_id: one.count - 1 for one in front}
    if as_json:
        write_json(
            {"why": list(place.why), "copies": copies[place.finding.id]}
            | finding_json(place.finding, told.get(place.finding.id))
            for place in placed
        )
        return
    for place in placed:
        tell_finding(place.finding, told.get(place.finding.id))
        if copies[place.finding.id]:
            say(f"    the same words {count_of(copies[place.finding.id], 'more time')}")
        for why in place.why:
            say(f"    {plain(why)}")
    rest = f", {disputed} disputed" if disputed else ""
    say(f"{count_of(count, 'finding')} to decide on{rest}.")
    if placed:
        tell(f"Next: sousveil review {placed[0].finding.id} confirm|reject --by NAME")


def model_help(context: typer.Context) -> None:
    """Show what can be done with the case's own model."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def model_train(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Learn from what people decided on.

    The model is measured on sources that it has not learnt from, and used only if it judges them
    better than the weights that come with sousveil.
    """
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        trained = train(writer, index, now())
        sync_index(case, index)
    if as_json:
        write_json([_trained_json(trained)])
        return
    lesson = trained.lesson
    decisions = f"{trained.confirmed} confirmed, {trained.rejected} rejected"
    say(f"Learnt from {decisions}, of {lesson.sources} sources. Judged on sources not learnt from:")
    say(f"    {'':<10} {'before':>8} {'after':>8}")
    say(f"    {'wrong':<10} {lesson.before.wrong:>8} {lesson.after.wrong:>8}")
    say(f"    {'log loss':<10} {lesson.before.log_loss:>8.3f} {lesson.after.log_loss:>8.3f}")
    if trained.model is None:
        say("Not used: it judges them no better than the weights that come with sousveil.")
        return
    say(f"Case model {trained.model['version']} is used from now on.", "bold")
    tell("Next: sousveil analyse")


def _trained_json(trained: Trained) -> Json:
    lesson = trained.lesson
    return {
        "used": trained.model is not None,
        "version": trained.model["version"] if trained.model else None,
        "confirmed": trained.confirmed,
        "rejected": trained.rejected,
        "sources": lesson.sources,
        "before": lesson.before,
        "after": lesson.after,
    }


def model_show(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Show what the case's own model says, in words."""
    case = chosen_case(folder)
    with open_index(case) as index:
        form, unfit = logged_model(index), unfit_model(index)
    if as_json:
        write_json([{**form, "used": unfit is None}] if form else [])
        return
    if form is None:
        say("No model of its own: the weights that come with sousveil judge.")
        return
    record = form["record"]
    decisions = f"{len(record['confirmed'])} confirmed, {len(record['rejected'])} rejected"
    say(f"Case model {form['version']}, of {record['date']}: {decisions}")
    if unfit is not None:
        say("Not used: it was made for other weights than this version's. Train again.", "yellow")
    say("What speaks for a claim (+) or against it (-), in log-odds:")
    for each in form["corrections"][:MAX_CORRECTIONS]:
        say(f"    {each['by']:+.2f}  {plain(each['means'])}  ({each['feature']})")
    rest = len(form["corrections"]) - MAX_CORRECTIONS
    if rest > 0:
        say(f"    and {rest} smaller ones, in {FILE}")


def model_drop(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Go back to the weights that come with sousveil."""
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        version = drop(writer, index, now())
        sync_index(case, index)
    if as_json:
        write_json([{"dropped": version}])
        return
    say(f"Case model {version} is used no more.")
    tell("Next: sousveil analyse")
