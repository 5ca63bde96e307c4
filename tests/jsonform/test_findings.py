import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sousveil.jsonform import finding_json, instant
from sousveil.model import Box, Finding, Json, Origin, Picture, RecordRef, Region, Verdict
from tests.dossier.reports import (
    CITED,
    EDITED,
    EDITED_TO,
    ENTERED,
    HOSTILE,
    IN_HISTORY,
    LEFT,
    made_up_report,
)

# What the design promises to every reader of a finding in JSON.
PROMISED = {"id", "topic", "trait", "label", "score", "quote", "selectors", "actor", "capture"}
PROMISED |= {"source", "reasons"}
CAPTURE = {"url", "captured_at", "warc", "record_digest", "record_id", "offset", "length"}
CAPTURE |= {"log_index"}

FINDINGS = made_up_report().findings


@pytest.mark.parametrize("found", FINDINGS, ids=lambda found: found.id)
def test_every_promised_field_is_there_and_nothing_is_empty(found: Finding) -> None:
    form = finding_json(found)
    assert set(form) >= PROMISED
    assert set(form["capture"]) >= CAPTURE
    assert json.loads(json.dumps(form)) == form
    # Selectors hold what the standard asks for; an actor that nobody named is null.
    apart = {"selectors", "actor"}
    assert_nothing_empty({key: value for key, value in form.items() if key not in apart})


def assert_nothing_empty(value: object) -> None:
    assert value not in (None, "", [], {})
    for part in value.values() if isinstance(value, dict) else ():
        assert_nothing_empty(part)


def test_the_quote_is_selected_by_its_words_and_by_its_position() -> None:
    by_words, by_position = finding_json(EDITED)["selectors"]
    assert by_words == {
        "type": "TextQuoteSelector",
        "exact": EDITED.quote,
        "prefix": EDITED.prefix,
        "suffix": EDITED.suffix,
    }
    assert by_position == {
        "type": "TextPositionSelector",
        "start": EDITED.claim.start,
        "end": EDITED.claim.end,
    }


def test_lines_of_a_file_are_selected_as_the_gaps_around_them() -> None:
    """RFC 5147: the first line is line=0,1."""
    selector = finding_json(IN_HISTORY)["selectors"][2]
    assert (IN_HISTORY.source.line, IN_HISTORY.source.end_line) == (41, 43)
    assert selector["value"] == "line=40,43"
    assert selector["conformsTo"] == "http://tools.ietf.org/rfc/rfc5147"


def test_a_finding_in_a_repository_tells_its_commits_and_quotes_their_messages() -> None:
    source: Json = finding_json(IN_HISTORY)["source"]
    assert (source["commit"], source["message"]) == (CITED.id, CITED.message)
    assert source["author_date"] == "2020-11-30T09:01:00Z"
    assert source["entered"]["commit"] == ENTERED.id
    assert source["left"]["message"] == LEFT.message
    assert source["path"] == IN_HISTORY.source.path


def test_a_fate_adds_what_became_of_it() -> None:
    form = finding_json(EDITED, made_up_report().fates[EDITED.id])
    assert form["verdict"] == "edited"
    assert form["first_seen"] == "2026-11-02T08:00:04Z"
    assert form["last_seen"] == "2026-11-18T08:03:00Z"
    assert form["gone"] == "2026-11-20T08:04:00Z"
    assert form["after"] == EDITED_TO
    assert form["evidence_log_index"] == 15
    assert "verdict" not in finding_json(EDITED)


def test_what_is_held_is_missing_and_not_gone() -> None:
    gone = made_up_report().fates[EDITED.id]
    due = datetime(2026, 11, 22, 9, tzinfo=UTC)
    held = replace(gone, verdict=Verdict.UNKNOWN, pending=Verdict.EDITED, due=due, looks_left=1)
    form = finding_json(EDITED, held)
    assert form["missing_since"] == finding_json(EDITED, gone)["gone"]
    assert (form["pending"], form["due"]) == ("edited", "2026-11-22T09:00:00Z")
    assert "gone" not in form
    assert "missing_since" not in finding_json(EDITED, gone)


def test_zero_is_not_empty() -> None:
    claim = replace(EDITED.claim, score=0.0, start=0)
    form = finding_json(replace(EDITED, claim=claim, log_index=0))
    assert (form["score"], form["capture"]["log_index"]) == (0.0, 0)


def test_hostile_text_is_passed_on_exactly() -> None:
    assert finding_json(HOSTILE)["quote"] == HOSTILE.quote


def test_times_are_in_utc_whatever_their_zone() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert instant(datetime(2026, 3, 1, 8, 0, tzinfo=shanghai)) == "2026-03-01T00:00:00Z"
    assert instant(datetime(2026, 3, 1, 8, 0, 0, 5, tzinfo=UTC)) == "2026-03-01T08:00:00.000005Z"


def test_a_quote_of_a_pdf_is_selected_by_its_page_and_shown_by_its_boxes() -> None:
    """RFC 8118, section 3; Web Annotation, section 4.2.9 (refinement of selection)."""
    source = replace(EDITED.source, page=7, boxes=(Box(7, 72, 700, 180.5, 712),))
    form = finding_json(replace(EDITED, source=source))
    assert form["source"]["page"] == 7
    assert form["source"]["boxes"] == [[72, 700, 180.5, 712]]
    assert form["selectors"][-1] == {
        "type": "FragmentSelector",
        "conformsTo": "http://tools.ietf.org/rfc/rfc3778",
        "value": "page=7",
        "refinedBy": form["selectors"][0],
    }


def test_a_quote_of_an_office_file_tells_its_slide_or_cell() -> None:
    slide = finding_json(replace(EDITED, source=replace(EDITED.source, slide=3)))
    cell = finding_json(replace(EDITED, source=replace(EDITED.source, cell="Sheet1!B7")))
    assert (slide["source"]["slide"], cell["source"]["cell"]) == (3, "Sheet1!B7")


def test_a_quote_on_the_screen_tells_who_sent_it_and_where_it_is_seen() -> None:
    answer = RecordRef("archive/a.warc.gz", 70, 9, "<urn:uuid:0>", "sha256:aa")
    shot = RecordRef("archive/a.warc.gz", 0, 9, "<urn:uuid:1>", "sha256:bb")
    origin = Origin("https://vendor.example/api", answer, "application/json", "browser")
    region = Region(Picture(shot, "image/png", 800, 4000, top=4000), 8, 20.5, 300, 40)
    source = replace(
        EDITED.source, seen_in="rendered", came_from=(origin,), regions=(region,), recognised=0.9
    )
    told = finding_json(replace(EDITED, source=source))["source"]
    assert (told["seen_in"], told["recognised"]) == ("rendered", 0.9)
    assert told["came_from"] == [
        {
            "url": "https://vendor.example/api",
            "media_type": "application/json",
            "seen_by": "browser",
            "warc": "archive/a.warc.gz",
            "offset": 70,
            "record_digest": "sha256:aa",
        }
    ]
    assert told["regions"] == [
        {
            "warc": "archive/a.warc.gz",
            "offset": 0,
            "record_digest": "sha256:bb",
            "media_type": "image/png",
            "picture_top": 4000,
            "box": [8, 20.5, 300, 40],
        }
    ]
