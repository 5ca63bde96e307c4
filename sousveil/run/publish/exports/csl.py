"""Citations in CSL-JSON (csl-data.json, 1.0): for Zotero, pandoc and citation processors."""

from sousveil.model import Json
from sousveil.run.publish.exports.annotations import as_json
from sousveil.run.publish.exports.citations import Citation, citations
from sousveil.run.publish.exports.told import Told


def csl(told: Told) -> bytes:
    """Return the citations as a JSON array of CSL items."""
    return as_json([_item(one) for one in citations(told)])


def _item(one: Citation) -> Json:
    at = one.accessed_at
    item = {
        "id": one.key,
        "type": "software" if one.is_software else "webpage",
        "title": one.title,
        "author": [{"literal": one.publisher}] if one.publisher else None,
        "container-title": one.host,
        "URL": one.url,
        "language": one.lang,
        "accessed": {"date-parts": [[at.year, at.month, at.day]]},
        "archive": "sousveil",
        "archive_location": one.archived,
    }
    return {name: value for name, value in item.items() if value}
