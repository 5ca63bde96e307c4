"""What git was told is the kind of answer that came: here from a real git and a real server."""

from pathlib import Path

import pytest

from sousveil.capture.git.capture import capture_repository
from sousveil.changes.answer import AnswerFacts, Kind, what_came
from sousveil.changes.answer.repository import came_of_repository
from sousveil.changes.looks import Probe
from sousveil.model import Failure, FailureKind
from tests.sites import Page, serve


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, Kind.NOT_FOUND),
        (410, Kind.NOT_FOUND),
        (401, Kind.LOGIN_WALL),
        (403, Kind.BLOCK_PAGE),
        (429, Kind.BLOCK_PAGE),
        (451, Kind.COUNTRY_WALL),
        (500, Kind.ERROR_PAGE),
        (503, Kind.ERROR_PAGE),
        (302, Kind.UNTOLD),
        (200, Kind.SOFT_404),  # a page that git takes for a repository without branches
    ],
)
def test_a_forge_that_answers_with_a_status(tmp_path: Path, status: int, kind: Kind) -> None:
    with serve() as site:
        answer = Page(b"<h1>Not found</h1>", status=status, location="/sign_in")
        site.pages["/sdk.git/info/refs?service=git-upload-pack"] = answer
        found = capture_repository(
            f"{site.url}/sdk.git",
            mirror=tmp_path / "mirror",
            known=(),
            folder=tmp_path,
            resolve=lambda _host, _port: ["127.0.0.1"],
        )
    assert isinstance(found, Failure)
    probe = Probe(f"{site.url}/sdk.git", None, found)
    assert came_of_repository(probe).kind is kind
    assert what_came(None, None, AnswerFacts([probe])).kind is kind


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("/sdk: there is no such folder", Kind.UNTOLD),
        ("/sdk: its history is cut off (a shallow clone); run", Kind.UNTOLD),
    ],
)
def test_what_is_wrong_with_a_copy_says_nothing(message: str, kind: Kind) -> None:
    probe = Probe("/sdk", None, Failure(FailureKind.REPOSITORY, message))
    assert came_of_repository(probe).kind is kind


@pytest.mark.parametrize("kind", [FailureKind.DNS, FailureKind.TIMEOUT, FailureKind.CONNECT])
def test_silence_says_nothing(kind: FailureKind) -> None:
    probe = Probe("https://vendor.example/sdk.git", None, Failure(kind, "nobody answers"))
    assert came_of_repository(probe).kind is Kind.NO_ANSWER
