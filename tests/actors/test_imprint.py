"""The lines in which a document says whose it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.actors.imprint import MAX_LINE_CHARACTERS, MAX_LINES, holder, imprint_of
from sousveil.extract import extract
from sousveil.model import Document, Imprint

PAGE = """<html><head><title>Gates</title>
<meta property="og:site_name" content="Halcyon Vision">
<script type="application/ld+json">{"@type": "NewsArticle", "author": {"name": "Jo Bloggs"},
 "publisher": {"@type": "Organization", "name": "Halcyon Vision Ltd"}}</script></head>
<body><h1>Gates</h1><p>Copyright infringement is a crime.</p>
<footer><p>&copy; 2019&ndash;2024 Halcyon Vision Ltd. All rights reserved.</p></footer></body>
"""


def test_a_page_tells_its_sites_name_its_publisher_and_its_copyright() -> None:
    document = extract(PAGE.encode(), media_type="text/html", charset=None, name="gates.html")
    assert imprint_of(document) == (
        Imprint("site name", "Halcyon Vision"),
        Imprint("publisher", "Halcyon Vision Ltd"),
        Imprint("copyright line", "Copyright infringement is a crime."),
        Imprint("copyright line", "© 2019–2024 Halcyon Vision Ltd. All rights reserved."),
    )


def test_a_source_file_tells_its_copyright() -> None:
    code = b"// Copyright (C) 2017-2020 Halcyon Vision Co., Ltd. All rights reserved.\nint a;\n"
    document = extract(code, media_type="", charset=None, name="a.c")
    (line,) = imprint_of(document)
    assert holder(line) == "Halcyon Vision Co., Ltd"


@pytest.mark.parametrize(
    ("line", "whom"),
    [
        ("© 2024 Halcyon Vision Ltd. All rights reserved.", "Halcyon Vision Ltd"),
        ("Copyright © 2010, 2011 by Halcyon Vision", "Halcyon Vision"),
        ("Copyright (c) 2019 Halcyon Vision Co., Ltd.", "Halcyon Vision Co., Ltd"),
        ("版权所有：翠鸟视觉科技有限公司", "翠鸟视觉科技有限公司"),
        ("版权所有 © 2020-2024 翠鸟视觉。保留一切权利", "翠鸟视觉"),
        ("© 2020", ""),
    ],
)
def test_the_holder_is_told_without_years_and_rights(line: str, whom: str) -> None:
    assert holder(Imprint("copyright line", line)) == whom


def text(content: str) -> Document:
    return Document(content, (), "text", "utf-8")


@given(st.text(alphabet=st.sampled_from("©(c) 2copyright版权所有\nAb.,|"), max_size=2_000))
def test_any_text_gives_a_few_short_lines(content: str) -> None:
    lines = imprint_of(text(content))
    assert len(lines) <= MAX_LINES
    assert all(len(line.text) <= MAX_LINE_CHARACTERS for line in lines)
    assert all(len(holder(line)) <= MAX_LINE_CHARACTERS for line in lines)


@pytest.mark.parametrize("unit", ["© ", "copyright", "(c) 2", "版权所有", "a", "\n©"])
def test_a_document_is_read_in_linear_time(unit: str) -> None:
    def seconds(repeated: int) -> float:
        started = time.perf_counter()
        for line in imprint_of(text(unit * repeated)):
            holder(line)
        return time.perf_counter() - started

    seconds(10)
    short = min(seconds(50_000) for _ in range(3))
    long = min(seconds(200_000) for _ in range(3))
    assert long < 10 * short + 0.05
