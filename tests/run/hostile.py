"""Servers that mean harm: raw answers by path, whole HTTP answers as hypothesis makes them."""

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import brotli
from hypothesis import strategies as st

Answer = bytes | Callable[[socket.socket], None]

# So long is a connection kept that nobody speaks on.
IDLE_SECONDS = 120


@contextmanager
def serving(answers: Mapping[str, Answer]) -> Iterator[str]:
    """Serve, on loopback, raw answers by path; give the host. Each connection has one answer."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def serve(connection: socket.socket) -> None:
        connection.settimeout(IDLE_SECONDS)
        with connection:
            try:
                asked = b""
                while not asked.endswith(b"\r\n\r\n"):
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    asked += piece
                answer = answers.get(asked.split()[1].decode("latin-1"), answered(b"none", 404))
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                else:
                    answer(connection)
                # What a client has not read yet is lost if its own words were not read.
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    continue
            except OSError:
                return  # the client has had enough

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answered(
    body: bytes, status: int = 200, kind: str = "text/html", *fields: str, length: bool = True
) -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {kind}", "Connection: close", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


# ---------------------------------------------------------------- answers of all kinds

PAGE = b"<html><title>Acme</title><p>The camera's software detects the ethnicity of people.</p>"

_STATUS_LINES = st.sampled_from([
    b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 200", b"HTTP/1.1  200  OK", b"HTTP/1.1 2000",
    b"HTTP/1.1 000 Nothing", b"HTTP/1.1 -1 Less", b"HTTP/1.1 99", b"HTTP/1.1 600 More",
    b"http/1.1 200",
    b"HTTP/9.9 200 OK", b"HTTP/2 200", b"HTTP/1.1 200 \xe6\xb0\x91\0\x1b[2J", b"HTTP/1.1\t200\tOK",
    b"HTTP/1.1 204 No Content", b"HTTP/1.1 206 Part", b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 301 Moved", b"HTTP/1.1 302 Found", b"HTTP/1.1 401 Who", b"HTTP/1.1 404 Not Found",
    b"HTTP/1.1 429 Slowly", b"HTTP/1.1 503 Busy", b"HTTP/1.1 101 Switching", b"ICY 200 OK",
    b"HTTP/1.1 200 " + b"O" * 70_000, b"", b" HTTP/1.1 200 OK", b"PRI * HTTP/2.0\r\n\r\nSM",
    b"\0\0\x12\x04\0\0\0\0\0", b"<html>HTTP/0.9</html>", b"\xef\xbb\xbfHTTP/1.1 200 OK",
])  # fmt: skip

_FIELDS = st.sampled_from([
    b"Content-Type: text/html", b"Content-Type: text/html; charset=utf-7", b"Content-Type: ",
    b"Content-Type: text/html; charset=" + b"x" * 9000, b"Content-Type: application/pdf",
    b"Content-Type: text/\0html", b"Content-Type: application/json", b"Content-Type: image/png",
    b"Content-Length: 5", b"Content-Length: 5, 5", b"Content-Length: 7", b"Content-Length: -1",
    b"Content-Length: 99999999999999999999999", b"Content-Length: +3", b"Content-Length: 0x10",
    b"Content-Length: 1000000", b"Content-Length:", b"Content-Length: 5\0", b"Content-Length : 9",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: cow",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: identity",
    b"Transfer-Encoding:\n chunked",
    b"Content-Encoding: gzip", b"Content-Encoding: br", b"Content-Encoding: deflate",
    b"Content-Encoding: zstd", b"Content-Encoding: gzip, br", b"Content-Encoding: \0",
    b"Content-Encoding: " + b"gzip, " * 50 + b"gzip", b"Content-Encoding: x-gzip",
    b"Location: /", b"Location: //", b"Location: http://[", b"Location: \0",
    b"Location: \xff\xfe/\xe4",
    b"Location: file:///etc/passwd", b"Location: data:text/html,hi", b"Location: http://10.0.0.1/",
    b"Location: http://127.0.0.1:1/", b"Location: http://a:b@127.0.0.1:99999/", b"Location: ?",
    b"Location: javascript:alert(1)", b"Location: http://\xe6\xb0\x91.\xe6\x97\x8f./",
    b"Location: http://" + b"a." * 200 + b"/", b"Location:" + b"/a" * 20_000,
    b"Retry-After: 99999999999999", b"Retry-After: \0", b"Retry-After: -5", b"Retry-After: Fri, 99",
    b"X-Folded: a\r\n b\r\n\tc", b" begins: folded", b"No colon at all", b": no name", b"\0: nul",
    b"X-Latin: J\xfcrgen", b"X-Nul: a\0b", b"X-Bell: \x1b]0;owned\x07", b"X-Bare: a\rb",
    b"X-Long: " + b"l" * 300_000,
    b"X-Many: 1\r\n" * 1500 + b"X-Last: 1", b"Set-Cookie: a=b", b"Set-Cookie: " + b"c" * 5000,
    b"Trailer: X-T", b"Connection: Upgrade", b"Upgrade: h2c", b"Connection: keep-alive",
    b"WARC/1.1\r\nWARC-Type: response", b"Content-Type: multipart/x-mixed-replace; boundary=x",
    b"Content-Range: bytes 0-4/5", b"Link: <a>; rel=canonical", b"Refresh: 0; url=/",
    b"Content-Disposition: attachment; filename=../../x", b"Date: yesterday", b'Alt-Svc: h3=":1"',
])  # fmt: skip

_INTERIM = st.sampled_from([
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n",
    b"HTTP/1.1 199 Odd\r\nContent-Length: 4\r\n\r\n", b"HTTP/1.1 102 \0\r\n\r\n" * 200,
    b"HTTP/1.1 100 Continue\r\n" + b"X: y\r\n" * 300 + b"\r\n",
])  # fmt: skip


def _bomb(size: int) -> bytes:
    return gzip.compress(bytes(size), 9)


_ENTITIES = st.one_of(
    st.sampled_from([
        b"", PAGE, PAGE * 500, gzip.compress(PAGE), gzip.compress(PAGE)[:-9], zlib.compress(PAGE),
        zlib.compress(PAGE)[2:-4], brotli.compress(PAGE), brotli.compress(PAGE)[:-3],
        gzip.compress(gzip.compress(PAGE)), gzip.compress(brotli.compress(PAGE)), _bomb(30_000_000),
        brotli.compress(_bomb(9_000_000)), gzip.compress(PAGE) + b"after", gzip.compress(PAGE) * 3,
        b"\x1f\x8b\x08\xff" + b"\xff" * 70_000, b"\0" * 5000, b"\xff\xfe" + PAGE,
        b"\xef\xbb\xbf" + PAGE,
        b"%PDF-1.7\n" + b"\xff" * 900, b"PK\x03\x04" + b"\xff" * 900, b"{\\rtf1" + b"{" * 5000,
        b"{" * 70_000, b"[" * 70_000, b'{"a":' * 9000, b"<?xml version='1.0'?>" + b"<a>" * 9000,
        b"<div>" * 9000, b"\x89PNG\r\n\x1a\n" + b"\0" * 90, b"RIFFxxxxWEBP", b"\xff\xd8\xff" * 30,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 1200, b"WARC/1.1\r\n\r\n\r\n", b"\x7fELF",
        b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><x>&b;&b;&b;</x>",
    ]),
    st.binary(max_size=300),
)  # fmt: skip

_CHUNK_HEADS = st.sampled_from([
    None, b"0", b"-5", b"FFFFFFFFFFFFFFFFFFFF", b"7fffffffffffffff", b"5;" + b"x" * 9000,
    b'5 ; a="b"',
    b"zz", b"", b"0x5", b" 5", b"5\t", b"\0", b"00000000000000000005", b"5;a=b\n;c",
])  # fmt: skip
_CHUNK_ENDS = st.sampled_from([
    b"0\r\n\r\n", b"0\r\n", b"", b"0\r\nX-T: 1\r\n\r\n", b"0\r\n" + b"X-T: 1\r\n" * 3000 + b"\r\n",
    b"0\r\nContent-Length: 4\r\n\r\n", b"0\r\n\0: \xff\r\n\r\n", b"0\r\n\r\nafter", b"0;x\n\n",
    b"00\r\n\r\n",
    b"0\r\nX: " + b"t" * 300_000 + b"\r\n\r\n",
])  # fmt: skip


@st.composite
def _chunks(draw: st.DrawFn, entity: bytes) -> bytes:
    cuts = sorted(draw(st.lists(st.integers(0, len(entity)), max_size=3)))
    pieces = [entity[a:b] for a, b in zip([0, *cuts], [*cuts, len(entity)], strict=True)]
    framed = b""
    for piece in filter(None, pieces):
        odd = draw(_CHUNK_HEADS)
        framed += b"%s\r\n%s\r\n" % (b"%x" % len(piece) if odd is None else odd, piece)
    return framed + draw(_CHUNK_ENDS)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Draw an HTTP answer, as bytes, of which nothing needs to be right."""
    end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"]))
    status = draw(st.one_of(st.just(b"HTTP/1.1 200 OK"), _STATUS_LINES))
    head = end.join([status, *draw(st.lists(_FIELDS, max_size=6)), b"", b""])
    entity = draw(_ENTITIES)
    body = draw(_chunks(entity)) if draw(st.booleans()) else entity
    whole = b"".join(draw(st.lists(_INTERIM, max_size=2))) + head + body
    tail = draw(st.sampled_from([b"", b"", b"", whole, b"\0" * 99, b"HTTP/1.1 200 OK\r\n\r\n"]))
    early = draw(st.one_of(st.none(), st.none(), st.integers(0, len(whole))))
    return (whole + tail)[:early]
