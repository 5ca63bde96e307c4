"""A statement that went shows where it survives, with links to what has a page here."""

import json
from dataclasses import replace

from sousveil.dossier.pages import render
from sousveil.model import Copy, Finding, Trace
from tests.dossier.markup import read_page
from tests.dossier.reports import (
    EDITED,
    FIRST_LOOK,
    HOSTILE_PASSAGE,
    HOSTILE_URL,
    SECOND_LOOK,
    UYGHUR,
    made_up_report,
)


def copy(finding: Finding, **changed: object) -> Copy:
    told = Copy(
        finding_id=finding.id,
        relation="same_words",
        url=finding.url,
        path=None,
        lang=finding.lang,
        quote=finding.quote,
        state="stands",
        first_seen=FIRST_LOOK,
        last_seen=SECOND_LOOK,
        gone_by=None,
    )
    return replace(told, **changed)  # type: ignore[arg-type]


HOSTILE = copy(
    UYGHUR, finding_id="0" * 12, relation="same_claim", url=HOSTILE_URL, quote=HOSTILE_PASSAGE
)
FOLDER = copy(UYGHUR, finding_id="1" * 12, url="file:///home/someone/sdk", path="include/face.h")
TRACE = Trace(
    finding_id=EDITED.id,
    state="reworded",
    first_seen=FIRST_LOOK,
    last_seen=FIRST_LOOK,
    missing_since=SECOND_LOOK,
    after="appearance",
    swaps=("“ethnicity” became “appearance”",),
    moved_to=None,
    copies=(copy(UYGHUR), FOLDER, HOSTILE),
    unlisted=2,
)
FILES = render(replace(made_up_report(), traces={EDITED.id: TRACE}))
FRONT, OWN = (FILES[name].decode() for name in ("index.html", f"findings/{EDITED.id}.html"))


def test_the_front_page_and_its_own_link_the_copies_that_have_a_page() -> None:
    assert f'href="findings/{UYGHUR.id}.html"' in FRONT
    assert f'href="../findings/{UYGHUR.id}.html"' in OWN
    assert "findings/000000000000.html" not in FRONT + OWN
    assert "“ethnicity” became “appearance”." in OWN
    assert "2 more places" in OWN


def test_copies_of_strangers_stay_text() -> None:
    for page in (FRONT, OWN):
        assert "<script" not in page
        assert 'href="javascript' not in page
        read_page(page.encode())


def test_a_local_folder_is_named_and_not_told() -> None:
    assert "/home/someone" not in FRONT + OWN + FILES["findings.json"].decode()
    (line,) = [one for one in json.loads(FILES["findings.json"]) if one["id"] == EDITED.id]
    assert [one["state"] for one in line["trace"]["copies"]] == ["stands"] * 3
