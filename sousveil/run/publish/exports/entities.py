"""Entities of FollowTheMoney: their form, their ids, and which names may become one.

An id follows from what the entity stands for, so that each export has the same. Pure.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache

from sousveil.actors import shipped_register
from sousveil.actors.address import FORGES
from sousveil.model import Json, RecordRef

ID_DIGITS = 40  # as FollowTheMoney's own SHA-1 keys

# Words by which a name tells that it is no person's.
_BODY = re.compile(
    r"公司|集团|中心|研究[院所]|大学|学[院校]|医院|[局厅院厂社]$|委员会|政府"
    r"|\b(?:inc|ltd|llc|llp|plc|gmbh|ag|sa|s\.a|bv|oy|ab|co|corp|company|corporation|group|holdings?"
    r"|limited|technolog(?:y|ies)|systems?|university|institute|bureau|ministry|department|police"
    r"|agency|authority|council|commission)\b",
    re.IGNORECASE,
)


@cache
def _makers() -> frozenset[str]:
    return frozenset(one.name for one in shipped_register().actors if not one.reports)


def schema_of(name: str) -> str:
    """Return the schema of somebody by name: a maker whom the register knows is a company."""
    return "Company" if name in _makers() else "Organization"


def may_be_entity(name: str) -> bool:
    """Tell whether a name that somebody watches is not that of an account, perhaps a person's."""
    return name.partition("/")[0] not in FORGES


def is_body(name: str) -> bool:
    """Tell whether a name that was read from a text says itself that it is no person's."""
    return name in _makers() or _BODY.search(name) is not None


def entity(key: str, schema: str, properties: Mapping[str, Sequence[str]]) -> Json:
    """Return an entity as its line of JSON has it; properties without a value are left out."""
    told = {name: [one for one in values if one] for name, values in properties.items()}
    return {
        "id": key,
        "schema": schema,
        "properties": {name: values for name, values in told.items() if values},
    }


def entity_key(kind: str, name: str) -> str:
    """Return the id of what `name` tells from all others of its kind."""
    digest = hashlib.sha256(f"{kind}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"sousveil-{digest[:ID_DIGITS]}"


def capture_key(record: RecordRef, url: str) -> str:
    """Return the id of a capture."""
    return entity_key("capture", f"{record.digest} {url}")


def archived_in(record: RecordRef, log_index: int) -> str:
    """Return in words where a capture lies."""
    return (
        f"Archived in {record.warc}, record {record.record_id.strip('<>')},"
        f" SHA-256 {record.digest.removeprefix('sha256:')}; logged as entry {log_index}."
    )
