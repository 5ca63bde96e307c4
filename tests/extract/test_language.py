"""The guess at a language by its script."""

import pytest

from sousveil.extract.language import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("支持人种识别的产品", "zh-Hans"),
        ("支援人種辨識的產品", "zh-Hant"),
        ("人種を推定するシステム", "ja"),
        ("인종을 추정하는 시스템", "ko"),
        ("Система определяет этническую принадлежность", "ru"),
        ("ئۇيغۇر تىلىدىكى تېكىست ۋە خەتلەر", "ug"),
        ("نظام يكشف العرق من الوجه", "ar"),
        ("A system that detects ethnicity", ""),
        ("A long English sentence that quotes 民族 once", ""),
        ("12345 ---", ""),
        ("", ""),
    ],
)
def test_the_script_tells_the_language(text: str, language: str) -> None:
    assert guess_language(text) == language
