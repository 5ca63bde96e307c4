"""A cheap guess at the language of text that declares none, by its script alone.

Takes text, gives a BCP 47 tag or "". Latin script gives "": it would take words to tell, and a
wrong tag is worse than none. Simplified and traditional Chinese are told by characters that only
one of them uses.
"""

import re

SAMPLE_CHARACTERS = 20_000  # of the text; scripts do not change their mind later
MIN_SHARE = 0.15  # of the letters: below it a script is a quotation

_SCRIPTS = {
    "han": re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"),
    "ja": re.compile(r"[\u3041-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufeff]"),
}
_LETTER = re.compile(r"[^\W\d_]")
_UYGHUR_ONLY = re.compile(r"[ېۇۈۋ]")  # Arabic, Persian and Sorani Kurdish lack them
MIN_UYGHUR_SHARE = 0.04  # of the letters of Uyghur text about 0.1 are among these
_KAZAKH_ONLY = re.compile(r"[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_SIMPLIFIED = re.compile(
    r"[们这国说时会对发开关问题现实见观视觉认识别统计类应该数据网络证东车马门]"
)
_TRADITIONAL = re.compile(
    r"[們這國說時會對發開關問題現實見觀視覺認識別統計類應該數據網絡證東車馬門]"
)


def guess_language(text: str) -> str:
    """Return the language that the script of `text` points to, "" when it points to none."""
    sample = text[:SAMPLE_CHARACTERS]
    letters = len(_LETTER.findall(sample))
    counts = {name: len(pattern.findall(sample)) for name, pattern in _SCRIPTS.items()}
    if counts["ja"] > MIN_SHARE * (counts["han"] + counts["ja"]):
        return "ja"
    name = max(counts, key=lambda script: counts[script])
    if not letters or counts[name] < MIN_SHARE * letters:
        return ""
    if name == "han":
        simplified, traditional = (len(p.findall(sample)) for p in (_SIMPLIFIED, _TRADITIONAL))
        return "zh-Hant" if traditional > simplified else "zh-Hans"
    if name == "ar":
        return "ug" if len(_UYGHUR_ONLY.findall(sample)) > MIN_UYGHUR_SHARE * counts["ar"] else "ar"
    return "" if name == "ru" and _KAZAKH_ONLY.search(sample) else name


def language_of(declared: str, text: str) -> str:
    """Return the declared language, unless it is a template's "en" over another script."""
    if declared and declared.partition("-")[0].lower() != "en":
        return declared
    return guess_language(text) or declared
