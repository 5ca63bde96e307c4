"""A fact as JSON values, and what was seen and made of it over time."""

from typing import TYPE_CHECKING

from sousveil.jsonform.values import captured, instant, placed, present, quoted
from sousveil.model import Fact, Field, Json

if TYPE_CHECKING:  # what asks the index is not waited for by who writes findings alone
    from sousveil.index.facts import FactTold


def fact_json(fact: Fact) -> Json:
    """Return a fact: `id`, `kind`, `status` and `fields`, each with its `source`.

    A field has `name`, `value`, `unit` where it has one, `confidence` where a machine read it, and
    a `source`: `selectors`, as those of a finding, `capture`, `part`, `page` and `finding`, the
    claim beside which it stands. `by`, `at`, `note` and `log_index` tell what a person made of it.
    """
    return present(
        {
            "id": fact.id,
            "kind": fact.kind,
            "status": fact.status,
            "fields": [_field(one) for one in fact.fields],
            "by": fact.by,
            "at": instant(fact.at) if fact.at else None,
            "note": fact.note,
            "log_index": fact.log_index,
        }
    )


def fact_told_json(told: "FactTold") -> Json:
    """Return a fact as `fact_json` does, with `seen`, `past` and the ids of its `kin`."""
    return present(
        fact_json(told.fact)
        | {
            "seen": [
                captured(one.capture, one.log_index)
                | {"fields": [_field(field) for field in one.fields]}
                for one in told.seen
            ],
            "past": [
                present(
                    {
                        "event": step.event,
                        "by": step.by,
                        "at": instant(step.at),
                        "note": step.note,
                        "log_index": step.log_index,
                        "fields": [_field(field) for field in step.fact.fields],
                    }
                )
                for step in told.past
            ],
            "kin": [one.id for one in told.kin],
        }
    )


def _field(field: Field) -> Json:
    source = field.source
    quote = quoted(source.exact, source.prefix, source.suffix)
    place = placed(source.start, source.start + len(source.exact))
    record = source.record
    return present(
        {
            "name": field.name,
            "value": field.value,
            "unit": field.unit,
            "confidence": field.confidence if field.confidence < 1 else None,
            "source": present(
                {
                    "selectors": [quote, place],
                    "capture": {
                        "url": source.url,
                        "captured_at": instant(source.captured_at),
                        "warc": record.warc,
                        "offset": record.offset,
                        "length": record.length,
                        "record_id": record.record_id,
                        "record_digest": record.digest,
                        "log_index": source.log_index,
                    },
                    "part": source.part,
                    "page": source.page,
                    "finding": source.finding_id,
                }
            ),
        }
    )
