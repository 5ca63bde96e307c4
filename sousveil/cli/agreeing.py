"""Commands for several people at one case: translate, agreement."""

from typing import Annotated

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.reading import one_finding
from sousveil.cli.telling.screen import count_of, plain, say, write_json
from sousveil.index.reviews import readings
from sousveil.index.translations import translations_of
from sousveil.jsonform import finding_json
from sousveil.ledger import writing
from sousveil.model import Json
from sousveil.review.agreement import CONFIDENCE, Agreement, agreements, independent
from sousveil.run.deciding import translate
from sousveil.run.indexing import open_index, sync_index


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="translate")(translate_)
    app.command(name="agreement")(agreement_)


def translate_(
    finding_id: Annotated[
        str, typer.Argument(metavar="ID", help="A finding's id, or its beginning.")
    ],
    text: Annotated[str, typer.Argument(help="What its quote says.")],
    *,
    lang: Annotated[str, typer.Option(help="The language of TEXT: en, de, zh-Hans.")],
    by: Annotated[str, typer.Option(help="Who translates; it is written into the log.")],
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a finding's quote says in another language.

    The translation is logged under its translator's name, and shown beside the original wherever
    the same quote stands. A later one by the same person into that language takes its place.
    """
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        finding = one_finding(index, finding_id)
        translate(writer, index, finding.id, text, lang=lang, by=by, now=now())
        told = translations_of(index, [finding])[finding.id]
    if as_json:
        write_json([finding_json(finding, translations=told)])
        return
    say(f"{finding.id}", "bold")
    say(f"    “{plain(finding.quote)}”")
    for one in told:
        say(f"    {one.lang}, by {plain(one.by)}: {plain(one.text, limit=2_000)}")


def agreement_(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Tell how far people agree who read the same findings, each for themselves.

    Krippendorff's alpha: 1 is perfect, 0 is what chance brings. On all findings that two people
    have read, and on each label and trait.
    """
    case = chosen_case(folder)
    with open_index(case) as index:
        told = agreements(independent(readings(index), index.readings))
        is_blind = index.readings > 1
    if as_json:
        write_json(_agreement_json(group, one, is_blind=is_blind) for group, one in told.items())
        return
    for (label, trait), one in told.items():
        say(f"{label or trait or 'all':<16} {_line(one)}")
    if not is_blind:
        say("Not blind: who decided could see what others had. [review] readings changes that.")


def _line(one: Agreement) -> str:
    count = f"{count_of(one.units, 'finding')}, {one.agreed:,} alike"
    if one.alpha is None:
        return f"not to be told ({count})"
    return (
        f"alpha {one.alpha:.2f}, {CONFIDENCE:.0%} within {one.low:.2f} to {one.high:.2f} ({count})"
    )


def _agreement_json(group: tuple[str, str], one: Agreement, *, is_blind: bool) -> Json:
    label, trait = group
    return {
        "label": label or None,
        "trait": trait or None,
        "alpha": one.alpha,
        "low": one.low,
        "high": one.high,
        "confidence": CONFIDENCE,
        "findings": one.units,
        "agreed": one.agreed,
        "decisions": one.decisions,
        "people": one.people,
        "blind": is_blind,
    }
