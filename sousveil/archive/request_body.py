"""What a request that is no GET asked for, as text that stands in the key of its answer.

Takes a request's block and gives method and body, the body's fields as a query. Players look an
answer up by its address with `__wb_method=METHOD&` and that query appended (CDXJ 0.1.0, "Non-GET
Requests"; Webrecorder's request body canonicalization). What is left open there is done as
ReplayWeb.page does it, which makes the same key when a page asks.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus, urlencode

from sousveil.capture.http.head import media_type, parse_head, split_head

# Players cut the query here; a longer body is told apart by no more than its beginning.
MAX_QUERY_LENGTH = 4096
# What is read of a request: heads of some kilobytes, and more of a body than the query holds.
MAX_REQUEST_BYTES = 2**18
# Nested deeper, JSON is no request that a page makes; the parser's own limit is not far off.
MAX_DEPTH = 100

_FORM = "application/x-www-form-urlencoded"
_PART_NAME = re.compile(rb'name="([^"]+)"\r\n\r\n(.*)', re.DOTALL)
_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is no GET."""

    method: str
    query: str  # of its body, at most `MAX_QUERY_LENGTH` characters

    def address(self, url: str) -> str:
        """Return `url` as the answer's key is made of."""
        mark = "&" if "?" in url else "?"
        return f"{url}{mark}__wb_method={self.method}&{self.query}"


def asked(block: bytes) -> Asked | None:
    """Return what a request record's block asks; None for a GET, and for what is no request.

    Of a block longer than `MAX_REQUEST_BYTES` that many bytes are enough. A body that is not what
    it says it is counts as bytes.
    """
    end = split_head(block)
    method = block.partition(b" ")[0].decode("latin-1")
    if end < 0 or method == "GET" or not (method.isascii() and method.isalpha()):
        return None
    content_type = parse_head(block[:end]).get("Content-Type")
    return Asked(method, _query(content_type, block[end:])[:MAX_QUERY_LENGTH])


def _query(content_type: str, body: bytes) -> str:
    kind = media_type(content_type)
    try:
        if kind == _FORM:
            return unquote_plus(body.decode())
        if kind in {"application/json", "text/plain"}:
            return _encoded(_json_fields(json.loads(body)))
        if kind == "multipart/form-data" and (boundary := _BOUNDARY.search(content_type)):
            return _encoded(_parts(body, boundary[1].encode("latin-1")))
    except (ValueError, RecursionError):
        pass  # not what it says it is: bytes, as below
    return f"__wb_post_data={base64.b64encode(body).decode()}" if body else ""


def _encoded(fields: Iterator[tuple[str, str]]) -> str:
    """Return fields as a browser's URLSearchParams writes them; a name given again is numbered."""
    named: dict[str, str] = {}
    seen: dict[str, int] = {}
    for name, value in fields:
        seen[name] = seen.get(name, 0) + 1
        named[name if seen[name] == 1 else f"{name}.{seen[name]}_"] = value
    return urlencode(named, safe="*").replace("~", "%7E")


def _json_fields(value: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield each leaf below the name of its nearest field; a leaf without one is not told."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _json_fields(inner, key, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _json_fields(inner, name, depth + 1)
    elif name:
        yield name, value if isinstance(value, str) else _as_javascript_says(value)


def _as_javascript_says(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, str]]:
    for part in body.split(b"--" + boundary):
        if found := _PART_NAME.search(part.removesuffix(b"\r\n")):
            yield found[1].decode(), found[2].decode()
