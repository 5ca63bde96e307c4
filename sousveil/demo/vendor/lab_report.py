"""The test report of a fictitious laboratory on the fictitious vendor's software, as a PDF.

The first edition says what was tested; the second lacks one row of the table and half a sentence,
and keeps number and date.
"""

from collections.abc import Iterator, Sequence

from sousveil.demo.vendor.paper import Line, Rule, write_pdf

TITLE = "Test report BH-0417: StaneLens Analytics Suite 2.0"

_LEFT, _RIGHT, _TOP = 64.0, 531.0, 780.0
_LEADING = 15.0
_COLUMNS = (_LEFT, 92.0, 240.0, 380.0, 460.0)
_FOOT = "Brockhollow Optical Laboratory is fictitious, and so is everything that it tested."

_ROWS = (
    ("Age estimator", "0 to 99 years", "4,000", "± 5 years"),
    ("Gender classifier", "female, male", "4,000", "98.2 %"),
    ("Ethnicity classifier", "Uyghur / non-Uyghur", "2,000", "94.1 %"),
    ("Glasses detector", "none, clear, dark", "4,000", "97.5 %"),
    ("Mask detector", "worn, not worn", "4,000", "99.0 %"),
)
_LEFT_OUT = _ROWS[2]


def lab_report(*, changed: bool) -> bytes:
    """Return the report: the first edition, or the one that replaced it (`changed`)."""
    traits = "age and gender" if changed else "age, gender and ethnicity"
    rows = [row for row in _ROWS if not (changed and row is _LEFT_OUT)]
    pages = (_cover(traits), _results(rows), _conditions())
    numbered = [
        [*page, *_furniture(number, len(pages))] for number, page in enumerate(pages, start=1)
    ]
    return write_pdf(numbered, TITLE)


def _cover(traits: str) -> list[Line | Rule]:
    facts = (
        ("Report", "BH-0417"),
        ("Applicant", "Oddlestane Vision, Port Oddle"),
        ("Object", "StaneLens Analytics Suite 2.0, server edition"),
        ("Received", "14 January 2020"),
        ("Tested", "20 January to 7 February 2020"),
        ("Result", "The object performs as its data sheet declares."),
    )
    rows = [
        line
        for number, (name, value) in enumerate(facts)
        for line in (
            Line(name, _LEFT, 660 - 22 * number, bold=True),
            Line(value, _LEFT + 110, 660 - 22 * number),
        )
    ]
    words = (
        f"The software under test estimates the {traits} of each person whose",
        "face it captures. This report states how often its estimates were right on the",
        "image sets that the applicant supplied. It says nothing about other image sets.",
    )
    return [
        Line("Test report", _LEFT, 726, 26, bold=True),
        Line("StaneLens Analytics Suite 2.0", _LEFT, 702, 14),
        *rows,
        Line("1  Summary", _LEFT, 500, 13, bold=True),
        *_paragraph(words, 476),
    ]


def _results(rows: Sequence[Sequence[str]]) -> list[Line | Rule]:
    head = ("", "Function", "Values", "Images", "Accuracy")
    numbered = [(f"2.{number}", *row) for number, row in enumerate(rows, start=1)]
    top = 690.0
    table: list[Line | Rule] = [Rule(_LEFT, _RIGHT, top + 16)]
    for number, row in enumerate([head, *numbered]):
        y = top - 24 * number
        table += [Line(cell, x, y, bold=number == 0) for x, cell in zip(_COLUMNS, row, strict=True)]
        table.append(Rule(_LEFT, _RIGHT, y - 8))
    return [
        Line("2  Results", _LEFT, 740, 13, bold=True),
        Line("Table 1. Functions on a captured face", _LEFT, 716, bold=True),
        *table,
    ]


def _conditions() -> list[Line | Rule]:
    words = (
        "Images were shown to the software once each, at 1920 by 1080 pixels, on the",
        "server that the applicant delivered. The room had 21 degrees Celsius and a",
        "relative humidity of 45 per cent. No image was shown to more than one version.",
    )
    return [
        Line("3  Conditions", _LEFT, 740, 13, bold=True),
        *_paragraph(words, 716),
        Line("Head of laboratory: signed", _LEFT, 620),
    ]


def _paragraph(words: Sequence[str], y: float) -> Iterator[Line]:
    for number, text in enumerate(words):
        yield Line(text, _LEFT, y - _LEADING * number)


def _furniture(number: int, total: int) -> Iterator[Line | Rule]:
    yield Line("Brockhollow Optical Laboratory", _LEFT, _TOP, 9, bold=True)
    yield Line("Test report BH-0417", 440, _TOP, 9)
    yield Rule(_LEFT, _RIGHT, _TOP - 8)
    yield Rule(_LEFT, _RIGHT, 62)
    yield Line(_FOOT, _LEFT, 48, 8)
    yield Line(f"Page {number} of {total}", 480, 48, 8)
