"""Leaks in an archive file: in what we sent and noted, and in what others published."""

from collections.abc import Iterator
from typing import BinaryIO

from sousveil.archive.coding import MAX_DECODED_BYTES, decode_body
from sousveil.archive.read import split_http
from sousveil.archive.records import Record, RecordReader
from sousveil.archive.unpack import Unpacked
from sousveil.capture.browser.hops import LEFT_OUT, SECRET_FIELDS
from sousveil.capture.http.head import parse_head, split_head
from sousveil.run.publish.leaks.leak import Leak, Wanted
from sousveil.run.publish.leaks.picture import in_picture
from sousveil.run.publish.leaks.words import in_json, in_theirs, in_value
from sousveil.run.publish.private import Private

# Of a record that we wrote: events of large sites have some megabytes.
MAX_OWN_BYTES = 2**28

_LISTED = "urn:sousveil:requests:"
_PICTURE = "urn:sousveil:screenshot:"


def in_warc(file: BinaryIO, name: str, wanted: Wanted, *, is_ours: bool) -> Iterator[Leak]:
    """Yield what is private in an archive file; of one that is not ours, in what others sent."""
    reader = RecordReader(Unpacked(file))
    for record in reader.records():
        where = f"{name}: {record.head.type} {record.head.get('WARC-Record-ID')}"
        if is_ours:
            yield from _in_fields(record, where, wanted)
            yield from _in_record(record, where, wanted)
        else:
            yield from in_theirs(decoded(record), where, wanted)
        reader.finish(record)


def _in_fields(record: Record, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at a record's own fields; the address of a server is evidence, not ours."""
    for field, value in record.head.fields:
        if field != "WARC-IP-Address":
            yield from in_value(value, f"{where}, {field}", wanted)


def _in_record(record: Record, where: str, wanted: Wanted) -> Iterator[Leak]:
    kind, url = record.head.type, record.head.get("WARC-Target-URI")
    if kind == "request":
        yield from _in_request(_own(record), where, wanted)
    elif kind == "warcinfo":
        yield from in_value(_own(record).decode("utf-8", "replace"), where, wanted)
    elif kind == "metadata" or url.startswith(_LISTED):
        yield from in_json(_own(record), where, wanted)
    elif url.startswith(_PICTURE):
        yield from in_picture(_own(record), where, wanted)
    else:
        yield from in_theirs(decoded(record), where, wanted)


def _own(record: Record) -> bytes:
    data = bytearray()
    for piece in record.pieces():
        data += piece
        if len(data) > MAX_OWN_BYTES:
            break
    return bytes(data)


def _in_request(block: bytes, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at the fields of a request that we sent; its address and body are a page's doing."""
    end = split_head(block)
    head = block[:end] if end >= 0 else block
    for field, value in parse_head(b"HTTP/1.1 200\r\n" + head.partition(b"\n")[2]).fields:
        if field.lower() in SECRET_FIELDS and value != LEFT_OUT:
            kind = Private.COOKIES if field.lower() == "cookie" else Private.AUTHORIZATION
            yield Leak(kind, f"a field {field} as it was sent", where, is_ours=True)
        yield from in_value(value, f"{where}, {field}", wanted)


def decoded(record: Record) -> Iterator[bytes]:
    """Yield what others sent, as it was sent and, where that was compressed, unpacked."""
    head, body = split_http(record, record.pieces())
    fields = "\n".join(f"{name}: {value}" for name, value in head.fields)
    yield fields.encode("latin-1", "replace") + b"\n"
    transfer, content = head.get_list("Transfer-Encoding"), head.get_list("Content-Encoding")
    if transfer or content:
        decoded, _ = decode_body(body, transfer, content, MAX_DECODED_BYTES)
        yield decoded
    else:
        yield from body
