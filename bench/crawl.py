"""Makes archives such as a crawler of the whole web leaves, with passages planted in them.

Captures of a request, an answer and its metadata each, a gzip member a record. Languages, charsets
and sizes are drawn as Common Crawl's are told to be: 110 KB of HTML on average, of which a quarter
is text; the rest is mark-up, styles, scripts and menus, so that gzip makes a fifth of it. Beside
each archive stands what was planted in it (`Planted`). The same seed gives the same archives on
one machine; they are kept in its folder for temporary files until somebody removes them.
"""

import base64
import functools
import hashlib
import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import gettempdir
from typing import NamedTuple
from uuid import UUID

from bench.crawl_plants import Plant, as_json, every_kind
from bench.crawl_text import Texts, all_texts

VERSION = 2  # of what is made; archives of another are made anew
FILE_BYTES = 145_000_000  # unpacked
LEAST_FILES = 4  # for two processes to share
MEAN_BYTES, SPREAD, MOST_BYTES = 108_000, 0.9, 1_000_000  # of a page; Common Crawl cuts at 1 MiB
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


@dataclass(frozen=True, slots=True)
class Planted:
    """A capture in which a passage was planted."""

    url: str
    lang: str
    is_claim: bool
    is_cut: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive and what is planted in it."""

    path: Path
    planted: tuple[Planted, ...]


class _Pools(NamedTuple):
    """Pieces of pages."""

    styles: list[str]
    scripts: list[str]
    menus: Mapping[str, list[str]]
    texts: Mapping[str, list[str]]


class _Page(NamedTuple):
    url: str
    media_type: str
    body: bytes


def archives(total_bytes: int, share: float, seed: int) -> list[Archive]:
    """Return archives of so many bytes unpacked together, made on all cores or kept from before.

    `share` of the captures hold a passage.
    """
    folder = _folder() / f"{seed}-{share:g}"
    count = max(LEAST_FILES, round(total_bytes / FILE_BYTES))
    size = total_bytes // count
    paths = [folder / f"{size // 1_000_000}-{number:03}.warc.gz" for number in range(count)]
    missing = [(path, size, share, seed + number) for number, path in enumerate(paths)]
    missing = [made for made in missing if not made[0].exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor() as pool:
            list(pool.map(_write_file, *zip(*missing, strict=True)))
    return [_with_planted(path) for path in paths]


def plants(rounds: int, seed: int) -> Archive:
    """Return an archive of small pages, each with a passage: all kinds, so many times each."""
    path = _folder() / f"plants-{seed}-{rounds}.warc.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        random = _random(seed)
        wanted = [plant for _ in range(rounds) for plant in every_kind(random)]
        _write(path, (_page(random, plant, number) for number, plant in enumerate(wanted)), wanted)
    return _with_planted(path)


def _folder() -> Path:
    return Path(gettempdir()) / f"sousveil-bench-crawl-{VERSION}"


def _random(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # pages, no secrets


def _with_planted(path: Path) -> Archive:
    lines = _truth_path(path).read_text("utf-8").splitlines()
    return Archive(path, tuple(Planted(**json.loads(line)) for line in lines))


def _truth_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.planted.jsonl")


def _write_file(path: Path, size: int, share: float, seed: int) -> None:
    """Write one archive of a crawl."""
    random = _random(seed)
    kinds = every_kind(random)
    count = max(1, round(size / (MEAN_BYTES + 2_000)))
    wanted = [
        kinds[random.randrange(len(kinds))] if random.random() < share else None
        for _ in range(count)
    ]
    pages = (
        _page(random, plant, seed << 20 | number, _size(random))
        for number, plant in enumerate(wanted)
    )
    _write(path, pages, wanted)


def _write(path: Path, pages: Iterator[_Page], wanted: Sequence[Plant | None]) -> None:
    """Write pages, and what is planted in them; both have their names once they are whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    planted = []
    with temporary.open("wb") as file:
        file.write(
            _member(
                "warcinfo", "", b"software: bench/crawl.py\r\n", 0, told="application/warc-fields"
            )
        )
        for number, (page, plant) in enumerate(zip(pages, wanted, strict=True)):
            file.writelines(_records(page, number * 3 + 1))
            if plant is not None:
                planted.append(
                    Planted(page.url, plant.lang, plant.is_claim, plant.is_cut, plant.kind)
                )
    lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in planted]
    _truth_path(path).write_text("".join(lines), "utf-8")
    temporary.replace(path)


