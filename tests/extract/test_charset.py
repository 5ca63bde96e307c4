"""Which encoding a payload is in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.charset import decode, decode_as, whatwg_name

CHINESE = "本产品支持人种识别，可输出维吾尔族等属性。"
TRADITIONAL = "本產品支援人種辨識，可輸出維吾爾族等屬性。"
RUSSIAN = "Система распознаёт этническую принадлежность лица."


@pytest.mark.parametrize(
    ("text", "encoding", "label", "name"),
    [
        (CHINESE, "gb18030", "gb2312", "gb18030"),
        (CHINESE, "utf-8", "UTF8", "utf-8"),
        (CHINESE, "utf-16-le", "utf-16", "utf-16le"),
        (TRADITIONAL, "big5", "big5-hkscs", "big5"),
        (RUSSIAN, "cp1251", "windows-1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r", "koi8-r"),
        ("人種を推定します", "cp932", "x-sjis", "shift_jis"),
        ("인종을 추정합니다", "cp949", "ks_c_5601-1987", "euc-kr"),
        ("naïve café", "cp1252", "iso-8859-1", "windows-1252"),
    ],
)
def test_a_true_declaration_by_http_is_followed(
    text: str, encoding: str, label: str, name: str
) -> None:
    assert decode(text.encode(encoding), http=label) == (text, name)


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (CHINESE, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE + " text", "utf-16-le", "utf-16le"),
        ("plain text with 人种 in it", "utf-16-be", "utf-16be"),
    ],
)
def test_without_a_declaration_the_bytes_tell(text: str, encoding: str, name: str) -> None:
    assert decode((text * 3).encode(encoding)) == (text * 3, name)


@pytest.mark.parametrize("words", ["种族", "人种属性", "字段预留,暂不开放", "性别,人种"])
def test_a_few_chinese_words_in_a_source_file_are_found(words: str) -> None:
    source = f"typedef struct {{\n    BYTE byRace;  // {words}\n}} FACE;\n"
    assert decode(source.encode("gb18030")) == (source, "gb18030")


def test_a_false_declaration_is_repaired_and_not_replaced() -> None:
    assert decode(CHINESE.encode("gb18030"), http="utf-8") == (CHINESE, "gb18030")
    assert decode(CHINESE.encode(), http="gb2312") == (CHINESE, "utf-8")
    page = f'<meta charset="utf-8"><p>{TRADITIONAL}'
    assert decode(page.encode("big5"), declares=True) == (page, "big5")


def test_a_servers_blanket_latin_1_yields_to_what_the_page_says() -> None:
    page = f'<meta http-equiv="Content-Type" content="text/html; charset=gbk"><p>{CHINESE}'
    payload = page.encode("gb18030")
    assert decode(payload, http="iso-8859-1", declares=True) == (page, "gb18030")


def test_a_byte_order_mark_outweighs_http_and_is_no_text() -> None:
    assert decode(b"\xef\xbb\xbf" + CHINESE.encode(), http="gbk") == (CHINESE, "utf-8")
    assert decode(b"\xfe\xff" + CHINESE.encode("utf-16-be")) == (CHINESE, "utf-16be")


def test_one_broken_byte_does_not_turn_a_page_into_another_encoding() -> None:
    payload = CHINESE.encode() * 40 + b"\xff" + CHINESE.encode() * 40
    text, name = decode(payload, http="utf-8")
    assert name == "utf-8"
    assert text.count("\ufffd") == 1


def test_a_last_character_cut_in_two_is_no_reason_to_doubt() -> None:
    assert decode((CHINESE * 20).encode()[:-1])[1] == "utf-8"


def test_an_xml_declaration_counts() -> None:
    source = f'<?xml version="1.0" encoding="windows-1251"?><a>{RUSSIAN}</a>'
    assert decode(source.encode("cp1251"), declares=True) == (source, "windows-1251")


def test_unknown_labels_have_no_name() -> None:
    assert whatwg_name("no-such-charset") is None
    assert decode(b"abc", http="no-such-charset") == ("abc", "utf-8")


@given(st.binary(), st.sampled_from([None, "utf-8", "gbk", "utf-16", "iso-8859-1", "nonsense"]))
def test_any_bytes_become_text_and_the_name_gives_the_same_text_again(
    payload: bytes, label: str | None
) -> None:
    text, name = decode(payload, http=label, declares=True)
    assert decode_as(payload, name) == text
