"""The desk beside a watch that reads for long: nobody waits for it; killed, it loses nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sousveil.case import Case
from sousveil.index.query import fates, finding_ids
from sousveil.index.verdicts import stale_addresses
from sousveil.run.indexing import open_index
from tests.commands import sousveil
from tests.sites import Page, Site, case_for, serve
from tests.web.desks import CSRF, served
from tests.web.test_review import IDS

CLAIM = "<!doctype html><html lang=en><p>{n}. The camera tells the ethnicity of each visitor.</p>"
PAGES = 12
SLOW_SECONDS = 0.2  # of each look that is read, and of each address that is judged
A_MOMENT = 1.0  # seconds that a person may wait

# The watch as it is, but that reading takes its time; it says what it does.
WATCH = """
import sys, time
from sousveil.cli import main
from sousveil.run.read import analyse, judging

def slowly(function, word):
    def done(*args, **kwargs):
        print(word, flush=True)
        time.sleep(float(sys.argv[1]))
        return function(*args, **kwargs)
    return done

analyse.read_look = slowly(analyse.read_look, "reads")
judging.Address.judge = slowly(judging.Address.judge, "judges")
main(["watch", "--once", "--case", sys.argv[2]])
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        for n in range(PAGES):
            site.pages[f"/{n}"] = Page(CLAIM.format(n=n).encode())
        yield site


@pytest.fixture
def case(site: Site, tmp_path: Path, own_config: Path) -> Case:
    """Return a case in which one page was read, and the others are due."""
    assert own_config
    made = case_for(tmp_path / "case", site)
    assert sousveil("add", site.url + "/0", "--no-browser", "--case", made.root).status == 0
    assert sousveil("visit", "--case", made.root).status == 0
    others = [f"{site.url}/{n}" for n in range(1, PAGES)]
    assert sousveil("add", *others, "--no-browser", "--case", made.root).status == 0
    return made


@contextmanager
def slow_watch(case: Case, doing: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the watch until the block ends; it begins when the watch is `doing` something."""
    command = [sys.executable, "-c", WATCH, str(SLOW_SECONDS), str(case.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"{doing}\n" in iter(process.stdout.readline, "")
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("doing", ["reads", "judges"])
def test_while_the_watch_reads_a_decision_waits_for_one_turn(case: Case, doing: str) -> None:
    with served(case.root) as desk:
        ada = desk.client()
        page = ada.get("/review").text
        token = CSRF.search(page)
        assert token is not None
        (finding,) = set(IDS.findall(page))
        waited = []
        with slow_watch(case, doing) as process:
            for decision in ("confirm", "reject") * 3:
                begun = time.monotonic()
                form = {"csrf": token[1], "finding": finding, "decision": decision}
                assert ada.send_form("/review/decide", form).status == 303
                waited.append(time.monotonic() - begun)
            assert process.poll() is None, "the watch was done before anybody had decided"
        assert max(waited) < A_MOMENT


@pytest.mark.parametrize("doing", ["reads", "judges"])
def test_a_watch_that_is_killed_while_it_reads_goes_on_where_it_was(case: Case, doing: str) -> None:
    with slow_watch(case, doing):
        time.sleep(2 * SLOW_SECONDS)
    with open_index(case) as index:
        assert len(fates(index)) < PAGES
    assert sousveil("watch", "--once", "--case", case.root).status == 0
    assert sousveil("analyse", "--case", case.root).status == 0
    with open_index(case) as index:
        assert stale_addresses(index) == []
        assert set(fates(index)) == finding_ids(index)
        assert len(finding_ids(index)) == PAGES
    assert sousveil("verify", case.root).status == 0
