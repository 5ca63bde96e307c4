"""pywb as a referee: its timemaps are read, and its copies come in as they were kept."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.case import open_case, save_settings
from sousveil.index.query import findings, visits_to
from sousveil.ledger import create_case
from sousveil.run.indexing import open_index
from tests.archive.test_pywb import playing, programs
from tests.commands import sousveil
from tests.conftest import NOW
from tests.run.test_mementos import CLAIM, NEW, OLD
from tests.sites import Page, case_for, serve

__all__ = ["programs"]  # a fixture: pywb in an environment of its own


@pytest.mark.slow
@pytest.mark.parametrize("form", ["link", "json"])
def test_copies_that_pywb_keeps_are_taken_in(tmp_path: Path, programs: Path, form: str) -> None:
    with serve() as site:
        kept = case_for(tmp_path / "kept", site)
        target = f"{site.url}/product"
        assert sousveil("add", "--case", kept.root, target).status == 0
        for body in (OLD, NEW):
            site.pages["/product"] = Page(body)
            time.sleep(1.1)  # archives tell copies apart by the second
            assert sousveil("visit", "--all", "--case", kept.root).status == 0
    case = create_case(tmp_path / "case", title="Test", operator="", now=NOW)
    with playing(programs, kept, tmp_path / "pywb") as port:
        allowed = frozenset({f"127.0.0.1:{port}"})
        save_settings(case, replace(case.settings, allow_hosts=allowed, delay_seconds=0.0))
        address = f"http://127.0.0.1:{port}/all/timemap/{form}/{target}"
        ran = sousveil("timemap", "--case", case.root, address)
    assert ran.status == 0, ran.out + ran.err
    with open_index(open_case(case.root)) as index:
        looks = list(visits_to(index, target))
        assert [one.quote for one in findings(index)] == [CLAIM]
    assert [look.status for look in looks] == [200, 200]
