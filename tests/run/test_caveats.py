"""What weakens a finding's evidence is said with it, everywhere."""

from datetime import UTC, datetime
from pathlib import Path

from sousveil.archive.write import WarcWriter
from sousveil.case import Case
from tests.commands import sousveil

NOW = datetime(2019, 1, 2, tzinfo=UTC)


def test_a_finding_from_an_import_says_whose_word_its_date_is(case: Case, tmp_path: Path) -> None:
    warc = tmp_path / "donor.warc.gz"
    with WarcWriter(warc, "donor.warc.gz", software="t", user_agent="t", now=NOW) as writer:
        claim = b"<p>Our camera infers the ethnicity of every face it sees.</p>"
        writer.write_resource("https://halden.example/", NOW, "text/html", claim)
    assert sousveil("import", warc, "--case", case.root).status == 0
    (finding,) = sousveil("findings", "--case", case.root, "--json").json()
    assert "made by others" in finding["caveats"][0]
    assert finding["capture"]["captured_at"].startswith("2019-01-02")
    assert "made by others" in sousveil("show", finding["id"], "--case", case.root).out
    assert sousveil("dossier", "-o", tmp_path / "d", "--case", case.root).status == 0
    page = (tmp_path / "d" / "findings" / f"{finding['id']}.html").read_text(encoding="utf-8")
    assert "made by others" in page
