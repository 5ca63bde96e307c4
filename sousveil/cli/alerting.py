"""Commands about who is told what happens: alerts list, test, send, feed."""

import os
import stat
from typing import Annotated

import typer

from sousveil.alerts.digest import Message
from sousveil.alerts.send import MISSING, exit_of, is_installed, masked
from sousveil.case import SETTINGS_FILE, Case, locked
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.delivered import tell_delivered
from sousveil.cli.telling.screen import FOUND_WRONG, count_of, plain, say, tell, write_json
from sousveil.errors import InputError
from sousveil.index.notices import Delivery, deliveries, waiting
from sousveil.index.store import Index
from sousveil.jsonform import instant
from sousveil.model import Json
from sousveil.run.alerting import send_each, tell_out, write_case_feed
from sousveil.run.indexing import open_index, sync_index
from sousveil.settings import Channel

TEST = Message("Test", "This is a test. Nothing happened.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    alerts = typer.Typer(help="Who is told when something happens.", invoke_without_command=True)
    alerts.callback()(alerts_help)
    alerts.command(name="list")(alerts_list)
    alerts.command(name="test")(alerts_test)
    alerts.command(name="send")(alerts_send)
    alerts.command(name="feed")(alerts_feed)
    app.add_typer(alerts, name="alerts")


def alerts_help(context: typer.Context) -> None:
    """Show what can be done with alerts."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def alerts_list(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """List the channels that case.toml names, and how far each has been told."""
    case = chosen_case(folder)
    with open_index(case) as index:
        told = [_channel_json(case, index, one) for one in case.settings.alerts.channels.values()]
    if as_json:
        write_json(told)
        return
    for one in told:
        by = f"  by {one['exit']}" if one["exit"] else ""
        say(f"{one['channel']}  {one['url']}  tells {one['tells']}{by}", "bold")
        say(f"    {count_of(one['waiting'], 'thing')} to be told")
        if one["problem"]:
            say(f"    {plain(one['problem'])}; tried {count_of(one['tries'], 'time')}", "yellow")
    tell(f"{count_of(len(told), 'channel')}; the feed is {_feed_state(case)}.")
    if told and not is_installed():
        tell(MISSING, "yellow")
    mode = stat.S_IMODE((case.root / SETTINGS_FILE).stat().st_mode)
    if mode & 0o077 and any(one.url for one in case.settings.alerts.channels.values()):
        tell(f"{SETTINGS_FILE} holds secrets, and others can read it: chmod 600 it.", "yellow")


def alerts_test(
    name: Annotated[str, typer.Argument(help="A channel of case.toml.")],
    *,
    folder: CaseOption = None,
) -> None:
    """Send a channel a message that tells nothing.

    Exit status 1: it was not delivered.
    """
    case = chosen_case(folder)
    channels = case.settings.alerts.channels
    if name not in channels:
        known = ", ".join(channels) or "none"
        raise InputError(
            f"{name}: no channel of {SETTINGS_FILE} has this name (known: {known}). Add it under"
            " [alerts.channels]."
        )
    (problem,) = send_each(case, [channels[name]], [TEST])
    if problem is not None:
        say(f"{name}: {plain(problem)}.", "yellow")
        raise typer.Exit(FOUND_WRONG)
    say(f"{name}: taken. Look whether it arrived.")


def alerts_send(*, folder: CaseOption = None) -> None:
    """Tell every channel now what it was not told yet.

    Exit status 1: some could not be told.
    """
    case = chosen_case(folder)
    with locked(case, patience(case)), open_index(case, create=True) as index:
        sync_index(case, index)
        delivered = tell_out(case, index, now, at_once=True)
    tell_delivered(delivered)
    if delivered.failed:
        raise typer.Exit(FOUND_WRONG)
    told = count_of(len(delivered.told), "channel")
    say(f"{told} told." if delivered.told else "Nothing waits to be told.")


def alerts_feed(*, folder: CaseOption = None) -> None:
    """Write the Atom feed of what happened, and say where it is."""
    case = chosen_case(folder)
    with locked(case, patience(case)), open_index(case) as index:
        path = write_case_feed(case, index)
    say(plain(str(path)))


def _channel_json(case: Case, index: Index, channel: Channel) -> Json:
    delivery = deliveries(index).get(channel.name)
    exit_ = exit_of(channel, case.settings)
    return {
        "channel": channel.name,
        "url": masked(channel, os.environ),
        "tells": channel.tells,
        "exit": exit_.name if exit_ else None,
        "waiting": len(waiting(index, delivery)) if delivery else 0,
        **_state_json(delivery or Delivery(channel.name)),
    }


def _state_json(delivery: Delivery) -> Json:
    return {
        "problem": delivery.problem,
        "tries": delivery.tries,
        "next_try": instant(delivery.next_try) if delivery.next_try else None,
    }


def _feed_state(case: Case) -> str:
    return "kept" if case.settings.alerts.feed else "not kept"
