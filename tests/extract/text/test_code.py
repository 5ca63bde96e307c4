"""Source code into lines and comments."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.text.code import code_blocks, code_family

GENEROUS_SECONDS = 5  # a tenth of a second when linear, minutes when quadratic
HEADER = """// Face data
// of the camera
#include "types.h"  // types
/* Kinds
   of people */
typedef enum tagNATION
{
    NATION_UNKNOWN,      // 未知
    NATION_UYGUR = 5,    /* 维族
                            (Xinjiang) */
#if FULL
    char *url = "http://a/*b";  // not a comment before
#endif
} NATION;
struct FACE {
    BYTE a; \\
    BYTE b;
    /** race */ BYTE byRace;
};
"""


def blocks_of(source: str, suffix: str) -> list[tuple[str, str, str]]:
    family = code_family(suffix)
    assert family is not None
    return [(b.kind.value, b.context, source[b.start : b.end]) for b in code_blocks(source, family)]


def test_a_member_and_the_comment_behind_it_are_one_block() -> None:
    assert blocks_of(HEADER, "h") == [
        ("comment", "", "// Face data\n// of the camera"),
        ("code", "", '#include "types.h"  // types'),
        ("comment", "", "/* Kinds\n   of people */"),
        ("code", "", "typedef enum tagNATION"),
        ("code", "tagNATION", "{"),
        ("code", "tagNATION", "NATION_UNKNOWN,      // 未知"),
        (
            "code",
            "tagNATION",
            "NATION_UYGUR = 5,    /* 维族\n                            (Xinjiang) */",
        ),
        ("code", "tagNATION", "#if FULL"),
        ("code", "tagNATION", 'char *url = "http://a/*b";  // not a comment before'),
        ("code", "tagNATION", "#endif"),
        ("code", "", "} NATION;"),
        ("code", "", "struct FACE {"),
        ("code", "FACE", "BYTE a; \\\n    BYTE b;"),
        ("code", "FACE", "/** race */ BYTE byRace;"),
        ("code", "", "};"),
    ]


def test_docstrings_are_comments_and_other_strings_are_not() -> None:
    source = 'class Face:\n    """Race\n    of a face."""\n    s = """# x"""  # y\n    # z\n'
    assert blocks_of(source, "py") == [
        ("code", "", "class Face:"),
        ("comment", "Face", '"""Race\n    of a face."""'),
        ("code", "Face", 's = """# x"""  # y'),
        ("comment", "Face", "# z"),
    ]


@pytest.mark.parametrize(
    ("suffix", "line", "comment"),
    [
        ("java", "class Face {", "// race"),
        ("go", "type Face struct {", "/* race */"),
        ("proto", "message Face {", "// race"),
        ("rs", "pub struct Face<'a> {", "/// race"),
        ("kt", "data class Face(", "// race"),
        ("swift", "struct Face {", "// race"),
        ("cs", "public enum Face", "/// race"),
        ("ts", "export interface Face {", "// race"),
        ("php", "class Face", "# race"),
        ("rb", "module Face", "# race"),
        ("sql", "CREATE TABLE IF NOT EXISTS Face (", "-- race"),
        ("thrift", "struct Face {", "# race"),
    ],
)
def test_each_language_shows_its_comments_and_declarations(
    suffix: str, line: str, comment: str
) -> None:
    source = f"{line}\n    {comment}\n    member\n"
    assert blocks_of(source, suffix) == [
        ("code", "", line),
        ("comment", "Face", comment),
        ("code", "Face", "member"),
    ]


def test_shell_and_xml_comments_are_told_from_code() -> None:
    assert blocks_of('# a\necho "#b" ${#c}\n', "sh")[0] == ("comment", "", "# a")
    assert blocks_of("<a>\n<!-- race\n-->\n</a>", "xml")[1] == ("comment", "", "<!-- race\n-->")


def test_minified_code_is_cut_into_pieces_that_can_be_judged() -> None:
    pieces = blocks_of("var a=1;" * 500, "js")
    assert "".join(text for _, _, text in pieces) == "var a=1;" * 500
    assert max(len(text) for _, _, text in pieces) <= 801


@pytest.mark.parametrize(
    "unit", ["/*", '"', '\\"', "'", 'R"(', "/**/", '"""', "\\\n", "`\\", '"""\\', "#"]
)
@pytest.mark.parametrize("suffix", ["c", "py", "js", "php"])
def test_hostile_repetition_takes_no_more_time_than_code(unit: str, suffix: str) -> None:
    source = (unit * 100_000)[:100_000]
    before = process_time()
    assert sum(len(text) for _, _, text in blocks_of(source, suffix)) <= len(source)
    assert process_time() - before < GENEROUS_SECONDS


@given(
    st.lists(
        st.sampled_from(
            [*"a人{};\"'`\\/*#-\n\r\t ", "//", "/*", "*/", '"""', "class A", 'R"x(', "\n"]
        )
    ).map("".join),
    st.sampled_from(["c", "py", "js", "java", "sh", "rb", "php", "sql", "xml"]),
)
def test_every_character_but_white_space_is_in_one_block(source: str, suffix: str) -> None:
    together = "".join(text for _, _, text in blocks_of(source, suffix))
    assert "".join(together.split()) == "".join(source.split())
