"""Text for made-up pages: sentences and short words of ten languages.

Taken, at run time, from the translations of programs that this machine has (gettext catalogues;
their authors' text, of which nothing is kept in the repository); where there are none of a
language, invented from its letters. It is ordinary text: it knows threads, races and expressions.
"""

import gettext
import io
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple

CATALOGUES = Path("/usr/share/locale")
FOLDERS = {
    "zh": "zh_CN",
    "zh-Hant": "zh_TW",
    "ru": "ru",
    "ug": "ug",
    "de": "de",
    "fr": "fr",
    "es": "es",
    "it": "it",
    "tr": "tr",
    "pl": "pl",
}
# Lists of all languages, peoples and countries there are: no page holds one in each of its menus.
NAMES_OF_PEOPLES = ("iso_", "xkeyboard-config")
LEAST_TEXTS = 500  # of a language; fewer repeat too often
KEPT_TEXTS = 20_000  # of a language
SHORT, LONG = 24, 60  # characters of a menu's entry at most, of a sentence at least
_HAN_SHARE = 3  # hanzi say three times as much
_LETTERS = {
    "zh": "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同",
    "zh-Hant": "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主",
    "ru": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфё",
    "ug": "ائەېىوۇۆۈبپتجچخدرزژسشغفقكگڭلمنھۋي",
}


class Texts(NamedTuple):
    """What pages in one language are written with."""

    short: tuple[str, ...]
    long: tuple[str, ...]


def all_texts(random: Random, folder: Path = CATALOGUES) -> Mapping[str, Texts]:
    """Return texts of each language, English among them."""
    found = {lang: _sorted_out(_translations(folder / name)) for lang, name in FOLDERS.items()}
    originals = [key for path in _catalogues(folder / "de") for key in _messages(path)]
    found["en"] = _sorted_out(originals)
    return {
        lang: texts if len(texts.long) >= LEAST_TEXTS else _invented(lang, random)
        for lang, texts in found.items()
    }


def _catalogues(folder: Path) -> list[Path]:
    found = sorted(folder.glob("LC_MESSAGES/*.mo"))
    return [path for path in found if not path.name.startswith(NAMES_OF_PEOPLES)]


def _messages(path: Path) -> dict[str, str]:
    try:
        found = vars(gettext.GNUTranslations(io.BytesIO(path.read_bytes())))["_catalog"]
    except (UnicodeDecodeError, OSError):  # a catalogue that says no charset, or is none
        return {}
    return {key: text for key, text in found.items() if isinstance(key, str) and key}


def _translations(folder: Path) -> list[str]:
    return [text for path in _catalogues(folder) for text in _messages(path).values()]


def _sorted_out(texts: list[str]) -> Texts:
    """Part texts by length, without what only programs read."""
    plain = dict.fromkeys(
        " ".join(text.replace("_", "").split())
        for text in texts
        if isinstance(text, str) and not set(text) & set("%<>{}\\&\x00\x04")
    )
    share = _HAN_SHARE if any("\u4e00" <= c <= "\u9fff" for c in "".join([*plain][:50])) else 1
    short = [text for text in plain if 1 < len(text) <= SHORT // share]
    long = [text for text in plain if len(text) >= LONG // share]
    return Texts(tuple(short[:KEPT_TEXTS]), tuple(long[:KEPT_TEXTS]))


def _invented(lang: str, random: Random) -> Texts:
    letters = _LETTERS.get(lang, "etaoinshrdlucmfwypvbgk")
    is_han, weights = "zh" in lang, [1 / (rank + 3) for rank in range(len(letters))]
    words = [
        "".join(
            random.choices(letters, weights, k=random.randint(1, 3) if is_han else _length(random))
        )
        for _ in range(5_000)
    ]
    space = "" if is_han else " "
    short = tuple(space.join(random.choices(words, k=random.randint(1, 3))) for _ in range(2_000))
    long = tuple(
        space.join(random.choices(words, k=random.randint(8, 25))) + ("。" if is_han else ".")
        for _ in range(KEPT_TEXTS)
    )
    return Texts(short, long)


def _length(random: Random) -> int:
    return min(2 + int(random.expovariate(0.25)), 14)
