"""Facts: what a dossier states beside its claims, field by field, each with the quote it rests on.

A fact that a machine read is a candidate. One that a named person confirmed, wrote or changed is an
event of the log. Values are text in one form each (`FIELDS`); nothing is held without its source.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from sousveil.model.capture import RecordRef

FactKind: TypeAlias = Literal["project", "figure", "document", "statement"]
FACT_KINDS: tuple[FactKind, ...] = ("project", "figure", "document", "statement")

FieldForm: TypeAlias = Literal["text", "date", "money", "number"]
"""How a value is written.

`date`: a year, month or day, ISO 8601 ("2020", "2020-03", "2020-03-11"). `money` and `number`:
decimal digits without grouping; the unit of money is its currency (ISO 4217), "" when none is told.
"""

FIELDS: dict[FactKind, dict[str, FieldForm]] = {
    "project": {
        "title": "text",
        "number": "text",  # as the buyer counts: "ZFCG-2020-017", "123456-2024"
        "buyer": "text",
        "agency": "text",  # that buys for the buyer
        "supplier": "text",
        "budget": "money",
        "ceiling": "money",  # above which no offer is taken
        "price": "money",  # what the supplier gets
        "published": "date",
        "awarded": "date",
        "place": "text",
        "cpv": "text",  # Common Procurement Vocabulary, eight digits
    },
    "figure": {
        "amount": "number",  # its unit: "%", a currency, or what is counted; the lower of a range
        "to": "number",  # the upper of a range
        "bound": "text",  # one of BOUNDS; not there when it is told as exact
        "when": "date",
    },
    "document": {
        "number": "text",  # "GB/T 28181-2016", or that of a report
        "title": "text",
        "type": "text",  # one of PAPERS
        "published": "date",
    },
    "statement": {
        "said": "text",  # what stands between the quotation marks
        "role": "text",  # of who said it; no name of a person
        "organisation": "text",  # for which they spoke
    },
}
"""The fields of each kind of fact, in the order in which they are shown."""

BOUNDS = ("about", "at least", "over", "up to", "under")
PAPERS = ("standard", "guideline", "test report", "patent")


@dataclass(frozen=True, slots=True)
class Cite:
    """Where a quote stands: a capture, and the place in it (Web Annotation, TextQuoteSelector)."""

    exact: str
    prefix: str
    suffix: str
    start: int  # of the capture's text, in code points (TextPositionSelector)
    url: str
    captured_at: datetime
    record: RecordRef
    log_index: int  # entry of the log that names the capture's WARC
    part: str | None = None  # path within a package
    page: int | None = None  # of a PDF, from 1
    finding_id: str | None = None  # of the claim that stands in or beside the quote


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a fact says; a name may come several times: two suppliers, two prices."""

    name: str  # of FIELDS
    value: str
    source: Cite
    unit: str = ""
    confidence: float = 1.0  # 0 to 1; 1 of what a person entered

    @property
    def number(self) -> Decimal:
        """The value of `money` and `number`, as a number."""
        return Decimal(self.value)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a dossier may state: a project, a figure, a document, a statement."""

    id: str  # 12 hexadecimal digits
    kind: FactKind
    fields: tuple[Field, ...]  # in the order of FIELDS
    key: str = ""  # what is the same in every place that tells of it: the folded number; or ""
    status: Literal["candidate", "confirmed", "withdrawn"] = "candidate"
    by: str = ""  # who confirmed, wrote or changed it last; "" of a candidate
    at: datetime | None = None  # when
    note: str = ""
    log_index: int | None = None  # entry of the log that holds its latest form

    def all(self, name: str) -> tuple[Field, ...]:
        """Return the fields of a name."""
        return tuple(one for one in self.fields if one.name == name)

    def first(self, name: str) -> Field | None:
        """Return the first field of a name; None when it tells none."""
        return next(iter(self.all(name)), None)
