"""Where a register comes from: our file, the case's, and its lists."""

import hashlib
from pathlib import Path

import pytest

from sousveil.actors import OfficialList, case_register, shipped_register
from sousveil.actors.lists import read_list
from sousveil.actors.register import Register
from sousveil.actors.sources import with_lists
from sousveil.errors import ActorError
from sousveil.model import Listing
from tests.actors.findings import HALCYON
from tests.actors.test_lists import DATASETS, needs_datasets

LIST = OfficialList("List A", "https://list.example/", "lists/a.csv", "")


def listed(csv: str, *more: str) -> Register:
    """A register of one known maker and these lists."""
    lists = [
        (OfficialList(f"List {chr(ord('A') + n)}", "https://list.example/", "", ""), text)
        for n, text in enumerate((csv, *more))
    ]
    rows = [(one, read_list(text.encode(), "x")) for one, text in lists]
    return Register(with_lists([HALCYON], rows))


def test_a_row_lists_whoever_it_names_as_a_whole_word() -> None:
    register = listed("Name,Since\nHalcyon Vision Technology Ltd,2021-01-02\nHalcyon Visionary,\n")
    actor = register.named("Halcyon Vision")
    assert actor is not None
    assert actor.listings == (
        Listing("List A", "Halcyon Vision Technology Ltd", "2021-01-02", "https://list.example/"),
    )


def test_an_entry_that_is_repeated_is_told_once_since_its_first() -> None:
    register = listed(
        "Name,Start date,End date\n"
        "Halcyon Vision Ltd*,2024-01-31,\nHalcyon Vision Co. Ltd.,2021-06-03,\n"
    )
    (listing,) = register.actors[0].listings
    assert (listing.since, listing.until) == ("2021-06-03", None)


def test_an_entry_that_was_taken_out_says_until_when_it_stood() -> None:
    register = listed("Name,Start date,End date\nHalcyon Vision Ltd,2024-01-31,2025-01-07\n")
    assert register.actors[0].listings[0].until == "2025-01-07"
    again = listed(
        "Name,Start date,End date\n"
        "Halcyon Vision Ltd,2021-01-31,2022-01-07\nHalcyon Vision Ltd,2024-06-01,\n"
    )
    (listing,) = again.actors[0].listings
    assert (listing.since, listing.until) == ("2024-06-01", None)


def test_who_is_only_on_lists_is_an_actor_with_all_of_them() -> None:
    register = listed(
        "Name,Alias\nGrey Heron Optics Co. Ltd,GHO\n", "Company\nGREY HERON OPTICS\nCrane\n"
    )
    actor = register.named("Grey Heron Optics")
    assert actor is not None
    assert [one.list for one in actor.listings] == ["List A", "List B"]
    assert [m.actor for m in register.mentions("the grey heron optics sdk")] == [actor]


def test_a_short_name_from_a_list_counts_beside_telling_words_alone() -> None:
    register = listed("Name,Alias\nGrey Heron Optics Ltd,Inner Fen\nCrane Ltd,\n")
    assert register.mentions("people of the Inner Fen saw a Crane") == []
    assert [m.actor.name for m in register.mentions("Crane Ltd and Inner Fen said")] == [
        "Crane Ltd", "Grey Heron Optics Ltd",
    ]  # fmt: skip


def test_a_sentence_that_names_nobody_makes_no_actor() -> None:
    register = listed("covered equipment\nAll gates that were made abroad\n")
    assert register.actors == (HALCYON,)


def test_a_cases_own_entries_win_over_ours(tmp_path: Path) -> None:
    ours = shipped_register().actors[0]
    (tmp_path / "actors.toml").write_text(
        f'[[actor]]\nname = "{ours.name}"\nnames = ["Halcyon"]\n'
        f'[[actor]]\nname = "Somebody"\ndomains = ["{ours.domains[0]}"]\n',
        encoding="utf-8",
    )
    register = case_register(tmp_path)
    mine = register.named(ours.name)
    assert mine is not None
    assert mine.names == (ours.name, "Halcyon")
    held = register.at(ours.domains[0])
    assert held is not None
    assert held[0].name == "Somebody"
    assert len(register.actors) == len(shipped_register().actors) + 1


def test_a_case_without_names_of_its_own_has_ours(tmp_path: Path) -> None:
    assert case_register(tmp_path) is shipped_register()


def test_a_list_must_be_the_file_that_was_logged(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    data = b"Name\nGrey Heron Optics\n"
    (tmp_path / "lists" / "a.csv").write_bytes(data)
    logged = OfficialList("A", "", "lists/a.csv", hashlib.sha256(data).hexdigest())
    assert case_register(tmp_path, [logged]).named("Grey Heron Optics") is not None
    (tmp_path / "lists" / "a.csv").write_bytes(data + b"Crane Optics\n")
    with pytest.raises(ActorError, match="is not the file that was logged"):
        case_register(tmp_path, [logged])
    (tmp_path / "lists" / "a.csv").unlink()
    with pytest.raises(ActorError, match="no such file is there"):
        case_register(tmp_path, [logged])


@pytest.mark.parametrize("path", ["/etc/passwd", "lists/../a.csv", "lists/a.txt", "a.csv"])
def test_a_list_is_read_from_its_own_folder_alone(tmp_path: Path, path: str) -> None:
    with pytest.raises(ActorError):
        case_register(tmp_path, [OfficialList("A", "", path, "0" * 64)])


@needs_datasets
def test_real_lists_name_the_makers_that_we_know() -> None:
    files = ("us-dod-chinese-military-companies.csv", "us-fcc-covered-list.csv",
             "us-ndaa-section-889.csv")  # fmt: skip
    lists = [
        (OfficialList(file, "", "", ""), read_list((DATASETS / file).read_bytes(), file))
        for file in files
    ]
    register = Register(with_lists(shipped_register().actors, lists))
    on = {
        actor.name: [(one.list[3:6], one.since, one.until) for one in actor.listings]
        for actor in register.actors
    }
    assert on["Hikvision"] == [
        ("dod", "2021-06-03", None), ("fcc", "2021-03-12", None), ("nda", None, None),
    ]  # fmt: skip
    assert on["Megvii"] == [("dod", "2024-01-31", "2025-01-07")]
    assert on["CloudWalk"] == [("dod", "2022-10-05", None)]
    assert {name for name, lists in on.items() if ("nda", None, None) in lists} == {
        "Dahua", "Hikvision", "Huawei", "Hytera", "ZTE",
    }  # fmt: skip
    assert on["Apple"] == on["Meta"] == on["Zoom"] == []
