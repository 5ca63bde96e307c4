"""Lists of others are read as they are kept: tables, declarations, indexes of archives."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import InputError
from sousveil.watch.lists import read_addresses, read_list

A, B = "https://halcyon.example/privacy", "https://quarry.example/a?b=1,2"


def targets(text: str) -> list[tuple[str, str]]:
    return [(one.target, one.actor) for one in read_addresses(text, "x")]


@pytest.mark.parametrize(
    "text",
    [
        f'Company,Note,URL\nHalcyon,"a, b",{A}\nQuarry,,"{B}"\n',
        f"url;company\r\n{A};Halcyon\r\n{B};Quarry\r\n",
        f"Website\tLabel\n{A}\tHalcyon\n{B}\tQuarry\n",
        f"网址,公司\n{A},Halcyon\n{chr(34)}{B}{chr(34)},Quarry\n",
    ],
)
def test_a_column_of_addresses_is_found_by_its_name(text: str) -> None:
    assert targets(text) == [(A, "Halcyon"), (B, "Quarry")]


@pytest.mark.parametrize(
    "text",
    [
        f'1,x,{A}\n2,y,"{B}"\n',
        f'id,what,where\n1,x,{A}\n2,y,"{B}"\n',
        f"{A}\n\n{B}\n".replace(",", "%2C"),
    ],
)
def test_without_a_name_the_column_that_holds_addresses_is_it(text: str) -> None:
    assert [one.replace("%2C", ",") for one, _ in targets(text)] == [A, B]


def test_each_address_is_told_with_its_line() -> None:
    first, second = read_addresses(f"url,every,kind\n{A},6h,site\n\n{B},,\n", "list.csv")
    assert (first.where, first.every, first.kind) == ("list.csv, line 2", "6h", "site")
    assert second.where == "list.csv, line 4"


def test_a_scheme_that_people_leave_out_is_added() -> None:
    assert targets("url\nhalcyon.example/a\n/etc/passwd\n") == [
        ("https://halcyon.example/a", ""),
        ("/etc/passwd", ""),
    ]


DECLARATION = {
    "name": "Halcyon Vision",
    "documents": {
        "Privacy Policy": {"fetch": A, "select": ".content", "remove": "footer"},
        "Community Guidelines": {
            "combine": [{"fetch": B}, {"fetch": "https://halcyon.example/b.pdf"}],
            "select": "body",
        },
    },
}


@pytest.mark.parametrize("member", ["documents", "terms"])
def test_declarations_of_open_terms_archive_give_each_document(member: str) -> None:
    told = {"name": DECLARATION["name"], member: DECLARATION["documents"]}
    found = read_addresses(json.dumps(told), "Halcyon.json")
    assert [(one.target, one.actor, one.kind) for one in found] == [
        (A, "Halcyon Vision", ""),
        (B, "Halcyon Vision", ""),
        ("https://halcyon.example/b.pdf", "Halcyon Vision", "document"),
    ]
    assert found[0].where == "Halcyon.json, Privacy Policy"


def test_a_folder_of_declarations_is_read_without_their_history(tmp_path: Path) -> None:
    folder = tmp_path / "declarations"
    folder.mkdir()
    (folder / "Halcyon.json").write_text(json.dumps(DECLARATION))
    (folder / "Halcyon.history.json").write_text("{}")
    (folder / "Halcyon.filters.js").write_text("")
    assert len(read_list(tmp_path)) == 3


def archivebox(folder: Path, *, snapshots: bool) -> None:
    """An archive as ArchiveBox lays it out, its index as it writes it."""
    links = [{"timestamp": "1607300000.0", "url": A, "title": "x"}, {"timestamp": "2", "url": B}]
    (folder / "archive").mkdir(parents=True)
    (folder / "index.json").write_text(
        json.dumps({"schema": "archivebox.index.json", "num_links": 2, "links": links})
    )
    for link in links if snapshots else []:
        place = folder / "archive" / link["timestamp"]
        (place / "warc").mkdir(parents=True)
        (place / "index.json").write_text(json.dumps(link | {"schema": "Link", "history": {}}))


@pytest.mark.parametrize("snapshots", [True, False])
def test_an_archive_of_archivebox_gives_what_it_holds(tmp_path: Path, snapshots: bool) -> None:  # noqa: FBT001  # a case of a table
    archivebox(tmp_path / "box", snapshots=snapshots)
    assert {one.target for one in read_list(tmp_path / "box")} == {A, B}


def test_pages_of_a_wacz_are_a_list_too() -> None:
    lines = ['{"format": "json-pages-1.0", "id": "pages"}', json.dumps({"id": "1", "url": A})]
    assert targets("\n".join(lines)) == [(A, "")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe\x00", "not UTF-8 text"),
        (b"caf\xe9,https://a.example", "Save it as"),
        (b'{"url": ', "damaged JSON"),
        (b"", "no address in it"),
        (b'{"profile": "multi-wacz-package", "resources": []}', "sousveil import"),
        (b"[" * 100_000, "nested too deep|damaged"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "list"
    path.write_bytes(data)
    with pytest.raises(InputError, match=words):
        read_list(path)


def test_excels_unicode_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(f"URL\tCompany\r\n{A}\tHalcyon\r\n".encode("utf-16"))
    (one,) = read_list(path)
    assert (one.target, one.actor) == (A, "Halcyon")


@given(st.text(max_size=300) | st.text('{}[]":,htps/.x\n;', max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InputError):
        read_addresses(text, "x")
