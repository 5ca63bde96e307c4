"""How a change of a log's key reads as JSON."""

from sousveil.jsonform import instant
from sousveil.model import Json
from sousveil.tlog.keychain import KeyChange


def change_json(one: KeyChange) -> Json:
    """Return a change of keys as JSON."""
    return {
        "event": one.kind,
        "log_index": one.size - 1,
        "at": instant(one.at),
        "former": str(one.former),
        "key": str(one.key),
        "stolen_since": instant(one.stolen_since) if one.stolen_since else None,
    }
