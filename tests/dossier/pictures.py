"""A made-up report with pictures: a screenshot, a page of a PDF and a scan, drawn here."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from sousveil.model import Area, Finding, PictureFile, Report, Shown
from tests.dossier.reports import DISCUSSION, EDITED, REMOVED, UYGHUR, made_up_report

PICTURED: tuple[Finding, ...] = (EDITED, REMOVED, UYGHUR)
Kind = Literal["screenshot", "page", "image"]
WARNING = "Shown at 48% of its size."


def pictured_report(folder: Path) -> Report:
    """The made-up report, with pictures of three findings in `folder`, and a reason for one."""
    report = made_up_report()
    seen = replace(EDITED.source, seen_in="both")
    read = replace(UYGHUR.source, recognised=0.871)
    sources = {EDITED.id: seen, UYGHUR.id: read, REMOVED.id: replace(REMOVED.source, page=3)}
    findings = tuple(
        replace(found, source=sources.get(found.id, found.source)) for found in report.findings
    )
    return replace(
        report,
        findings=findings,
        pictures=dict(_shown(folder)),
        unpictured={DISCUSSION.id: "no browser showed this address"},
    )


def _shown(folder: Path) -> Iterator[tuple[str, Shown]]:
    whole = _draw(folder / "0123456789abcdef-whole.png", (1_366, 2_400), EDITED.passage)
    kinds: tuple[tuple[Finding, Kind, str], ...] = (
        (EDITED, "screenshot", "white"),
        (REMOVED, "page", "#fffdf2"),
        (UYGHUR, "image", "#10181f"),
    )
    for found, kind, colour in kinds:
        part = _draw(folder / f"{found.id}.png", (1_200, 320), found.passage, colour)
        yield (
            found.id,
            Shown(
                kind=kind,
                part=part,
                marks=(Area(60, 130, 1_060, 154), Area(60, 160, 420, 184)),
                whole=whole if found is not REMOVED else None,
                record=found.capture.record,
                sha256="ab" * 32,
                notes=(WARNING,) if found is UYGHUR else (),
            ),
        )


def _draw(path: Path, size: tuple[int, int], words: str, paper: str = "white") -> PictureFile:
    picture = Image.new("RGB", size, paper)
    ink = "white" if paper.startswith("#1") else "black"
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=20)
    for line in range(size[1] // 30):
        pen.text((60, 10 + 30 * line), words[(line * 31) % 60 :][:95], fill=ink, font=font)
    picture.save(path)
    return PictureFile(path, *size)
