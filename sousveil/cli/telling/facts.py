"""Facts as the terminal shows them, and as rows of a table."""

from sousveil.cli.telling.screen import clock, count_of, plain, say
from sousveil.index.facts import FactTold, date_of
from sousveil.jsonform import instant
from sousveil.model import Fact, Field

FACT_COLUMNS = (
    *("id", "kind", "status", "field", "value", "unit", "confidence", "quote", "url", "part"),
    *("page", "captured_at", "warc", "offset", "log_index", "finding", "by"),
)
"""The columns of `--csv`: one row a field, with its quote."""


def tell_fact(fact: Fact) -> None:
    """Show a fact with its fields and the quotes that say them."""
    who = f" by {plain(fact.by)}" if fact.by else ""
    say(f"{fact.id}  {fact.kind}, {fact.status}{who}  {date_of(fact)}".rstrip(), "bold")
    for one in fact.fields:
        say(f"    {one.name:<12} {plain(_value(one))}")
    quotes = dict.fromkeys(one.source.exact for one in fact.fields)
    for quote in quotes:
        if not any(quote in other for other in quotes if other != quote):
            say(f"        {_quoted(quote)}", "dim")
    for url in dict.fromkeys(one.source.url for one in fact.fields):
        say(f"    {plain(url)}")


def tell_whole_fact(told: FactTold) -> None:
    """Show a fact with the captures it rests on, and what people made of it."""
    tell_fact(told.fact)
    say("Rests on:")
    for one in told.fact.fields:
        source = one.source
        say(f"    {one.name}: {_quoted(source.exact)}")
        record = f"{plain(source.record.warc)}, byte {source.record.offset}"
        say(f"        {record}, captured {clock(source.captured_at)}, entry {source.log_index}")
    if told.seen:
        last = told.seen[-1].capture.captured_at
        say(f"Read in {count_of(len(told.seen), 'capture')}, the last of {clock(last)}.")
    for step in told.past:
        why = f": {plain(step.note)}" if step.note else ""
        say(f"{step.event.partition('.')[2]} by {plain(step.by)}, {clock(step.at)}{why}")
    for other in told.kin:
        say(f"The same number: {other.id}, {plain(other.fields[0].source.url)}")


def _quoted(text: str) -> str:
    """Put a quote between marks, unless it begins with one: what somebody said."""
    return plain(text) if text.startswith(("“", '"', "「")) else f"“{plain(text)}”"


def _value(field: Field) -> str:
    return f"{field.value} {field.unit}".strip()


def fact_cells(fact: Fact, field: Field) -> list[str]:
    """Return the row of a table that tells a field, as FACT_COLUMNS names its cells."""
    source = field.source
    told = (
        *(fact.id, fact.kind, fact.status, field.name, field.value, field.unit, field.confidence),
        *(
            source.exact,
            source.url,
            source.part or "",
            source.page or "",
            instant(source.captured_at),
        ),
        *(source.record.warc, source.record.offset, source.log_index, source.finding_id or ""),
        fact.by,
    )
    return [str(one) for one in told]
