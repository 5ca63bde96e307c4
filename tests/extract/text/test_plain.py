"""Plain text and Markdown into blocks."""

from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.text.plain import plain_blocks, row_blocks
from sousveil.model import BlockKind

MARKDOWN = """# API

Detects faces
and ethnicity.

- race
- gender
  of adults

| field | meaning |
|---|---|
| nation | 民族 |
## Codes ##
```c
int a;

int b;
```
The end
"""


def test_markdown_falls_into_its_parts() -> None:
    found = [(b.kind, b.context, MARKDOWN[b.start : b.end]) for b in plain_blocks(MARKDOWN)]
    assert found == [
        (BlockKind.HEADING, "", "API"),
        (BlockKind.PARAGRAPH, "API", "Detects faces\nand ethnicity."),
        (BlockKind.LIST_ITEM, "API", "- race"),
        (BlockKind.LIST_ITEM, "API", "- gender\n  of adults"),
        (BlockKind.CELL, "API", "| field | meaning |"),
        (BlockKind.CELL, "API", "| nation | 民族 |"),
        (BlockKind.HEADING, "API", "Codes ##"),
        (BlockKind.CODE, "API > Codes", "int a;\n\nint b;"),
        (BlockKind.PARAGRAPH, "API > Codes", "The end"),
    ]


def test_a_decimal_fraction_at_the_start_of_a_line_is_no_list_item() -> None:
    (block,) = plain_blocks("accuracy of\n97.4 percent")
    assert block.kind is BlockKind.PARAGRAPH


def test_each_row_of_a_csv_file_is_a_cell() -> None:
    assert [(b.start, b.end) for b in row_blocks("a,b\r\n\r\nc,d")] == [(0, 3), (7, 10)]


@given(st.lists(st.sampled_from([*"a人#-|1.`~ \n\r\t", "```", "\n\n", "# ", "- "])).map("".join))
def test_no_word_is_outside_of_the_blocks_and_none_is_in_two(source: str) -> None:
    position = 0
    for block in plain_blocks(source):
        between = source[position : block.start]
        assert not any(c.isalnum() for c in between.replace("```", "") if "`" not in between)
        assert position <= block.start < block.end
        assert source[block.start : block.end].strip() == source[block.start : block.end]
        position = block.end
