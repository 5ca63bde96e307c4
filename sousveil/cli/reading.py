"""Commands that show what was found: findings, show, topics."""

from itertools import groupby
from operator import attrgetter
from typing import Annotated

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case
from sousveil.cli.telling.screen import clock, count_of, plain, say, tell, tell_problems, write_json
from sousveil.cli.telling.words import tell_finding, tell_who
from sousveil.cli.tracing import tell_trace
from sousveil.errors import InputError
from sousveil.index.query import fates, findings, unread
from sousveil.index.reviews import no_longer_found, reviews_of
from sousveil.index.store import Index
from sousveil.index.traces import traces
from sousveil.index.translations import translations_of
from sousveil.jsonform import finding_json
from sousveil.model import Finding
from sousveil.run.found import found
from sousveil.run.indexing import open_index
from sousveil.run.read.analyse import load_engine
from sousveil.topics import KINDS, Topic, check, load, shipped


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="findings")(findings_)
    app.command()(show)
    topics = typer.Typer(
        help="What is looked for: ethnicity, emotion and more.", invoke_without_command=True
    )
    topics.callback()(topics_help)
    topics.command(name="list")(topics_list)
    topics.command(name="show")(topics_show)
    topics.command(name="check")(topics_check)
    app.add_typer(topics, name="topics")


def findings_(
    *,
    label: Annotated[
        list[str] | None, typer.Option(help="offers, reports, denies, discusses.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option(help="Part of the name of the actor, or of the publisher.")
    ] = None,
    status_: Annotated[
        list[str] | None,
        typer.Option("--status", help="open, confirmed, rejected, disputed: what people decided."),
    ] = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what was found.

    Passages that claim a system infers or targets a protected trait of people.
    """
    case = chosen_case(folder)
    with open_index(case) as index:
        engine = load_engine(case, index).name
        chosen = list(found(index, labels=label or (), actor=actor or "", statuses=status_ or ()))
        waiting = len(unread(index, engine))
    if waiting:
        tell(f"{count_of(waiting, 'capture')} not read by this version: run `sousveil analyse`.")
    if as_json:
        write_json(one.as_json() for one in chosen)
        return
    for one in chosen:
        tell_finding(one.finding, one.fate, one.reviews)
        if one.no_longer_found_by:
            say(f"    no longer found by {one.no_longer_found_by}", "yellow")
    say(f"{count_of(len(chosen), 'finding')}.")


def show(
    finding_id: Annotated[
        str, typer.Argument(metavar="ID", help="A finding's id, or its beginning.")
    ],
    *,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one finding with its evidence."""
    case = chosen_case(folder)
    with open_index(case) as index:
        finding = one_finding(index, finding_id)
        told = fates(index)
        fate = told.get(finding.id)
        trace = traces(index, told=told).get(finding.id)
        decided = reviews_of(index, [finding.id]).get(finding.id, ())
        told_otherwise = translations_of(index, [finding]).get(finding.id, ())
        lost = {one.id: reader for one, reader in no_longer_found(index)}
    if as_json:
        form = finding_json(finding, fate, decided, trace, told_otherwise)
        write_json(
            [form | ({"no_longer_found_by": lost[finding.id]} if finding.id in lost else {})]
        )
        return
    tell_finding(finding, None if trace else fate, decided)
    if finding.id in lost:
        say(f"    no longer found by {lost[finding.id]}", "yellow")
    for one in told_otherwise:
        say(f"    {one.lang}, by {plain(one.by)}: {plain(one.text, limit=2_000)}")
    say("")
    say(f"In its passage:\n    {plain(finding.passage, limit=2_000)}")
    say("Because it:")
    for reason in finding.claim.reasons:
        say(f"    - {plain(reason)}")
    say(f"Judged by: {plain(finding.claim.engine)}")
    tell_who(finding)
    if trace is not None:
        tell_trace(finding, fate, trace)
    _tell_evidence(finding)


def _tell_evidence(finding: Finding) -> None:
    record = finding.capture.record
    say("Evidence:")
    say(f"    {plain(record.warc)}, record {plain(record.record_id)} at byte {record.offset}")
    digest = plain(record.digest)
    say(f"    {digest} (the record's block), logged as entry {finding.log_index}")
    how = "handed in" if finding.capture.is_handed_in else "captured"
    place = "as" if finding.capture.is_handed_in else "from"
    at = clock(finding.capture.captured_at)
    say(f"    {how} {at} {place} {plain(finding.capture.url)}")
    for caveat in finding.caveats:
        say(f"    but {plain(caveat)}", "yellow")
    source = finding.source
    if source.entered is not None:
        lines = f"line {source.line}"
        if source.end_line != source.line:
            lines = f"lines {source.line} to {source.end_line}"
        say(f"    {plain(source.path or '')}, {lines}")
        for word, commit in (("entered", source.entered), ("left", source.left)):
            if commit is not None:
                message = plain(commit.message)
                say(f"    {word} in commit {commit.id}, {clock(commit.authored_at)}: “{message}”")
    say("Check it: sousveil verify")


def one_finding(index: Index, finding_id: str) -> Finding:
    """Return the finding whose id begins so, one that only a decision tells of included.

    Raises InputError when there is none, or more than one.
    """
    known = (*findings(index), *(finding for finding, _ in no_longer_found(index)))
    matches = [finding for finding in known if finding.id.startswith(finding_id)]
    if not finding_id or not matches:
        raise InputError(f"{finding_id}: no such finding. `sousveil findings` lists them.")
    if len(matches) > 1:
        ids = ", ".join(finding.id for finding in matches[:5])
        raise InputError(f"{finding_id}: begins several findings ({ids}). Give more of it.")
    return matches[0]


def topics_help(context: typer.Context) -> None:
    """Show what can be done with topics."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def topics_list(*, as_json: JsonOption = False) -> None:
    """List the topics that come with sousveil."""
    topics = [load(name) for name in shipped()]
    if as_json:
        write_json(
            {"name": topic.name, "version": topic.version, "title": topic.title} for topic in topics
        )
        return
    for topic in topics:
        say(f"{topic.name:<12} {topic.title} (version {topic.version})")


def topics_show(
    name: Annotated[str, typer.Argument(help="A topic's name, or a file.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what a topic looks for."""
    topic = load(name)
    if as_json:
        write_json([topic])
        return
    say(f"{plain(topic.name)} {topic.version}: {plain(topic.title)}")
    say(plain(topic.description))
    _tell_terms(topic)


def _tell_terms(topic: Topic) -> None:
    for (trait, kind), terms in groupby(topic.terms, key=attrgetter("trait", "kind")):
        say(f"\n{trait}, {kind} ({KINDS[kind].partition(':')[0]})")
        for lang, told in groupby(terms, key=attrgetter("lang")):
            say(f"    {lang}: " + ", ".join(plain(term.text) for term in told))


def topics_check(
    files: Annotated[list[str], typer.Argument(help="Topic files, or names of shipped ones.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Check topic files, before they are used."""
    problems = [(file, problem) for file in files for problem in check(file)]
    tell_problems(problems, as_json=as_json)
