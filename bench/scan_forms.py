"""How much of labelled passages a scan's search lets go, in many codings and ways to be cut.

Takes the passages that we wrote (bench/passages), puts each into a small page in some coding, with
its words parted in some way (drawn by its number, so that each run has the same), and lets the
finder read the page whole. Where it finds something, `may_hold` must have seen it.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import NamedTuple

from bench.passages import Row, corpus
from sousveil.extract import extract
from sousveil.scan.file.finder import Finder

EVERY = 4  # of the passages, so many are one
CODINGS = {  # name in a page -> codec
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-kr": "euc-kr",
    "windows-1251": "cp1251",
    "koi8-r": "koi8-r",
    "iso-8859-1": "cp1252",
    "windows-1250": "cp1250",
    "windows-1254": "cp1254",
    "windows-1256": "cp1256",
}
DECLARED = 0.8  # of pages, that name their coding
_WORD = re.compile(r"[\u3400-\u9fff]{2,4}|[^\W\d_\u3400-\u9fff]{5,}")
_COMMON = frozenset({"anchor hint", "anchor value", "anchor list"})
Parted = Callable[[str, str], str]
WITHIN: Mapping[str, Parted] = {  # two parts of a word -> the word, parted
    "a soft hyphen within": lambda one, other: f"{one}&shy;{other}",
    "a zero-width space within": lambda one, other: f"{one}\u200b{other}",
    "a tag within": lambda one, other: f"{one}<b>{other}</b>",
    "a span within": lambda one, other: f'{one}<span class="k">{other}</span>',
    "a comment within": lambda one, other: f"{one}<!-- x -->{other}",
    "a decimal reference within": lambda one, other: f"{one}&#{ord(other[0])};{other[1:]}",
    "a hexadecimal reference within": lambda one, other: f"{one}&#x{ord(other[0]):x};{other[1:]}",
}
WHOLE: Mapping[str, Callable[[str], str]] = {
    "whole": lambda text: text,
    "decimal references": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "hexadecimal references": lambda text: "".join(
        f"&#x{ord(c):x};" if c > "\x7f" else c for c in text
    ),
    "line breaks between words": lambda text: text.replace(" ", "\n   "),
    "&nbsp; between words": lambda text: text.replace(" ", "&nbsp;"),
    "each word marked up": lambda text: re.sub(r" (\w+)", r" <i>\1</i>", text),
}
AS_JSON = {"JSON": False, "JSON with \\u escapes": True}
WAYS = (*WHOLE, "whole", "whole", *WITHIN, *AS_JSON)


class _Page(NamedTuple):
    body: bytes
    media_type: str
    charset: str


class _Seen(NamedTuple):
    way: str
    charset: str
    is_common: bool  # found by common words alone
    passes: bool


def forms(finder: Finder) -> str:
    """Return, in Markdown, how many passages that the finder finds are seen by the search."""
    seen = list(_seen(finder))
    sure = [one for one in seen if not one.is_common]
    common = [one for one in seen if one.is_common]
    lines = [
        "| | found when read | seen by the search | share |",
        "| --- | --- | --- | --- |",
        _line("with a term that counts alone", sure),
    ]
    names = [sorted({one[number] for one in sure}) for number in (0, 1)]
    for number, kind in ((0, "way"), (1, "charset")):
        groups = {name: [one for one in sure if one[number] == name] for name in names[number]}
        lines += [_line(f"{kind}: {name}", some) for name, some in groups.items()]
    lines.append(_line("with common words alone", common))
    return "\n".join(lines)


def _line(name: str, some: list[_Seen]) -> str:
    passed = Counter(one.passes for one in some)[True]
    return f"| {name} | {len(some)} | {passed} | {passed / max(1, len(some)):.1%} |"


def _seen(finder: Finder) -> Iterator[_Seen]:
    for number, row in enumerate(corpus()):
        if row.kind != "own" or number % EVERY:
            continue
        random = Random(number)  # noqa: S311 - the same page each time
        way = random.choice(WAYS)
        page = _page(row, way, random)
        document = extract(page.body, media_type=page.media_type, charset=page.charset, name="x")
        if claims := finder.engine.find(document):
            anchors = {name for name in claims[0].features if name.startswith("anchor ")}
            passes = finder.may_hold(page.body)
            yield _Seen(way, page.charset, anchors <= _COMMON, passes)


def _page(row: Row, way: str, random: Random) -> _Page:
    if way in AS_JSON:
        data = {"items": [{"id": 1, "text": "Home"}, {"id": 2, "text": row.text}]}
        body = json.dumps(data, ensure_ascii=AS_JSON[way]).encode()
        return _Page(body, "application/json", "utf-8")
    if way in WITHIN:
        text = _WORD.sub(lambda match: _parted(match[0], WITHIN[way], random), row.text)
    else:
        text = WHOLE[way](html.escape(row.text, quote=False))
    charset = random.choice(list(CODINGS))
    try:
        text.encode(CODINGS[charset])
    except UnicodeEncodeError:
        charset = "utf-8"
    is_declared = random.random() < DECLARED and charset != "utf-16"
    meta = f'<meta charset="{charset}">' if is_declared else ""
    source = (
        f"<!DOCTYPE html><html><head>{meta}<title>Page</title></head><body><ul><li>Home</li></ul>\n"
        f"<p>Some words before it.</p>\n<p>{text}</p>\n<p>Contact</p></body></html>"
    )
    return _Page(source.encode(CODINGS[charset]), "text/html", charset)


def _parted(word: str, how: Parted, random: Random) -> str:
    place = random.randrange(1, len(word))
    return how(word[:place], word[place:])
