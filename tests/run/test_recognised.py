"""Quotes that OCR read: a real scan, read by the real engine."""

import pytest

from sousveil.claims import find
from sousveil.demo.vendor.leaflet import SIZE, leaflet
from sousveil.extract import extract
from sousveil.extract.ocr.process import installed
from sousveil.model import Capture, Document, RecordRef
from sousveil.run.read.findings import Place, make_findings
from sousveil.run.read.recognised import with_recognition
from sousveil.topics import load
from tests.conftest import NOW
from tests.dossier.reports import DENIAL

URL = "https://vendor.example/leaflet.jpg"
CAPTURE = Capture(URL, NOW, 200, "image/jpeg", RecordRef("a.warc.gz", 0, 9, "<urn:uuid:1>", "d"))


@pytest.mark.skipif(not installed(), reason="the extra `ocr` is not installed")
def test_a_quote_of_a_scan_has_its_place_on_the_scan_and_tells_how_sure_it_is() -> None:
    content = leaflet()
    document = extract(content, media_type="image/jpeg", charset=None, name=URL)
    claims = find(document, [load("ethnicity")])
    plain = make_findings(document, claims, Place(URL, CAPTURE, 3, None))
    (finding,) = with_recognition(plain, document, CAPTURE, content)
    assert finding.quote.startswith("It recognises the ethnicity of each visitor")
    assert finding.source.recognised is not None
    assert 0.7 <= finding.source.recognised <= 1
    assert "compare with the picture" in finding.caveats[-1]
    one, other = finding.source.regions
    assert (one.picture.width, one.picture.height) == SIZE
    assert one.picture.record == CAPTURE.record
    assert one.top < other.top < one.bottom + 30
    for region in (one, other):
        assert 100 < region.left < 130  # the margin of the leaflet, askew
        assert 30 < region.bottom - region.top < 60
        assert region.right - region.left > 600


def test_what_was_no_picture_stays_as_it_is() -> None:
    document = Document("It infers ethnicity.", (), "text", "utf-8")
    assert with_recognition([DENIAL], document, CAPTURE, b"") == (DENIAL,)
