import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.diff.members import MemberChanges, changed_members
from sousveil.changes.diff.values import Member
from sousveil.extract import extract
from sousveil.model import Document


def read(source: str, name: str) -> Document:
    return extract(source.encode(), media_type="", charset="utf-8", name=name)


def went(source: str, name: str, line: str, new: str = "") -> MemberChanges:
    """Return what changes when a piece of the source goes, or gives way to another."""
    assert line in source
    return changed_members(read(source, name), read(source.replace(line, new), name))


def told(members: tuple[Member, ...]) -> list[tuple[str, str, str, int | None]]:
    return [(one.kind, one.name, one.of, one.line) for one in members]


OPENAPI = """\
openapi: 3.1.0
paths:
  /face/age:
    get:
      parameters:
        - name: image
  /face/ethnicity:
    post:
      summary: Tells ethnicity
components:
  schemas:
    FaceAttribute:
      properties:
        age:
          type: integer
        ethnicity:
          enum: [a, b]
        skin:
          enum:
            - pale
            - dark
"""


def test_an_endpoint_and_a_field_leave_an_openapi_description() -> None:
    changes = changed_members(
        read(OPENAPI, "api.yaml"),
        read(OPENAPI.replace("ethnicity", "mood"), "api.yaml"),
    )
    assert told(changes.left)[:2] == [
        ("endpoint", "POST /face/ethnicity", "", 8),
        ("field", "ethnicity", "FaceAttribute", 16),
    ]
    assert ("field", "mood", "FaceAttribute", 16) in told(changes.came)


def test_members_of_an_enumeration_in_yaml_are_told_in_both_spellings() -> None:
    assert told(went(OPENAPI, "api.yaml", "            - dark\n").left) == [
        ("member", "dark", "FaceAttribute.skin", 21)
    ]
    assert told(went(OPENAPI, "api.yaml", "[a, b]", "[a]").left) == [
        ("member", "b", "FaceAttribute.ethnicity", 17)
    ]


def test_a_field_leaves_a_plain_json_answer_whatever_its_place_in_a_list() -> None:
    source = '{"faces": [{"age": 3, "race": "x"}, {"age": 4, "race": "y"}]}'
    changes = changed_members(read(source, "a.json"), read('{"faces": [{"age": 3}]}', "a.json"))
    assert told(changes.left) == [("field", "race", "faces", 1)]
    assert changes.came == ()


HEADER = """\
/* Attributes of faces */
#define MAX_FACES 32
#define RACE_TAG 7
typedef enum tagEM_RACE
{
    EM_RACE_UNKNOWN = 0,   // not known
    EM_RACE_FIRST,         /* one, two */
    EM_RACE_UYGHUR = 5     // the fifth
} EM_RACE, *PEM_RACE;

typedef struct {
    int nAge, nMood;
    EM_RACE emRace;          // race
    char szName[32];
    unsigned bMask : 1;
    void (*callback)(int a, int b);
} FACE_ATTRIBUTE;
"""


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("#define RACE_TAG 7\n", ("constant", "RACE_TAG", "", 3)),
        ("    EM_RACE_UYGHUR = 5     // the fifth\n", ("member", "EM_RACE_UYGHUR", "EM_RACE", 8)),
        ("EM_RACE_FIRST, ", ("member", "EM_RACE_FIRST", "EM_RACE", 7)),
        ("    EM_RACE emRace;          // race\n", ("field", "emRace", "FACE_ATTRIBUTE", 13)),
        (", nMood", ("field", "nMood", "FACE_ATTRIBUTE", 12)),
        ("    char szName[32];\n", ("field", "szName", "FACE_ATTRIBUTE", 14)),
        ("    unsigned bMask : 1;\n", ("field", "bMask", "FACE_ATTRIBUTE", 15)),
    ],
)
def test_what_leaves_a_header_is_named(line: str, left: tuple[str, str, str, int]) -> None:
    changes = went(HEADER, "face.h", line)
    assert told(changes.left) == [left]
    assert changes.came == ()


@pytest.mark.parametrize(
    ("name", "source", "line", "left"),
    [
        (
            "Face.java",
            'class Face {\n  @Json("race")\n  private String race = "x";\n  int age;\n}\n',
            '  private String race = "x";\n',
            ("field", "race", "Face", 3),
        ),
        (
            "Trait.java",
            'public enum Trait {\n  AGE("a"),\n  RACE("r");\n  private final String v;\n}\n',
            ',\n  RACE("r")',
            ("member", "RACE", "Trait", 3),
        ),
        (
            "face.go",
            'type Face struct {\n\tAge int `json:"age"`\n\tRace string `json:"race"`\n}\n',
            '\tRace string `json:"race"`\n',
            ("field", "Race", "Face", 3),
        ),
        (
            "face.proto",
            "message Face {\n  optional int32 age = 1;\n  repeated Race race = 2;\n}\n",
            "  repeated Race race = 2;\n",
            ("field", "race", "Face", 3),
        ),
        (
            "face.proto",
            "enum Race {\n  OTHER = 1;\n}\nservice S {\n  rpc Tell(Face) returns (Race);\n}\n",
            "  rpc Tell(Face) returns (Race);\n",
            ("endpoint", "rpc Tell", "", 5),
        ),
        (
            "face.sql",
            "CREATE TABLE face (\n  id INT PRIMARY KEY,\n  race VARCHAR(20),\n  age INT\n);\n",
            "  race VARCHAR(20),\n",
            ("field", "race", "face", 3),
        ),
        (
            "face.ts",
            "export interface Face {\n  age: number;\n  race?: string;\n}\n",
            "  race?: string;\n",
            ("field", "race", "Face", 3),
        ),
        (
            "face.kt",
            "data class Face(\n  val age: Int,\n  val race: String\n)\n",
            ",\n  val race: String",
            ("field", "race", "Face", 3),
        ),
        (
            "face.py",
            "class Race(Enum):\n    FIRST = 1\n    SECOND = 2\n",
            "    SECOND = 2\n",
            ("member", "SECOND", "Race", 3),
        ),
        (
            "face.rs",
            "pub struct Face {\n    pub age: u8,\n    pub race: Option<String>,\n}\n",
            "    pub race: Option<String>,\n",
            ("field", "race", "Face", 3),
        ),
    ],
)
def test_what_leaves_a_source_file_is_named(
    name: str, source: str, line: str, left: tuple[str, str, str, int]
) -> None:
    assert told(went(source, name, line).left) == [left]


def test_a_method_in_between_hides_no_field() -> None:
    source = "class Face {\n  int age() { int x = 1; return x; }\n  String race;\n}\n"
    assert told(went(source, "Face.java", "  String race;\n").left) == [
        ("field", "race", "Face", 3)
    ]


def test_an_endpoint_in_the_text_of_a_page_is_one() -> None:
    page = "<h1>API</h1><p>Send POST /v1/face/ethnicity with a picture.</p><p>Ask us.</p>"
    changes = went(page, "api.html", "POST /v1/face/ethnicity", "a request")
    assert told(changes.left) == [("endpoint", "POST /v1/face/ethnicity", "", 1)]


def test_what_fits_no_rule_is_counted() -> None:
    source = "enum E {\n  %%% a b,\n  A\n};\n"
    changes = changed_members(read(source, "e.h"), read(source, "e.h"))
    assert changes == MemberChanges(
        strange=("1 items of structures or enumerations fit no rule and are left out.",)
    )


@given(st.text(alphabet="enum struct{}();,=\n\"'/*#a:1 ", max_size=120))
def test_any_source_is_read(source: str) -> None:
    changed_members(read(source, "a.h"), read("", "a.h"))
