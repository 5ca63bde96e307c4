"""Who findings are about follows `actors.toml`, and what targets name, while the desk is up."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sousveil.case import locked, never, open_case
from sousveil.index.listed import names_are_current
from sousveil.run.indexing import open_index
from sousveil.web import naming as module
from sousveil.web.naming import Naming
from tests.web.desks import Served

LAMPENHAUS = '[[actor]]\nname = "Lampenhaus"\nnames = ["Gazelight"]\n'
SECONDS = 20


def until(ask: Callable[[], str], is_so: Callable[[str], bool]) -> str:
    deadline = time.monotonic() + SECONDS
    while not is_so(told := ask()):
        assert time.monotonic() < deadline, told
        time.sleep(0.02)
    return told


def test_names_follow_the_file_of_actors_without_an_analysis(desk: Served) -> None:
    ada = desk.client()
    assert "Gazelight" in ada.get("/actors").text
    (desk.case.root / "actors.toml").write_text(LAMPENHAUS)
    told = ada.get("/actors").text
    assert ("Gazelight" in told, "Names are being told anew" in told) == (True, True)
    told = until(lambda: ada.get("/actors").text, lambda text: "told anew" not in text)
    assert ("Lampenhaus" in told, "Gazelight" in told) == (True, False)


def test_names_follow_a_target_that_is_given_to_another_actor(desk: Served) -> None:
    ada = desk.client()
    with desk.desk.index() as index:
        ((watch,),) = index.rows("SELECT watch_id FROM finding LIMIT 1")
    page = f"/manage/targets/{watch}"
    assert ada.post(f"{page}/change", on=page, every="6h", actor="Halden").status == 303
    assert "Halden" in until(lambda: ada.get("/actors").text, lambda text: "told anew" not in text)


def test_a_share_at_a_time_leaves_others_their_turn(
    small_case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARE", 1)
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.2)
    case = open_case(small_case)
    (small_case / "actors.toml").write_text(LAMPENHAUS)
    naming = Naming(lambda: case, lambda: never)
    with open_index(case) as index:
        naming.heed(index)
        until(
            lambda: str(index.rows("SELECT actor FROM finding")), lambda told: "Lampenhaus" in told
        )
        assert not names_are_current(index)
        with locked(case):
            pass  # between two shares
    naming.close()


def test_a_file_that_cannot_be_read_is_tried_once_until_it_changes(
    small_case: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case, path = open_case(small_case), small_case / "actors.toml"
    naming = Naming(lambda: case, lambda: never)

    def refusals() -> int:
        with open_index(case) as index:
            naming.heed(index)
        return caplog.text.count("Names are told as before")

    path.write_text("[[actor]")
    until(lambda: str(refusals()), lambda told: told == "1")
    for _ in range(3):
        time.sleep(0.02)
        assert refusals() == 1
    path.write_text("[actor]")
    until(lambda: str(refusals()), lambda told: told == "2")
    naming.close()
