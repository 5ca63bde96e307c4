"""The pages of made archives: languages, charsets and mark-up as the web has them.

A page is put together from pieces that were made once, a few of them again and again, as pages are.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

from bench.crawl_plants import Plant, as_json
from bench.crawl_text import Texts, all_texts

LANGUAGES = {
    "zh": 26,
    "zh-Hant": 3,
    "ru": 9,
    "ug": 2,
    "en": 35,
    "de": 6,
    "fr": 5,
    "es": 6,
    "it": 3,
    "tr": 2,
    "pl": 3,
}  # in a hundred pages
CHARSETS = {
    "zh": {"utf-8": 73, "gb18030": 27},
    "zh-Hant": {"utf-8": 60, "big5hkscs": 40},
    "ru": {"utf-8": 70, "cp1251": 25, "koi8-r": 5},
    "ug": {"utf-8": 100},
    "pl": {"utf-8": 92, "iso8859-2": 8},
    "tr": {"utf-8": 92, "cp1254": 8},
}  # of those pages; other languages: as _LATIN
_LATIN = {"utf-8": 92, "cp1252": 8}
_NAMES = {"gb18030": "gbk", "big5hkscs": "big5", "cp1251": "windows-1251", "cp1252": "iso-8859-1"}
UNDECLARED = 0.12  # of pages in other charsets than UTF-8
NAMED = 0.6  # pages whose head of HTTP names the charset, where the page does
LINKED, MARKED = 0.3, 0.2  # paragraphs with a link; with a reference or a line break
ESCAPED = 0.15  # pages that repeat some of their text as JSON in a script
SHARES = {"style": 0.10, "script": 0.36, "menu": 0.30, "text": 0.24}  # of a page's bytes
_WORDS = (
    "nav main post entry item list header footer side bar widget button slider image block "
    "row col grid theme init load event click open close menu page link title text icon share "
    "feed count cache token query state node data view model route admin user cart price shop "
    "track pixel"
)
_POOL = 2_000  # pieces of each sort that pages are put together from
_OF_A_PAGE = 280  # of these, in one page: it repeats itself as pages do
_SMALL_PAGE = 9_000  # bytes, of the pages of `plants`


class _Pools(NamedTuple):
    """Pieces of pages."""

    styles: list[str]
    scripts: list[str]
    menus: Mapping[str, list[str]]
    texts: Mapping[str, list[str]]


class Page(NamedTuple):
    """A page as it is sent."""

    url: str
    media_type: str
    body: bytes


def random_of(seed: int) -> Random:
    """Return the random numbers of a seed."""
    return Random(seed)  # noqa: S311  # pages, no secrets


def page_of(random: Random, plant: Plant | None, number: int, size: int = _SMALL_PAGE) -> Page:
    """Return a page of about `size` bytes, with the passage of `plant` in it."""
    lang = plant.lang if plant else _drawn(random, LANGUAGES)
    charset = plant.charset if plant else _drawn(random, CHARSETS.get(lang, _LATIN))
    url = f"https://www.site{number % 9973}.example/{lang}/{number:x}/page.html"
    if plant is not None and plant.wrap == "json":
        return Page(url, "application/json", as_json(plant, random.sample(_texts()[lang].long, 40)))
    is_declared = charset in {"utf-8", "ascii"} or random.random() >= UNDECLARED
    body = _html(random, lang, charset if is_declared else "", size, plant.markup if plant else "")
    named = (
        f"; charset={_NAMES.get(charset, charset)}"
        if is_declared and random.random() < NAMED
        else ""
    )
    return Page(url, f"text/html{named}", body.encode(charset, "xmlcharrefreplace"))


def _html(random: Random, lang: str, charset: str, size: int, planted: str) -> str:
    """Return a page of about `size` bytes, with a passage in the midst of its text."""
    pools = _pools()
    wide = {"zh": 2.6, "zh-Hant": 2.6, "ru": 1.8, "ug": 1.8}.get(lang, 1.0)
    parts = {
        "style": _some(random, pools.styles, size * SHARES["style"]),
        "script": _some(random, pools.scripts, size * SHARES["script"]),
        "menu": _some(random, pools.menus[lang], size * SHARES["menu"] / (1 + (wide - 1) / 8)),
        "text": _some(random, pools.texts[lang], size * SHARES["text"] / wide),
    }
    if planted:
        parts["text"].insert(len(parts["text"]) // 2, f"<p>{planted}</p>\n")
    title = random.choice(_texts()[lang].short)
    half = len(parts["script"]) // 2
    meta = (
        f'<meta charset="{_NAMES.get(charset, charset)}">'
        if charset and "16" not in charset
        else ""
    )
    if random.random() < ESCAPED:
        said = json.dumps({"@type": "WebPage", "name": title, "about": _texts()[lang].long[:3]})
        parts["script"].append(f'</script><script type="application/ld+json">{said}')
    return "".join(
        [
            f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n{meta}\n<title>{title}</title>\n',
            "<style>",
            *parts["style"],
            "</style>\n<script>",
            *parts["script"][:half],
            '</script>\n</head>\n<body class="home page">\n<ul class="menu">',
            *parts["menu"],
            '</ul>\n<main id="content">\n',
            *parts["text"],
            "</main>\n<footer>\n<script>",
            *parts["script"][half:],
            "</script>\n</footer>\n</body>\n</html>\n",
        ]
    )


def _some(random: Random, pool: Sequence[str], characters: float) -> list[str]:
    """Return pieces of so many characters together, from the few that one page has."""
    start = random.randrange(len(pool) - _OF_A_PAGE)
    few = pool[start : start + _OF_A_PAGE]
    mean = sum(map(len, few)) / len(few)
    return random.choices(few, k=max(1, round(characters / mean)))


def _drawn(random: Random, shares: Mapping[str, int]) -> str:
    return random.choices(list(shares), list(shares.values()))[0]


@functools.cache
def _texts() -> Mapping[str, Texts]:
    return all_texts(random_of(1))


@functools.cache
def _pools() -> _Pools:
    random, texts = random_of(2), _texts()
    return _Pools(
        [_style(random) for _ in range(_POOL)],
        [_script(random) for _ in range(_POOL)],
        {lang: [_entry(random, one.short) for _ in range(_POOL)] for lang, one in texts.items()},
        {lang: [_paragraph(random, one.long) for _ in range(_POOL)] for lang, one in texts.items()},
    )


def _style(random: Random) -> str:
    color, name, size = f"#{random.randrange(1 << 24):06x}", _name(random), random.randrange(64)
    return random.choice(
        (
            f".{name}-{size}{{color:{color};margin:0 {size}px}}",
            f".{name} .widget-title a:hover{{background-color:{color};text-decoration:none}}\n",
            f"@media (max-width:{size * 16}px){{.{name}{{display:none;padding:{size}px}}}}\n",
        )
    )


def _script(random: Random) -> str:
    one, two, number = _name(random), _name(random), random.randrange(10_000)
    return random.choice(
        (
            f"function {one}(t,e){{return void 0===t?e:t.{two}(e,{number})}}",
            f'!function(e){{var n=e.{one}||(e.{one}={{}});n.{two}="{number:x}"}}(window);\n',
            f'"{one}":{{"id":{number},"url":"https:\\/\\/cdn{number % 9}.example\\/{two}.js"}},',
            f'gtag("event","{one}",{{"event_category":"{two}","value":{number}}});\n',
            f"{one}.prototype.{two}=function(){{for(r=0;r<9;r++)if(this[r]==={number})return}};",
            f'"{random.getrandbits(192):x}",',
        )
    )


def _entry(random: Random, short: Sequence[str]) -> str:
    text, name, number = random.choice(short), _name(random), random.randrange(100_000)
    link = f'<a href="https://www.site.example/{name}/{number}/">{text}</a>'
    picture = f'<img src="/img/{number:x}.jpg" alt="{text}" width="300" height="200">'
    return random.choice(
        (
            f'<li id="item-{number}" class="menu-item menu-item-type-{name}">{link}</li>\n',
            f'<div class="card {name}"><a href="/{name}-{number}.html">{picture}</a></div>\n',
            f'<option value="{number}" data-{name}="{number % 7}">{text}</option>\n',
            f'<td class="{name}"><span style="font-size:{number % 30}px">{text}</span></td>',
        )
    )


def _paragraph(random: Random, long: Sequence[str]) -> str:
    said = random.choices(long, k=random.randint(1, 4))
    if random.random() < LINKED:
        at = random.randrange(len(said))
        said[at] = f'<a href="/{_name(random)}">{said[at]}</a>'
    if random.random() < MARKED:
        said.append(
            random.choice(("&nbsp;", "&#8217;", "&mdash;", "<br>\n", "<strong>1.</strong>"))
        )
    return f'<p class="{_name(random)}">{" ".join(said)}</p>\n'


@functools.cache
def _words() -> list[str]:
    return _WORDS.split()


def _name(random: Random) -> str:
    """Return a name as programmers give them."""
    return "-".join(random.choices(_words(), k=random.randint(1, 2))).replace(
        "-", "_" * random.randint(0, 1)
    )
