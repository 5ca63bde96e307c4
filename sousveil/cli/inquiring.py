"""Commands for letters to vendors: inquiry, with report, list, reply and close.

Who asks a vendor about a page warns them. All that may vanish is frozen before the letter goes, and
what vanishes is told with the time after it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sousveil.cli.moments import parse_moment
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.inquired import (
    frozen_json,
    inquiry_json,
    report_json,
    tell_frozen,
    tell_report,
)
from sousveil.cli.telling.screen import (
    FOUND_WRONG,
    clock,
    count_of,
    plain,
    progress,
    say,
    tell,
    write_json,
)
from sousveil.cli.telling.stamped import stamp_and_tell
from sousveil.errors import InputError
from sousveil.index.inquiries import inquiries, replies
from sousveil.ledger import writing
from sousveil.model import Inquiry, Visit, Watch
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.inquiry.freeze import Asked, Ended, freeze, named_watches
from sousveil.run.inquiry.letters import Letter, close_inquiry, log_reply, read_letter
from sousveil.run.inquiry.report import one_inquiry, report
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.visit.watches import watches_in_log

_ABOUT = "about"


class _Inquiries(TyperGroup):
    """`inquiry TARGET …` is `inquiry about TARGET …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # typer names no public type
        is_named = not args or args[0] in self.commands or args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if is_named else [_ABOUT, *args])


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(
        cls=_Inquiries,
        invoke_without_command=True,
    )
    group.callback()(inquiry_help)
    group.command(name=_ABOUT)(inquiry_about)
    group.command(name="report")(inquiry_report)
    group.command(name="list")(inquiry_list)
    group.command(name="reply")(inquiry_reply)
    group.command(name="close")(inquiry_close)
    app.add_typer(group, name="inquiry")


LetterOption = Annotated[
    Path | None, typer.Option("--letter", help="The letter's file: its SHA-256 is logged.")
]
KeepOption = Annotated[
    bool, typer.Option("--keep-letter", help="Keep the letter's text in the case, too.")
]


def inquiry_help(context: typer.Context) -> None:
    """Write to a vendor without losing the evidence.

    sousveil inquiry TARGET --sent WHEN --to WHOM freezes what the letter may make vanish.
    """
    if context.invoked_subcommand is None:
        say(context.get_help())


def inquiry_about(
    target: Annotated[
        str, typer.Argument(help="What the letter is about: an address, or a watch.")
    ],
    *,
    sent: Annotated[str, typer.Option(help="When the letter goes: now, in 2h, 2026-11-24 09:00.")],
    to: Annotated[str, typer.Option(help="To whom, in your words: an office, no private person.")],
    also: Annotated[
        list[str] | None, typer.Option(help="Something else to freeze; may be given again.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Something not to freeze; may be given again.")
    ] = None,
    letter: LetterOption = None,
    keep_letter: KeepOption = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Freeze what a letter may make vanish, before it goes.

    The target, what lies beside it, its other languages and documents and the actor's other watches
    are visited now, and the inquiry is logged. Exit status 1: something could not be frozen, which
    is named. Send the letter after this command, not before.
    """
    case = chosen_case(folder)
    began = now()
    sent_at = parse_moment(sent, began, "--sent")
    kept = _letter(letter, keep=keep_letter)
    _check_words(to)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        engine = load_engine(case, index)
        known = watches_in_log(case)
        (about,) = named_watches([target], known, began)
        asked = Asked(
            target=about,
            to=to,
            sent_at=sent_at,
            also=tuple(named_watches(also or [], known, began)),
            without=frozenset(one.id for one in named_watches(without or [], known, began)),
            letter=kept,
        )
        with progress("freezing") as bar:
            froze = freeze(
                writer, index, asked, known, clock=now, chosen=_tell_chosen, ended=_counter(bar)
            )
        stamp_and_tell(case, now)
        with progress("reading") as bar:
            analyse(case, index, engine, bar)
        logged = one_inquiry(index, froze.event.body["id"])
        told = report(index, logged)
    if as_json:
        write_json([frozen_json(froze, told)])
    else:
        tell_frozen(froze, told, began)
    if told.not_frozen:
        raise typer.Exit(FOUND_WRONG)


def _check_words(to: str) -> None:
    """Raise InputError when `to` does not tell whom the letter goes to, or cannot be logged."""
    try:
        to.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"--to {to}: not UTF-8 text. Write it in UTF-8.") from error
    if not to.strip():
        raise InputError("--to: say to whom the letter goes, such as an office or a company.")


def _letter(path: Path | None, *, keep: bool) -> Letter | None:
    if keep and path is None:
        raise InputError("--keep-letter: name the letter's file with --letter FILE.")
    return read_letter(path, keep=keep) if path is not None else None


def _tell_chosen(watch: Watch, reasons: Sequence[str]) -> None:
    tell(f"{plain(watch.target)}  ({plain('; '.join(reasons))})")


def _counter(bar: Callable[..., None]) -> Callable[[Ended], None]:
    """Return what counts visits on a progress bar."""
    done = 0

    def ended(one: Ended) -> None:
        nonlocal done
        done += 1
        bar(done, note=one.outcome if isinstance(one, Visit) else one.watch.target)

    return ended


def inquiry_report(
    name: Annotated[
        str | None, typer.Argument(metavar="ID", help="One inquiry; without it, all that are open.")
    ] = None,
    *,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what went after a letter, in what order, how long after, and what stands."""
    case = chosen_case(folder)
    with open_index(case) as index:
        chosen = [one_inquiry(index, name)] if name is not None else _open_ones(inquiries(index))
        told = [report(index, one) for one in chosen]
    if as_json:
        write_json(report_json(one) for one in told)
        return
    for one in told:
        tell_report(one)


def _open_ones(known: Sequence[Inquiry]) -> list[Inquiry]:
    chosen = [one for one in known if one.closed_at is None]
    if not chosen:
        raise InputError("no inquiry is open. `sousveil inquiry list` names those that were.")
    return chosen


def inquiry_list(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """List the inquiries of the case."""
    case = chosen_case(folder)
    with open_index(case) as index:
        known = [(one, len(list(replies(index, one)))) for one in inquiries(index)]
    if as_json:
        write_json({**inquiry_json(one), "replies": count} for one, count in known)
        return
    for one, count in known:
        state = f"closed {clock(one.closed_at)}" if one.closed_at else "open"
        answered = "1 reply" if count == 1 else f"{count} replies"
        say(f"{one.id}  {clock(one.sent_at)}  {plain(one.target)}  to {plain(one.to)}", "bold")
        say(f"    {state}, {answered}, {count_of(len(one.watch_ids), 'target')}")
    say("1 inquiry." if len(known) == 1 else f"{len(known)} inquiries.")


def inquiry_reply(
    name: Annotated[str, typer.Argument(metavar="ID", help="The inquiry.")],
    *,
    received: Annotated[str, typer.Option(help="When the reply came: now, 2026-11-24 09:00.")],
    letter: LetterOption = None,
    keep_letter: KeepOption = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Log that a reply came."""
    case = chosen_case(folder)
    kept = _letter(letter, keep=keep_letter)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        inquiry = one_inquiry(index, name)
        received_at = parse_moment(received, now(), "--received")
        event = log_reply(writer, inquiry, received_at, kept, now())
        sync_index(case, index)
    if as_json:
        write_json([{"inquiry": inquiry.id, "log_index": event.index, **event.body["letter"]}])
        return
    say(f"Reply to {inquiry.id} of {clock(received_at)} logged as entry {event.index}.")


def inquiry_close(
    name: Annotated[str, typer.Argument(metavar="ID", help="The inquiry.")],
    *,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """End an inquiry: its watches go back to their own intervals."""
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        inquiry = one_inquiry(index, name)
        if inquiry.closed_at is not None:
            raise InputError(f"{inquiry.id}: was closed {clock(inquiry.closed_at)}.")
        close_inquiry(writer, inquiry, now())
        sync_index(case, index)
        closed = one_inquiry(index, inquiry.id)
    if as_json:
        write_json([inquiry_json(closed)])
        return
    say(f"Inquiry {inquiry.id} is closed.")
