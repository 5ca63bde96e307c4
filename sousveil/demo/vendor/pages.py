"""What the vendor's site says: its pages, in the first state and in the second.

Takes nothing but the state; gives the answer to each path as bytes. `PAGES` is the ground truth
of the demonstration: which page claims to infer a protected trait, and which only looks like it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

import jinja2

from sousveil.demo.vendor import lab_report
from sousveil.demo.vendor.leaflet import leaflet

_HERE = Path(__file__).parent
_STATIC_TYPES = {
    "robots.txt": "text/plain; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "panel.svg": "image/svg+xml",
    "specs.js": "text/javascript; charset=utf-8",
}
_FIRST_EDITION = datetime(2020, 3, 2, 8, 15, tzinfo=UTC)
_SECOND_EDITION = datetime(2020, 12, 15, 9, 30, tzinfo=UTC)  # the day of the SDK's clean-up


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the vendor. `claims` says whether its first state offers to infer a trait."""

    path: str  # of the URL
    file: str  # below pages/ or static/
    title: str
    claims: bool
    note: str  # what it is there for, for a person
    lang: Literal["en", "zh-Hans"] = "en"
    charset: Literal["utf-8", "gb18030"] = "utf-8"
    needs: Literal["", "browser", "ocr"] = ""  # without which its claim cannot be seen


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: what the site says at one path."""

    status: int
    content_type: str
    modified: str | None  # Last-Modified, RFC 9110 section 8.8.2
    body: bytes


EDITED = Page(
    "/en/products/stanelens.html",
    "en/products/stanelens.html",
    "StaneLens Analytics Suite",
    claims=True,
    note="English product page; a term is split by <wbr>. Edited in the second state.",
)
DELETED = Page(
    "/zh/tender/parameters.html",
    "zh/tender/parameters.html",
    "技术参数应答表",
    claims=True,
    note="Chinese tender response in GB18030, declared by meta only. Deleted in the second state.",
    lang="zh-Hans",
    charset="gb18030",
)
SCRIPTED = Page(
    "/en/products/kerbwatch.html",
    "en/products/kerbwatch.html",
    "KerbWatch K4",
    claims=True,
    note="Built by a script from /api/specs.json, which loses its claims in the second state.",
    needs="browser",
)
REPORT = Page(
    "/en/downloads/test-report.pdf",
    "test-report.pdf",
    lab_report.TITLE,
    claims=True,
    note="PDF test report of a laboratory. The second state has an edition without one row.",
)
LEAFLET = Page(
    "/en/downloads/gate-leaflet.jpg",
    "gate-leaflet.jpg",
    "StaneLens Gate Kit",
    claims=True,
    note="Scanned leaflet. Deleted in the second state.",
    needs="ocr",
)
NOT_FOUND = Page(
    "", "en/not-found.html", "Page not found", claims=False, note="Answers every other path."
)

PAGES: tuple[Page, ...] = (
    EDITED,
    Page(
        "/zh/products/stanelens.html",
        "zh/products/stanelens.html",
        "岩镜分析平台",
        claims=True,
        note="Chinese product page.",
        lang="zh-Hans",
    ),
    DELETED,
    Page(
        "/en/docs/api.html",
        "en/docs/api.html",
        "StaneLens HTTP API, version 2",
        claims=True,
        note="API reference; the claim is a field in a table.",
    ),
    Page(
        "/en/docs/openapi.json",
        "openapi.json",
        "StaneLens HTTP API (OpenAPI)",
        claims=True,
        note="The same field for machines.",
    ),
    SCRIPTED,
    REPORT,
    LEAFLET,
    Page(
        "/en/responsible-use.html",
        "en/responsible-use.html",
        "Responsible use",
        claims=False,
        note="A denial: another product does not infer ethnicity.",
    ),
    Page(
        "/en/careers.html",
        "en/careers.html",
        "Careers",
        claims=False,
        note="Look-alike: an equal-opportunity statement.",
    ),
    Page(
        "/en/support/languages.html",
        "en/support/languages.html",
        "Languages and scripts",
        claims=False,
        note="Look-alike: names of languages.",
    ),
    Page(
        "/en/blog/race-condition.html",
        "en/blog/race-condition.html",
        "The race condition that ate every millionth frame",
        claims=False,
        note="Look-alike: a race between threads.",
    ),
    Page(
        "/en/blog/marathon.html",
        "en/blog/marathon.html",
        "Counting runners at the Port Oddle marathon",
        claims=False,
        note="Look-alike: a race on foot.",
    ),
    Page(
        "/zh/products/id-reader.html",
        "zh/products/id-reader.html",
        "身份证阅读器",
        claims=False,
        note="Look-alike: a field read from a card; nothing is inferred.",
        lang="zh-Hans",
    ),
    Page(
        "/zh/hr/staff-form.html",
        "zh/hr/staff-form.html",
        "入职登记表",
        claims=False,
        note="Look-alike: a field that people fill in.",
        lang="zh-Hans",
    ),
    Page("/", "en/index.html", "Cameras and analytics", claims=False, note="Home page."),
    Page(
        "/zh/index.html",
        "zh/index.html",
        "摄像机与视频分析",
        claims=False,
        note="Chinese home page.",
        lang="zh-Hans",
    ),
)


def answers(*, changed: bool) -> dict[str, Answer]:
    """Return the answer to each path the site knows; "" is the answer to every other path.

    `changed` False is the first state; True the second, in which `EDITED`, `REPORT` and what
    `SCRIPTED` loads read otherwise, and `DELETED` and `LEAFLET` are gone.
    """
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    kept = [page for page in (*PAGES, NOT_FOUND) if not (changed and page in {DELETED, LEAFLET})]
    site = {page.path: _answer(templates, page, changed=changed) for page in kept}
    for name, content_type in _STATIC_TYPES.items():
        path = "/robots.txt" if name == "robots.txt" else f"/static/{name}"
        body = (_HERE / "static" / name).read_bytes()
        site[path] = Answer(200, content_type, format_datetime(_FIRST_EDITION, usegmt=True), body)
    site["/api/specs.json"] = _specs(changed=changed)
    return site


def _specs(*, changed: bool) -> Answer:
    """Return the data of `SCRIPTED`, which tells no date, as what a program makes up does."""
    body = (_HERE / "static" / f"specs-{2 if changed else 1}.json").read_bytes()
    return Answer(200, "application/json", None, body)


def _answer(templates: jinja2.Environment, page: Page, *, changed: bool) -> Answer:
    edition = _SECOND_EDITION if changed and page in {EDITED, REPORT} else _FIRST_EDITION
    modified = None if page is NOT_FOUND else format_datetime(edition, usegmt=True)
    if page.file.endswith(".json"):
        body = (_HERE / "static" / page.file).read_bytes()
        return Answer(200, "application/json", modified, body)
    if page is REPORT:
        return Answer(200, "application/pdf", modified, lab_report.lab_report(changed=changed))
    if page is LEAFLET:
        return Answer(200, "image/jpeg", modified, leaflet())
    text = templates.get_template(page.file).render(page=page, changed=changed)
    # Old Chinese sites often leave the charset to the page itself; so does this one.
    content_type = "text/html; charset=utf-8" if page.charset == "utf-8" else "text/html"
    return Answer(
        404 if page is NOT_FOUND else 200, content_type, modified, text.encode(page.charset)
    )
