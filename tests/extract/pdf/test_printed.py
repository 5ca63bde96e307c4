"""What Chromium prints to PDF is read as a reader sees it, and its claims are found."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sousveil import topics
from sousveil.claims import find
from sousveil.extract import boxes, extract
from sousveil.model import Document
from tests.extract.pictures import needs_chinese

ALL = tuple(topics.load(name) for name in topics.shipped())
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PRINT_SECONDS = 60  # on a busy machine

PAGE = """<html><meta charset=utf-8><style>
p { font: 14px "Noto Sans CJK SC", "DejaVu Sans"; margin: 2em } .spread { letter-spacing: .8em }
.narrow { width: 150px }</style>
<p>青石视界摄像机支持维吾尔族识别报警。</p>
<p class=spread>该平台可按民族检索过往行人的面部。</p>
<p class=spread>The Lens camera detects the ethnicity of visitors.</p>
<p class=narrow>The Lens camera detects the eth&shy;nic&shy;i&shy;ty of every single passer-by.</p>
<p dir=rtl>بۇ سىستېما ئۇيغۇر چىرايىنى تونۇيدۇ ۋە مىللەت بويىچە ئاگاھلاندۇرىدۇ.</p>
</html>"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    if CHROMIUM is None:
        pytest.skip("no Chromium is here")
    folder = tmp_path_factory.mktemp("printed")
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    flags += [f"--user-data-dir={folder / 'profile'}", "--proxy-server=127.0.0.1:9"]
    target = ["--print-to-pdf=page.pdf", (folder / "page.html").as_uri()]
    subprocess.run(
        [CHROMIUM, *flags, *target],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=PRINT_SECONDS,
    )
    return Path(folder / "page.pdf").read_bytes()


def read(payload: bytes) -> Document:
    return extract(payload, media_type="application/pdf", charset=None, name="page.pdf")


@needs_chinese
def test_each_claim_is_found_and_quoted_as_it_stands(printed: bytes) -> None:
    document = read(printed)
    claims = find(document, ALL)
    quotes = [document.text[claim.start : claim.end] for claim in claims]
    assert [quote.replace("\u200a", "").replace("\u00ad", "").split() for quote in quotes] == [
        ["青石视界摄像机支持维吾尔族识别报警。"],
        ["该平台可按民族检索过往行人的面部。"],
        ["The", "Lens", "camera", "detects", "the", "ethnicity", "of", "visitors."],
        [
            "The",
            "Lens",
            "camera",
            "detects",
            "the",
            "ethnicity",
            "of",
            "every",
            "single",
            "passer-by.",
        ],
        [
            "بۇ",
            "سىستېما",
            "ئۇيغۇر",
            "چىرايىنى",
            "تونۇيدۇ",
            "ۋە",
            "مىللەت",
            "بويىچە",
            "ئاگاھلاندۇرىدۇ.",
        ],
    ]
    spans = [(claim.start, claim.end) for claim in claims]
    where = boxes(printed, document, spans)
    assert all(0 < box.left < box.right < 612 for span in spans for box in where[span])
    assert [len(where[span]) for span in spans][:2] == [1, 1]


@needs_chinese
def test_words_from_right_to_left_are_in_the_order_in_which_they_are_read(printed: bytes) -> None:
    assert (
        "بۇ سىستېما ئۇيغۇر چىرايىنى تونۇيدۇ ۋە مىللەت بويىچە ئاگاھلاندۇرىدۇ." in read(printed).text
    )
