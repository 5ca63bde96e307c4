"""Contacts are found by how they are written, in time that grows with the text, and no sum is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.dossier.harm.patterns import Kind, is_identity_number, private_spans

# Processor seconds for ten million characters: linear patterns take 2 to 8 on one core, and one
# that looked back over all before it would take days.
MAX_SECONDS = 40
MANY = 10_000_000


def found(text: str) -> list[tuple[str, str]]:
    return [(one.kind.name, text[one.start : one.end]) for one in private_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to jo.doe+x@m.halden.example, please.", [("EMAIL", "jo.doe+x@m.halden.example")]),
        ("jo [at] halden [dot] example", [("EMAIL", "jo [at] halden [dot] example")]),
        ("邮箱：jo＠halden.example", [("EMAIL", "jo＠halden.example")]),
        ("手机13812345678。", [("PHONE", "13812345678")]),
        ("+86 138-1234-5678", [("PHONE", "+86 138-1234-5678")]),
        ("电话：0991-1234567转801", [("PHONE", "0991-1234567转801")]),
        ("热线 400-123-4567", [("PHONE", "400-123-4567")]),
        ("Tel. 555 1234", [("PHONE", "555 1234")]),
        ("call +49 (0)30 901820", [("PHONE", "+49 (0)30 901820")]),
        ("(555) 010-1234", [("PHONE", "(555) 010-1234")]),
        ("微信：halden_jo", [("ACCOUNT", "halden_jo")]),
        ("QQ 123456789", [("ACCOUNT", "123456789")]),
        ("联系人：张三 电话：010-12345678", [("NAME", "张三"), ("PHONE", "010-12345678")]),
        ("联 系 人：李四、王五联系电话：0991-1234567",
         [("NAME", "李四、王五"), ("PHONE", "0991-1234567")]),
        ("联系人：阿不都·热合曼，", [("NAME", "阿不都·热合曼")]),
        ("Contact person: Jo Q. Doe, Sales", [("NAME", "Jo Q. Doe")]),
        ("fix\n\nSigned-off-by: Jo Doe <jo@halden.example>",
         [("NAME", "Jo Doe"), ("EMAIL", "jo@halden.example")]),
        ("/** @author Jo Doe\n */", [("NAME", "Jo Doe")]),
        ("家庭住址：某市某路1号。其他", [("ADDRESS", "某市某路1号")]),
        # Rows of tables: a label is a cell, and what it labels the next.
        ("公告日期\n2019年\n项目联系人\n李四\n联系电话\n0991-1234567",
         [("NAME", "李四"), ("PHONE", "0991-1234567")]),
        ("采购单位联系人（姓名） 李四 电话 0991-1234567",
         [("NAME", "李四"), ("PHONE", "0991-1234567")]),
        ("联系人 | 李四、王五 |", [("NAME", "李四、王五")]),
        ("负责人\n阿不都·热合曼\n", [("NAME", "阿不都·热合曼")]),
        ("Contact person\nJo Q. Doe\nPhone\n555 1234",
         [("NAME", "Jo Q. Doe"), ("PHONE", "555 1234")]),
        ("微信号\nhalden_jo\nQQ号\n123456789",
         [("ACCOUNT", "halden_jo"), ("ACCOUNT", "123456789")]),
        ("家庭住址\n某市某路1号\n其他", [("ADDRESS", "某市某路1号")]),
    ],
)  # fmt: skip
def test_contacts_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The camera tells the ethnicity of every visitor.",
        "预算金额：13800138000元，项目编号：2020-0311-12",
        "GB/T 28181-2016, version 3.10.4, 2021-12-31 10:20:30",
        "icon@2x.png and git@halden.example:sdk/face",
        "https://halden.example/news/13812345678.html",
        "It alarms [@f:0123456789ab; @f:138123456781].",
        "@media print, @Override, user@localhost",
        "sha256 13812345678abcdef0123456789",
        "Please contact us. 电话会议 took place in 2020.",
        "QQ is a messenger, and WeChat login is offered",
        "联系人：\n",
        "联系人\n联系电话\n",
        "采购联系人\n本项目的联系方式如下文所示\n",
        "WeChat\nFollow us\n",
        "Contact person\nsee below",
    ],
)
def test_what_is_none_is_left(text: str) -> None:
    assert found(text) == []


@given(
    st.integers(100_000, 999_999),
    st.dates(),
    st.integers(0, 999),
)
def test_of_numbers_of_identity_cards_one_last_digit_in_eleven_holds(
    region: int, born: object, order: int
) -> None:
    first = f"{region}{str(born).replace('-', '')}{order:03}"
    holding = [last for last in "0123456789X" if is_identity_number(first + last)]
    is_plausible = 1850 <= int(str(born)[:4]) < 2100
    assert len(holding) == is_plausible
    for last in holding:
        assert found(f"身份证{first}{last}。") == [("IDENTITY", first + last)]
        for other in set("0123456789X") - {last}:
            assert ("IDENTITY", first + other) not in found(f"身份证{first}{other}。")


def test_the_standards_own_example_holds() -> None:
    # GB 11643-1999, 4: the number that it gives as an example of its check digit.
    assert is_identity_number("11010519491231002X")
    assert not is_identity_number("110105194912310021")
    assert not is_identity_number("110105194913310024")


WORDS = st.sampled_from(
    ["@", ".", "a", "138", "1234", "5678", "-", "+86", " ", "联系人：", "张三", "电话:", "\n", "＠",
     "[at]", "(", ")", "https://", "QQ", "微信:", "Author: ", "x.example", "住址:",
     "联系人\n", "联系人 ", "contact person\n", "微信号\n"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(WORDS).map("".join)))
def test_spans_lie_in_the_text_in_order_and_never_overlap(text: str) -> None:
    end = 0
    for one in private_spans(text):
        assert end <= one.start < one.end <= len(text)
        assert one.kind in Kind
        end = one.end


@given(
    st.from_regex(
        r"[a-z][a-z0-9._+-]{0,20}[a-z0-9]@[a-z0-9]{1,20}\.(example|org|cn)", fullmatch=True
    )
)
def test_addresses_are_found_wherever_they_stand(address: str) -> None:
    for text in (address, f"<{address}>", f"邮箱{address}。", f"to:{address}, or"):
        assert ("EMAIL", address) in found(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    ["a", "@", "a@", "a.", "a@a.", "1", "1 ", "+1", "(at)", "[ at", "电话:", "联系人:张",
     "Author: x",
     "contact: A ", "http://a ", "QQ", "住址:", " ", "\n", "联 ", "010-", "电 ", "联系人\n",
     "联", "contact person\n", "联系人 张"],
)  # fmt: skip
def test_hostile_texts_take_no_longer_than_long_ones(piece: str) -> None:
    text = piece * (MANY // len(piece))
    began = time.process_time()
    private_spans(text)
    assert time.process_time() - began < MAX_SECONDS


@pytest.mark.parametrize(
    "piece", ["a@", "1 ", "电话:", "contact: A ", "联 ", "a.", "@", "联系人\n", "联系人 张", "\n联"]
)
def test_twice_the_text_takes_about_twice_the_time(piece: str) -> None:
    def seconds(many: int) -> float:
        text = piece * (many // len(piece))
        began = time.process_time()
        private_spans(text)
        return time.process_time() - began

    seconds(10_000)
    once = min(seconds(50_000) for _ in range(3))
    # Were it quadratic, sixteen times the text would take 256 times as long.
    assert seconds(800_000) < 80 * once + 0.5
