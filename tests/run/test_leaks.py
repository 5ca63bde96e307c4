"""What tells of the people behind a case is found wherever it stands, and refused if it is ours."""

import gzip
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.write import WarcWriter
from sousveil.capture.guard.exits import parse_exit
from sousveil.case import Case, open_case, save_settings
from sousveil.errors import InputError
from sousveil.model import Exchange
from sousveil.run.publish.leaks import Leak, Wanted, in_folder, in_package, judged
from sousveil.run.publish.private import Private, Secret, secrets_of
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NAME = "Ruth Example-Öz"
CLAIM = "The Dunmere gate camera determines the ethnicity of visitors and flags Uyghurs."
WANTED = Wanted(
    (
        Secret(Private.OPERATOR, NAME, "the operator's name"),
        Secret(Private.PATHS, "/srv/cases/dunmere", "the case's folder"),
        Secret(Private.ADDRESSES, "9.9.9.77", "this computer's address"),
    ),
    {"10.1.1.1:8000", "10.1.1.2"},
)


def package(**members: bytes) -> BytesIO:
    """Return a package; `sousveil__x_json` stands for the member sousveil/x.json."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, data in members.items():
            made.writestr(name.replace("__", "/").replace("_", "."), data)
    return file


def leaks(**members: bytes) -> list[tuple[Private, bool]]:
    return [(one.kind, one.is_ours) for one in in_package(package(**members), WANTED)]


def told(value: object) -> list[tuple[Private, bool]]:
    return leaks(sousveil__x_json=json.dumps(value).encode())


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"by": NAME}, Private.OPERATOR),
        ([{"a": [f"seen by {NAME}, twice"]}], Private.OPERATOR),
        ({"note": "kept in /srv/cases/dunmere/pending"}, Private.PATHS),
        ({"file": "/home/ruth/donated.warc"}, Private.PATHS),
        ({"file": "/Users/ruth/donated.warc"}, Private.PATHS),
        ({"file": r"C:\Users\ruth\donated.warc"}, Private.PATHS),
        ({"url": "file:///srv/git/sdk"}, Private.PATHS),
        ({"message": "no way to 192.168.1.17"}, Private.ADDRESSES),
        ({"message": "from 9.9.9.77: refused"}, Private.ADDRESSES),
    ],
)
def test_what_we_say_may_not_tell_of_us(value: object, kind: Private) -> None:
    assert told(value) == [(kind, True)]


@pytest.mark.parametrize(
    "value",
    [
        {"message": "Ruth Example-Özil, another person"},
        {"url": "https://vendor.example/home/ruth/Users/x"},
        {"message": "of 10.1.1.1 and 10.1.1.2, which are watched"},
        {"message": "127.0.0.1, 0.0.0.0 and 8.8.8.8 tell of nobody"},
        {"browser": "Chrome/140.0.7339.80"},
        {"message": "version 10.256.1.1"},
        {"path": "archive/2026/11/x.warc.gz"},
    ],
)
def test_what_tells_of_nobody_is_no_leak(value: object) -> None:
    assert told(value) == []


def test_what_others_published_may_name_us_and_is_told() -> None:
    quote = {"sousveil:finding": {"quote": f"{NAME} asked for 192.168.1.64 in /home/x"}}
    files = {"sousveil__finding-1_json": json.dumps(quote).encode()}
    assert leaks(**files) == [(Private.OPERATOR, False)]
    readme = {"sousveil__README_md": f"- “{NAME} asked”".encode()}
    assert leaks(**files, **readme) == [(Private.OPERATOR, False)] * 2
    assert leaks(**readme) == [(Private.OPERATOR, True)]
    assert leaks(pages__pages_jsonl=NAME.encode()) == [(Private.OPERATOR, False)]


@given(
    st.recursive(
        st.none(), lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text(), inner)
    ),
    st.text(),
    st.text(),
)
def test_a_name_anywhere_in_json_of_ours_is_found(shape: object, before: str, after: str) -> None:
    def filled(value: object) -> object:
        if isinstance(value, list):
            return [*map(filled, value), f"{before} {NAME} {after}"]
        if isinstance(value, dict):
            return {"x": f"{before} {NAME} {after}"} | {n: filled(v) for n, v in value.items()}
        return [f"{before} {NAME} {after}"]

    assert Private.OPERATOR in {kind for kind, _ in told(filled(shape))}


# ---------------------------------------------------------------- archive files


def exchange(folder: Path, head: bytes, body: bytes, request: bytes) -> Exchange:
    path = folder / "body"
    path.write_bytes(body)
    return Exchange(
        url="https://vendor.example/",
        started_at=NOW,
        elapsed_seconds=1.0,
        request_head=b"GET /home/x HTTP/1.1\r\nHost: vendor.example\r\n" + request + b"\r\n",
        response_head=b"HTTP/1.1 200 OK\r\n" + head + b"\r\n",
        body=path,
        status=200,
        ip_address="10.9.9.9",
        tls=None,
        truncated=None,
        failure=None,
        location=None,
    )


def warc_leaks(
    folder: Path, *, head: bytes = b"", body: bytes = b"", request: bytes = b"", agent: str = "t"
) -> list[Leak]:
    path = folder / "a.warc.gz"
    with WarcWriter(path, path.name, software="s", user_agent=agent, now=NOW) as records:
        records.write_exchange(exchange(folder, head, body, request))
    return list(in_package(package(archive__a_warc_gz=path.read_bytes()), WANTED))


def test_an_ordinary_visit_has_no_leak(tmp_path: Path) -> None:
    assert warc_leaks(tmp_path, body=b"<p>10.0.0.1</p>", head=b"Set-Cookie: a=1\r\n") == []


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (b"Cookie: session=1", Private.COOKIES),
        (b"AUTHORIZATION: Basic cnV0aDp4", Private.AUTHORIZATION),
        (b"Proxy-Authorization: Basic cnV0aDp4", Private.AUTHORIZATION),
        (b"From: " + NAME.encode(), Private.OPERATOR),
        (b"X-Forwarded-For: 192.168.1.7", Private.ADDRESSES),
    ],
)
def test_what_a_request_said_of_us_is_a_leak(tmp_path: Path, field: bytes, kind: Private) -> None:
    name = NAME.encode()
    if name in field:  # fields are ISO 8859-1 to whoever reads them
        field = field.replace(name, NAME.encode("latin-1"))
    (leak,) = warc_leaks(tmp_path, request=field + b"\r\n")
    assert (leak.kind, leak.is_ours) == (kind, True)
    assert "archive/a.warc.gz: request <urn:uuid:" in leak.where


def test_that_a_cookie_was_sent_is_no_leak_without_its_value(tmp_path: Path) -> None:
    assert warc_leaks(tmp_path, request=b"Cookie: (left out)\r\n") == []


def test_what_the_program_says_of_itself_is_looked_at(tmp_path: Path) -> None:
    (leak,) = warc_leaks(tmp_path, agent=f"agent of {NAME}")
    assert (leak.kind, leak.is_ours, "warcinfo" in leak.where) == (Private.OPERATOR, True, True)


@pytest.mark.parametrize("coding", ["", "gzip", "deflate"])
@pytest.mark.parametrize("padding", [0, 2**18 - 5, 2**20])
def test_a_name_in_a_page_is_told_however_it_was_sent(
    tmp_path: Path, coding: str, padding: int
) -> None:
    page = b" " * padding + NAME.encode() + b" " * padding
    body = {"gzip": gzip.compress(page), "deflate": zlib.compress(page)}.get(coding, page)
    head = f"Content-Encoding: {coding}\r\n".encode() if coding else b""
    found = warc_leaks(tmp_path, head=head, body=body)
    assert {(one.kind, one.is_ours) for one in found} == {(Private.OPERATOR, False)}


def test_in_what_others_archived_nothing_is_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with WarcWriter(path, path.name, software="s", user_agent=NAME, now=NOW) as records:
        records.write_exchange(exchange(tmp_path, b"", b"", b"Cookie: a=1\r\n"))
    entry = {"type": "import", "warc": {"path": "archive/2026/01/a.warc.gz"}}
    members = {
        "archive__a_warc_gz": path.read_bytes(),
        "sousveil__entry-3_json": json.dumps(entry).encode(),
    }
    assert {(one.kind, one.is_ours) for one in in_package(package(**members), WANTED)} == {
        (Private.OPERATOR, False)
    }


# ---------------------------------------------------------------- pictures and dossiers


def png(kind: bytes, words: bytes) -> bytes:
    chunks = ((b"IHDR", b"\0" * 13), (kind, words), (b"IEND", b""))
    made = b"".join(
        len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + made


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (b"tEXt", b"Author\0" + NAME.encode()),
        (b"zTXt", b"Author\0\0" + zlib.compress(NAME.encode())),
        (b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(NAME.encode())),
        (b"eXIf", b"II*\0" + NAME.encode()),
    ],
)
def test_words_beside_a_pictures_pixels_are_found(
    tmp_path: Path, kind: bytes, words: bytes
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(png(kind, words))
    (leak,) = in_folder(tmp_path, WANTED)
    assert (leak.kind, leak.is_ours) == (Private.OPERATOR, True)


def test_a_dossier_is_read_as_a_reader_sees_it(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>Ruth Example-&Ouml;z</p>")
    assert [one.is_ours for one in in_folder(tmp_path, WANTED)] == [True]
    quoted = json.dumps({"findings": [{"quote": f"asked {NAME} of"}]})
    (tmp_path / "findings.json").write_text(quoted)
    assert [one.is_ours for one in in_folder(tmp_path, WANTED)] == [False, False]


# ---------------------------------------------------------------- what is done about it


def test_a_leak_of_ours_is_refused_in_one_line_that_says_what_to_do() -> None:
    found = [
        Leak(Private.PATHS, "the case's folder", "sousveil/bundle.json: x", is_ours=True),
        Leak(Private.OPERATOR, "the operator's name", "pages/pages.jsonl", is_ours=False),
        Leak(Private.USER, "the user's name", "sousveil/README.md", is_ours=True),
    ]
    with pytest.raises(InputError) as refused:
        judged(found, frozenset())
    words = str(refused.value)
    assert words.startswith(
        "sousveil/bundle.json: x: holds the case's folder. Nothing was written."
    )
    assert "And 1 more places" in words
    assert "--allow paths" in words
    assert "\n" not in words
    with pytest.raises(InputError, match="--allow user"):
        judged(found, {Private.PATHS})
    assert judged(found, {Private.PATHS, Private.USER}) == [
        "sousveil/bundle.json: x: holds the case's folder",
        "pages/pages.jsonl: holds the operator's name, as others published it",
        "sousveil/README.md: holds the user's name",
    ]


def test_a_case_knows_what_tells_of_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ruth")
    monkeypatch.setattr("getpass.getuser", lambda: "ruth")
    monkeypatch.setattr("socket.gethostname", lambda: "desk-17")
    exits = {"away": parse_exit("away", "socks5h://own%40er:pass%20word@exit.example:9050")}
    settings = replace(case.settings, operator=NAME, exits=exits)
    save_settings(case, settings)
    found = {one.text for one in secrets_of(open_case(case.root))}
    assert found >= {
        *(NAME, "/home/ruth", str(case.root.resolve()), "ruth", "desk-17"),
        *("exit.example:9050", "own@er", "pass word"),
    }


def test_names_that_anybody_has_are_no_secret(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    monkeypatch.setattr("socket.gethostname", lambda: "localhost")
    assert not {one.text for one in secrets_of(case)} & {"/root", "root", "localhost"}


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """A case whose operator is named on the page that it quotes."""
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        save_settings(case, replace(case.settings, operator=NAME))
        monkeypatch.setenv("SOUSVEIL_CASE", str(case.root))
        text = f"<title>Gate</title><p>{CLAIM}</p><p>Thanks to {NAME}.</p>"
        site.pages["/gate"] = Page(text.encode())
        assert sousveil("add", "--no-browser", f"{site.url}/gate").status == 0
        assert sousveil("visit").status == 0
        yield case


@pytest.mark.usefixtures("watched")
def test_a_page_that_names_the_operator_is_handed_on_and_told(tmp_path: Path) -> None:
    (finding,) = sousveil("findings", "--json").json()
    made = sousveil("bundle", finding["id"], "-o", tmp_path / "a.wacz")
    assert made.status == 0, made.err
    assert "holds the operator's name, as others published it" in made.out


def test_an_export_that_would_tell_where_it_lies_is_refused(
    watched: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(watched, replace(watched.settings, title=f"Kept in {watched.root.resolve()}"))
    monkeypatch.setenv("SOUSVEIL_CASE", str(watched.root))
    output = tmp_path / "out" / "a.wacz"
    output.parent.mkdir()
    told = sousveil("export", "--format", "wacz", "-o", output)
    assert told.status == 2
    assert "datapackage.json: title: holds the case's folder" in told.err
    assert not list(output.parent.iterdir())
    made = sousveil("export", "--format", "wacz", "-o", output, "--allow", "paths")
    assert made.status == 0, made.err
    assert "datapackage.json: title: holds the case's folder" in made.out


@pytest.mark.usefixtures("watched")
def test_a_dossier_names_its_operator_only_when_asked(tmp_path: Path) -> None:
    page = tmp_path / "dossier" / "index.html"
    assert sousveil("dossier", "-o", page.parent).status == 0
    assert "Compiled by" not in page.read_text()
    assert sousveil("dossier", "-o", page.parent, "--allow", "operator").status == 0
    assert "Compiled by" in page.read_text()


def test_a_dossier_that_is_refused_leaves_the_one_before(watched: Case, tmp_path: Path) -> None:
    page = tmp_path / "out" / "dossier" / "index.html"
    assert sousveil("dossier", "-o", page.parent).status == 0
    before = page.read_bytes()
    save_settings(watched, replace(watched.settings, title=f"Kept in {watched.root.resolve()}"))
    told = sousveil("dossier", "-o", page.parent)
    assert (told.status, "holds the case's folder" in told.err) == (2, True)
    assert page.read_bytes() == before
    assert [one.name for one in page.parent.parent.iterdir()] == ["dossier"]
