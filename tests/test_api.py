"""The Python interface: what its page shows runs, is typed, and says what the commands say."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sousveil.api import Case, read_file, verify
from sousveil.errors import CaseError, InputError
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

HOW_TO = Path(__file__).parents[1] / "docs" / "how-to" / "use-from-python.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", HOW_TO.read_text("utf-8"), re.MULTILINE | re.DOTALL)
PAGE = (
    b"<html lang=en><title>Gate</title><p>The Halden gate camera tells the ethnicity of every"
    b" visitor, and raises an alarm.</p></html>"
)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the case `acme`, in which a finding is confirmed, and a page."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "page.html").write_bytes(PAGE)
    with serve() as site:
        case_for(folder / "acme", site)
        site.pages["/gate"] = Page(PAGE)
        case = ("--case", str(folder / "acme"))
        assert sousveil("add", f"{site.url}/gate", *case).status == 0
        assert sousveil("visit", *case).status == 0
    found = sousveil("findings", "--json", *case).json()
    assert sousveil("review", found[0]["id"], "confirm", "--by", "A. Reader", *case).status == 0
    return folder


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_example_of_the_documentation_runs(
    example: str, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(work)
    exec(compile(example, "example", "exec"), {})  # noqa: S102  # our own documentation
    assert "ethnicity" in (told := capsys.readouterr().out) or told == "whole\n"


def test_the_examples_are_typed(tmp_path: Path) -> None:
    for number, example in enumerate(EXAMPLES):
        (tmp_path / f"example_{number}.py").write_text(example, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *sorted(map(str, tmp_path.glob("*.py")))],
        cwd=HOW_TO.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_case_tells_what_its_commands_tell(work: Path) -> None:
    case = Case.open(work / "acme")
    told = sousveil("findings", "--json", "--case", str(case.root)).json()
    assert [found.as_json() for found in case.findings()] == told
    assert case.findings(statuses=["rejected"]) == []
    assert len(case.findings(labels=["offers"], statuses=["confirmed"])) == 1
    (watch,) = case.watches()
    (visit,) = case.visits(watch)
    assert visit.captures


def test_a_case_that_was_changed_is_not_whole(work: Path) -> None:
    assert verify(work / "acme").is_whole
    (warc,) = (work / "acme").glob("archive/*/*/*.warc.gz")
    kept = warc.read_bytes()
    warc.write_bytes(kept[:-1])
    verdict = verify(work / "acme")
    warc.write_bytes(kept)
    assert [fault.path for fault in verdict.faults] == [str(warc.relative_to(work / "acme"))]
    assert not verdict.is_whole


def test_a_bundle_says_what_it_proves(work: Path, tmp_path: Path) -> None:
    (found,) = Case.open(work / "acme").findings()
    bundle = tmp_path / "evidence.wacz"
    made = sousveil("bundle", found.finding.id, "-o", bundle, "--case", work / "acme")
    assert made.status == 0, made.err
    verdict = verify(bundle)
    assert verdict.is_whole
    assert verdict.proved
    assert verdict.not_proved
    with zipfile.ZipFile(bundle, "a") as package:
        package.writestr("more.txt", "more")
    assert not verify(bundle).is_whole


def test_what_is_asked_wrongly_is_refused(work: Path) -> None:
    with pytest.raises(CaseError, match="no such folder"):
        Case.open(work / "nowhere")
    with pytest.raises(InputError, match="no such label"):
        Case.open(work / "acme").findings(labels=["sells"])
    with pytest.raises(InputError, match="cannot be read"):
        read_file(work / "nothing.html")
