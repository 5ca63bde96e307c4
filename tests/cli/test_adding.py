"""`sousveil add --from` takes lists in, line by line, and names what it leaves out."""

from pathlib import Path

from sousveil.case import Case
from tests.commands import sousveil


def test_a_list_is_added_with_what_it_says_of_each_address(case: Case, tmp_path: Path) -> None:
    listed = tmp_path / "vendors.csv"
    listed.write_text(
        "url,company,every\nhttps://halcyon.example/a,Halcyon,6h\nhttps://quarry.example/,,\n"
    )
    options = ("--actor", "Somebody", "--every", "2d", "--json")
    ran = sousveil("add", "--case", case.root, "--from", listed, *options)
    assert ran.status == 0, ran.err
    told = {one["target"]: (one["actor"], one["every_seconds"]) for one in ran.json()}
    assert told == {
        "https://halcyon.example/a": ("Halcyon", 6 * 3600),
        "https://quarry.example/": ("Somebody", 2 * 86_400),
    }


def test_lines_that_are_no_targets_are_named_and_the_others_added(
    case: Case, tmp_path: Path
) -> None:
    listed = tmp_path / "vendors.csv"
    listed.write_text(f"url\nhttps://halcyon.example/a\nftp://x.example/\n{tmp_path}\n")
    ran = sousveil("add", "--case", case.root, "--from", listed)
    assert ran.status == 1
    assert "https://halcyon.example/a" in ran.out
    assert "vendors.csv, line 3: ftp://x.example/: only http" in ran.err
    assert "vendors.csv, line 4" in ran.err
    assert "lists hold http or https ones" in ran.err


def test_a_list_again_changes_what_it_tells_otherwise(case: Case, tmp_path: Path) -> None:
    listed = tmp_path / "a.csv"
    listed.write_text("url,actor\nhttps://halcyon.example/a,Halcyon\nhttps://b.example/,B\n")
    sousveil("add", "--case", case.root, "--from", listed)
    listed.write_text("url,actor\nhttps://halcyon.example/a,Halcyon Vision\nhttps://b.example/,B\n")
    ran = sousveil("add", "--case", case.root, "--from", listed)
    assert "https://halcyon.example/a  (changed)" in ran.out
    assert "https://b.example/  (already watched)" in ran.out


def test_it_wants_a_target_or_a_list(case: Case) -> None:
    ran = sousveil("add", "--case", case.root)
    assert ran.status == 2
    assert "--from FILE" in ran.err
