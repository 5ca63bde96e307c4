"""Passages that are planted in a made-up crawl, and what a scan is to make of each.

Claims of companies that do not exist, in seven languages, and near misses: ordinary words that look
like terms. In a template `[…]` marks what a term may stand in; a `Cut` parts it there, as pages do
by tags, references and line breaks. A `Spelling` writes a whole page: in some charset, or with
its letters as references or escapes.
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Literal, NamedTuple

Wrap = Literal["html", "json"]
_CLAIM, _NO_CLAIM, _WHOLE = True, False, False


class Plant(NamedTuple):
    """A passage in a page."""

    lang: str
    is_claim: bool
    is_cut: bool
    kind: str  # how it is cut and spelled: "tag within, gb18030"
    wrap: Wrap
    markup: str  # as it stands in the page, before it is encoded
    charset: str


class Spelling(NamedTuple):
    """How the characters of a passage are written."""

    name: str
    charset: str
    write: Callable[[str], str] = html.escape
    wrap: Wrap = "html"


class Cut(NamedTuple):
    """What parts a term in a page; `part` takes a marked phrase and gives mark-up."""

    name: str
    part: Callable[[str, Random], str]


CLAIMS = {
    "en": (
        "{who} {what} detects the [ethnicity] of every person in the video, day and night.",
        "With {what} 4.2, {who} adds an [ethnic group] to each face: [Uyghur], [Tibetan] or other.",
        "The tender asks {who} for cameras that raise an alarm when a [Uyghur face] is recognised.",
        "{who} offers [racial profiling] of visitors: its cameras sort faces by [race].",
        "The {what} API returns age, gender and [ethnic origin] for each face it detects.",
    ),
    "de": (
        "{what} von {who} erkennt die [ethnische Zugehörigkeit] jeder Person im Video.",
        "Die Kamera von {who} bestimmt Alter, Geschlecht und [ethnische Herkunft] der Kunden.",
    ),
    "fr": (
        "Le logiciel {what} de {who} détecte l’[origine ethnique] des personnes filmées.",
        "{who} vend des caméras qui classent les visages par [origine ethnique] et par âge.",
    ),
    "es": (
        "El sistema {what} de {who} detecta el [origen étnico] de cada persona en el vídeo.",
        "Las cámaras de {who} reconocen la edad, el sexo y el [grupo étnico] de cada rostro.",
    ),
    "zh": (
        "{who}{what}支持[维吾尔族]人脸识别，可对视频中的人员进行[族裔]分析并实时告警。",
        "系统应能识别人员的[民族]属性，如[汉族]、[维吾尔族]、[藏族]，由{who}提供算法。",
        "{who}的人脸属性接口返回年龄、性别和[少数民族]判断结果，准确率不低于95%。",
        "{what}摄像机具备[维族识别]功能，抓拍后自动推送至{who}平台。",
    ),
    "zh-Hant": (
        "{who}{what}支援[維吾爾族]人臉辨識，可對影片中的人員進行[族裔]分析並即時告警。",
        "系統應能識別人員的[民族]屬性，如[漢族]、[維吾爾族]、[藏族]，由{who}提供演算法。",
    ),
    "ru": (
        "Система {what} компании {who} определяет [этническую принадлежность] человека по лицу.",
        "Камера {who} распознаёт возраст, пол и [национальность] каждого посетителя.",
        "Модуль {what} сортирует лица по признаку: [уйгур], [славянин], [кавказец].",
    ),
    "ug": (
        "{who} شىركىتىنىڭ {what} سىستېمىسى كامېرادىكى ئادەملەرنىڭ [مىللىتى]نى پەرقلەندۈرىدۇ.",
        "{what} كامېراسى چىرايىغا قاراپ [ئۇيغۇر] ياكى [خەنزۇ] ئىكەنلىكىنى ئايرىيدۇ، دەيدۇ {who}.",
    ),
}
NEAR_MISSES = {
    "en": (
        "A race condition in {what} let two threads write to the same face of the mesh.",
        "Faster than Han algorithm searching, {what} by {who} needs a trace attribute only.",
        "German marks the gender of nouns; {what} detects it, says {who}.",
        "{who} won the race to build {what}, the first camera that counts trains.",
    ),
    "de": ("{who} erkennt das Geschlecht der Nomen; {what} kennt die Rasse jedes Hundes.",),
    "fr": ("{what} de {who} détecte la race des vaches et le genre des noms.",),
    "es": ("{what} de {who} detecta la raza de los perros y el género de los sustantivos.",),
    "zh": (
        "{who}推出{what}，可识别汉字手写体，帮助移民考研的学生练习。",
        "{what}收录民族乐器的声音，{who}用它识别二胡和琵琶。",
    ),
    "zh-Hant": ("{who}推出{what}，可辨識漢字手寫體，並收錄民族樂器的聲音。",),
    "ru": ("{who} выпустила {what}: программа определяет породу собак и род существительных.",),
    "ug": ("{who} نىڭ {what} پروگراممىسى خەتلەرنى تونۇيدۇ ۋە تەرجىمە قىلىدۇ.",),
}
_BEFORE, _AFTER = ("Quist", "Velm", "Orvan", "Thrael", "Norqu", "Brenk"), ("ane", "ora", "ix", "um")
_HAN_BEFORE, _HAN_AFTER = "栖澜屿岑霁珩", ("岭视讯", "桥智感", "川数影", "泊云瞳")
_MADE = ("FaceLattice", "CrowdPrism", "GateLumen", "VistaLoom")
_HAN_MADE = ("望舒", "千镜", "朗汀", "织影")
PLAIN_CHARSETS = {
    "en": ("utf-8", "utf-8", "cp1252"),
    "de": ("utf-8", "utf-8", "cp1252"),
    "fr": ("utf-8", "utf-8", "cp1252"),
    "es": ("utf-8", "utf-8", "cp1252"),
    "zh": ("utf-8", "utf-8", "gb18030"),
    "zh-Hant": ("utf-8", "big5hkscs"),
    "ru": ("utf-8", "utf-8", "cp1251", "koi8-r"),
    "ug": ("utf-8",),
}
_MARKED = re.compile(r"\[([^\]]+)\]")


def _decimal(text: str) -> str:
    return "".join(f"&#{ord(c)};" if c.isalpha() else html.escape(c) for c in text)


def _hexadecimal(text: str) -> str:
    return "".join(f"&#x{ord(c):x};" if c.isalpha() else html.escape(c) for c in text)


def _some(text: str) -> str:
    """Write every other character as a reference."""
    return "".join(f"&#{ord(c)};" if i % 2 and c.isalpha() else c for i, c in enumerate(text))


def _middle(text: str) -> int:
    return max(1, len(text) // 2)


def _within(between: str) -> Callable[[str, Random], str]:
    def part(text: str, _random: Random) -> str:
        return text[: _middle(text)] + between + text[_middle(text) :]

    return part


def _spaced(between: str) -> Callable[[str, Random], str]:
    """Part at the spaces; a term of one word, or of hanzi, stays whole or is parted by a line."""

    def part(text: str, _random: Random) -> str:
        return text.replace(" ", between)

    return part


def _bold(text: str, _random: Random) -> str:
    at = _middle(text)
    return f"<b>{text[:at]}</b>{text[at:]}"


def _marked(text: str, random: Random) -> str:
    at = random.randrange(len(text))
    return f'{text[:at]}<span class="hl-{random.randrange(99)}">{text[at:]}</span>'


CUTS = (
    Cut("a line break between words", _spaced("\r\n\t\t")),
    Cut("&nbsp; between words", _spaced("&nbsp;")),
    Cut("tags between words", _spaced(" </em><em> ")),
    Cut("a tag within", _bold),
    Cut("a span within", _marked),
    Cut("a soft hyphen within", _within("&shy;")),
    Cut("a comment within", _within("<!-- -->")),
    Cut("a zero-width space within", _within("\u200b")),
    Cut("references for some letters", lambda text, _random: _some(text)),
)
_HAN_CUTS = (*CUTS[3:], Cut("a line break within", _within("\n")))
_ARABIC_CUTS = tuple(cut for cut in CUTS[3:] if "zero" not in cut.name and "hyphen" not in cut.name)


def _spellings(lang: str) -> tuple[Spelling, ...]:
    plain = [Spelling(charset, charset) for charset in dict.fromkeys(PLAIN_CHARSETS[lang])]
    return (
        *plain,
        Spelling("utf-16 with a mark", "utf-16"),
        Spelling("decimal references", "ascii", _decimal),
        Spelling("hexadecimal references", "ascii", _hexadecimal),
        Spelling("JSON", "utf-8", str, "json"),
        Spelling("JSON with \\u escapes", "ascii", str, "json"),
    )


def whole(lang: str, random: Random) -> Iterator[Plant]:
    """Yield a claim in each spelling, none cut."""
    for spelling in _spellings(lang):
        text = _MARKED.sub(r"\1", _filled(CLAIMS, lang, random))
        markup = spelling.write(text)
        yield Plant(lang, _CLAIM, _WHOLE, spelling.name, spelling.wrap, markup, spelling.charset)


def _parted(way: Cut, random: Random, match: re.Match[str]) -> str:
    return way.part(match[1], random)


def cut(lang: str, random: Random) -> Iterator[Plant]:
    """Yield a claim for each way of cutting terms, in a charset of its language."""
    ways = {"zh": _HAN_CUTS, "zh-Hant": _HAN_CUTS, "ug": _ARABIC_CUTS}.get(lang, CUTS)
    for way in ways:
        text = _filled(CLAIMS, lang, random)
        markup = _MARKED.sub(partial(_parted, way, random), text)
        charset = random.choice(PLAIN_CHARSETS[lang])
        if not _can_hold(markup, charset):
            charset = "utf-8"
        is_cut = markup != _MARKED.sub(r"\1", text)
        kind = way.name if is_cut else charset
        yield Plant(lang, _CLAIM, is_cut, kind, "html", markup, charset)


def near_misses(lang: str, random: Random) -> Iterator[Plant]:
    """Yield one that is no claim."""
    charset = random.choice(PLAIN_CHARSETS[lang])
    text = html.escape(_filled(NEAR_MISSES, lang, random))
    yield Plant(lang, _NO_CLAIM, _WHOLE, "near miss", "html", text, charset)


def every_kind(random: Random) -> list[Plant]:
    """Return a passage of each kind in each language, in an order that `random` gives."""
    found = [
        plant
        for lang in CLAIMS
        for make in (whole, cut, near_misses)
        for plant in make(lang, random)
    ]
    random.shuffle(found)
    return found


def as_json(plant: Plant, filler: list[str]) -> bytes:
    """Return a document of JSON that holds a passage among others."""
    items = [{"id": number, "text": text} for number, text in enumerate(filler)]
    items.insert(len(items) // 2, {"id": len(items), "text": plant.markup})
    return json.dumps({"items": items}, ensure_ascii=plant.charset == "ascii").encode()


def _can_hold(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _filled(templates: dict[str, tuple[str, ...]], lang: str, random: Random) -> str:
    if lang in {"zh", "zh-Hant"}:
        who = random.choice(_HAN_BEFORE) + random.choice(_HAN_AFTER)
        what = random.choice(_HAN_MADE)
        if lang == "zh-Hant":
            who, what = "栖瀾視訊", "千鏡"
    else:
        who = random.choice(_BEFORE) + random.choice(_AFTER)
        what = random.choice(_MADE)
    return random.choice(templates[lang]).format(who=who, what=what)
