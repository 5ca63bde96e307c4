"""How an inquiry reads, in a terminal and as JSON: what was frozen, and what happened since."""

from datetime import datetime

import msgspec

from sousveil.changes.inquiry import Course, span_words
from sousveil.cli.telling.screen import clock, count_of, plain, say, tell
from sousveil.model import Inquiry, Json
from sousveil.run.inquiry.freeze import Froze


def tell_frozen(froze: Froze, told: Course, began: datetime) -> None:
    """Print what was frozen and what was not, and whether the letter may go."""
    inquiry = told.inquiry
    for watch in froze.added:
        tell(f"watched from now on: {plain(watch.target)}")
    for one in froze.left:
        tell(f"not taken: {plain(one.url)} ({one.reason}). Take it with --also.", "yellow")
    whole = count_of(len(inquiry.watch_ids) - len(told.not_frozen), "target")
    phrases = count_of(len(told.stands) + len(told.unclear), "finding")
    say(f"Inquiry {inquiry.id} to {plain(inquiry.to)}: {whole} frozen, {phrases}.", "bold")
    head = froze.event.body.get("head", {"size": 0, "root": ""})
    say(f"    logged before entry {inquiry.log_index}; {head['size']} entries, root {head['root']}")
    for frozen, why in told.not_frozen:
        say(f"NOT FROZEN: {plain(frozen.target)} ({plain(why)})", "bold red")
    if inquiry.sent_at < began:
        before = span_words(began - inquiry.sent_at)
        say(f"The letter went {clock(inquiry.sent_at)}, {before} before this began.", "yellow")
        say("    What changed in between was not seen by this.", "yellow")
    elif told.not_frozen:
        say("Do not send the letter yet, or be ready to lose what is not frozen.", "bold red")
    else:
        say(f"The letter may go; its time is written down as {clock(inquiry.sent_at)}.", "green")
    tell(f"Next: sousveil watch, and sousveil inquiry report {inquiry.id}")


def frozen_json(froze: Froze, told: Course) -> Json:
    """Return what a freeze did, as JSON."""
    body = froze.event.body
    return {
        **inquiry_json(told.inquiry),
        "letter_sha256": body["letter"].get("sha256"),
        "head": {name: body["head"][name] for name in ("size", "root")} if "head" in body else None,
        "frozen": body["frozen"],
        "not_frozen": _not_frozen_json(told),
        "added": [watch.target for watch in froze.added],
        "left": list(froze.left),
        "findings": len(told.stands) + len(told.unclear),
    }


def inquiry_json(inquiry: Inquiry) -> Json:
    """Return an inquiry as JSON."""
    form: Json = msgspec.to_builtins(inquiry)
    return form


def _not_frozen_json(told: Course) -> list[Json]:
    return [{"target": frozen.target, "why": why} for frozen, why in told.not_frozen]


def report_json(told: Course) -> Json:
    """Return what is known of an inquiry, as JSON."""
    form: Json = msgspec.to_builtins(told)
    return inquiry_json(told.inquiry) | {
        **{name: form[name] for name in ("happenings", "stands", "unclear", "unseen")},
        "not_frozen": _not_frozen_json(told),
    }


def tell_report(told: Course) -> None:
    """Print what is known of an inquiry, in order."""
    inquiry = told.inquiry
    say(f"Inquiry {inquiry.id} about {plain(inquiry.target)}", "bold")
    say(f"    to {plain(inquiry.to)}, sent {clock(inquiry.sent_at)}")
    for frozen, why in told.not_frozen:
        say(f"    not frozen before it went: {plain(frozen.target)} ({plain(why)})", "yellow")
    for happening in told.happenings:
        say(f"  {clock(happening.at)}  {plain(happening.sentence, limit=800)}", "magenta")
    if not told.happenings:
        say("  Nothing happened yet to what is followed here. Other words may have changed:")
        say(f"  sousveil diff {plain(inquiry.target)}")
    for title, standing in (("Still stands", told.stands), ("Cannot be told yet", told.unclear)):
        if standing:
            say(f"{title}:")
        for one in standing:
            say(f"  {one.finding_id}  {plain(one.sentence, limit=800)}")
    for target in told.unseen:
        say(f"Not looked at since: {plain(target)}", "yellow")