def _records(page: _Page, number: int) -> Iterator[bytes]:
    host, _, rest = page.url.removeprefix("https://").partition("/")
    request = (
        f"GET /{rest} HTTP/1.1\r\nUser-Agent: CCBot/2.0 (https://example.org/bot)\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        f"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: br,gzip\r\nHost: {host}\r\n"
        "Connection: Keep-Alive\r\n\r\n"
    )
    answer = (
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 04 Mar 2024 05:06:07 GMT\r\n"
        f"Content-Type: {page.media_type}\r\nX-Crawler-Transfer-Encoding: chunked\r\n"
        "Connection: keep-alive\r\nVary: Accept-Encoding\r\nCache-Control: max-age=600\r\n"
        f"X-Crawler-Content-Encoding: gzip\r\nContent-Length: {len(page.body)}\r\n\r\n"
    )
    notes = 'fetchTimeMs: 431\r\ncharset-detected: UTF-8\r\nlanguages-cld2: {"reliable":true}\r\n'
    digest = base64.b32encode(hashlib.sha1(page.body, usedforsecurity=False).digest()).decode()
    http = "application/http; msgtype="
    yield _member("request", page.url, request.encode(), number, told=f"{http}request")
    body = answer.encode() + page.body
    yield _member("response", page.url, body, number + 1, told=f"{http}response", digest=digest)
    yield _member("metadata", page.url, notes.encode(), number + 2, told="application/warc-fields")


def _member(
    kind: str, url: str, block: bytes, number: int, *, told: str, digest: str = ""
) -> bytes:
    fields = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        "WARC-Date: 2024-03-04T05:06:07Z",
        f"WARC-Record-ID: <urn:uuid:{UUID(int=number << 64 | zlib.crc32(url.encode()))}>",
        f"Content-Length: {len(block)}",
        f"Content-Type: {told}",
        *([f"WARC-Target-URI: {url}"] if url else []),
        *([f"WARC-Payload-Digest: sha1:{digest}"] if digest else []),
    ]
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    data = "\r\n".join([*fields, "", ""]).encode() + block + b"\r\n\r\n"
    return packer.compress(data) + packer.flush()


def _size(random: Random) -> int:
    mean = math.log(MEAN_BYTES) - SPREAD**2 / 2
    return min(MOST_BYTES, int(random.lognormvariate(mean, SPREAD)))


def _page(random: Random, plant: Plant | None, number: int, size: int = _SMALL_PAGE) -> _Page:
    lang = plant.lang if plant else _drawn(random, LANGUAGES)
    charset = plant.charset if plant else _drawn(random, CHARSETS.get(lang, _LATIN))
    url = f"https://www.site{number % 9973}.example/{lang}/{number:x}/page.html"
    if plant is not None and plant.wrap == "json":
        return _Page(
            url, "application/json", as_json(plant, random.sample(_texts()[lang].long, 40))
        )
    is_declared = charset in {"utf-8", "ascii"} or random.random() >= UNDECLARED
    body = _html(random, lang, charset if is_declared else "", size, plant.markup if plant else "")
    named = (
        f"; charset={_NAMES.get(charset, charset)}"
        if is_declared and random.random() < NAMED
        else ""
    )
    return _Page(url, f"text/html{named}", body.encode(charset, "xmlcharrefreplace"))


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
    return all_texts(_random(1))


@functools.cache
def _pools() -> _Pools:
    random, texts = _random(2), _texts()
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
