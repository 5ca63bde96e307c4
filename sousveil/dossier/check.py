"""How to check a finding with tools that are not ours, as commands to paste.

Takes a finding and gives steps. The commands are for a POSIX shell with GNU coreutils, run in the
case folder. Names in them come from hostile repositories and are quoted for the shell.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from sousveil.model import Capture, Finding, RecordRef

# Bundles of other visits that are spelled out on either side; a bundle holds only what was new.
MAX_OTHER_BUNDLES = 12

# What the commands name the files that they write.
BUNDLE, ANSWER, OTHER = "evidence.bundle", "evidence.http", "other.bundle"

_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, what it shows, and the commands."""

    title: str
    shows: str
    command: str


def check_steps(
    finding: Finding, earlier: Sequence[Capture] = (), later: Sequence[Capture] = ()
) -> tuple[Step, ...]:
    """Return the steps that lead from the log to the quoted words, and then to its signature.

    `earlier` and `later` are the other captures of the same repository, the oldest first: its
    bundle needs the earlier ones, and the commit that took the words out may be in a later one.
    """
    record = finding.capture.record
    warc = shlex.quote(record.warc)
    block = BUNDLE if finding.source.commit else ANSWER
    return (
        Step(
            "The file is the one that was logged",
            "The first command prints the file’s digest. The second looks for it in the log and "
            f"names the newest tile with entry {finding.log_index}; if a single bit of the file "
            "was changed, it finds nothing.",
            f"sha256sum {warc}\n"
            f"grep -rlaF \"$(sha256sum {warc} | cut -d ' ' -f 1)\" log/tile/entries/"
            " | sort -V | tail -n 1",
        ),
        Step(
            "The record in it is the one that is cited",
            "Cuts the record out of the file and takes off its WARC header; then prints the digest "
            "of what is left, which must be the one in the last line.",
            f"{_cut_out(record, block)}\n"
            f"sha256sum {block}\n"
            f"# {record.digest.removeprefix('sha256:')}",
        ),
        _in_repository(finding, earlier, later) if finding.source.commit else _on_page(),
        Step(
            "The whole case is as it was logged and signed",
            "Recomputes every digest, the tree over the log and its signature, and names whatever "
            "does not fit.",
            "sousveil verify",
        ),
    )


def _cut_out(record: RecordRef, into: str) -> str:
    """Return the command that writes a record's block: no WARC header, no CRLF CRLF at the end."""
    unpacked = "gunzip | " if record.warc.endswith(".gz") else ""
    return (
        f"tail -c +{record.offset + 1} {shlex.quote(record.warc)} | head -c {record.length} | "
        f"{unpacked}LC_ALL=C sed '1,/^\\r*$/d' | head -c -4 > {into}"
    )


def _on_page() -> Step:
    return Step(
        "The words are in the record",
        "Shows the answer as it came, header first. The body may be compressed or in another "
        "character set; the WARC file also opens in ReplayWeb.page, which shows the page as it "
        "was.",
        f"less {ANSWER}",
    )


def _lines(finding: Finding) -> str:
    """Return the commands that print a finding's lines so that a terminal can show them."""
    source = finding.source
    lines = f"sed -n {source.line},{source.end_line}p"
    if source.charset in {"utf-8", ""}:
        return lines
    return f"iconv -f {shlex.quote(source.charset)} -t utf-8 | {lines}"


def _in_repository(finding: Finding, earlier: Sequence[Capture], later: Sequence[Capture]) -> Step:
    source = finding.source
    commits = [each for each in (source.commit, source.entered, source.left) if each]
    sha256 = " --object-format=sha256" if len(commits[0].id) == _SHA256_DIGITS else ""
    commands = [
        f"git init -q --bare{sha256} evidence.git",
        *_unbundle_others(earlier),
        _unbundle(BUNDLE),
        f"git -C evidence.git show {_file(finding)} | {_lines(finding)}",
        *(_unbundle_others(later) if source.left else ()),
    ]
    commands += [
        f"git -C evidence.git show -s --format='%H %aI%n%B' {shlex.quote(commit.id)}"
        for commit in commits[1:]
    ]
    return Step(
        "The words stood in that commit",
        "The record is a git bundle. Git computes the hash of every object anew, so that the "
        "commit’s name vouches for the file. Nothing from the repository is run.",
        "\n".join(commands),
    )


def _unbundle_others(captures: Sequence[Capture]) -> list[str]:
    commands = []
    for capture in captures[:MAX_OTHER_BUNDLES]:
        commands += [_cut_out(capture.record, OTHER), _unbundle(OTHER)]
    if len(captures) > MAX_OTHER_BUNDLES:
        left_out = len(captures) - MAX_OTHER_BUNDLES
        commands.append(f"# {left_out} more captures of this repository, in the same way")
    return commands


def _unbundle(bundle: str) -> str:
    return f"git -C evidence.git bundle unbundle ../{bundle} > /dev/null"


def _file(finding: Finding) -> str:
    """Name the file for `git show`: by path, or by its own hash if the path could deceive."""
    source = finding.source
    commit = source.commit.id if source.commit else ""
    if source.path is not None and source.path.isprintable():
        return shlex.quote(f"{commit}:{source.path}")
    return shlex.quote(source.blob or commit)
