"""Windows of code and data: whole lines of one declaration, in every format that says so."""

from itertools import pairwise

import pytest

from sousveil import topics
from sousveil.claims import find
from sousveil.claims.finder import passages
from sousveil.extract import extract
from sousveil.model import Claim, Document

ALL = tuple(topics.load(name) for name in topics.shipped())

FACE_PROTO = """message FaceAttributes {
  int32 age = 1;
  Gender gender = 2;
  Ethnicity ethnicity = 3;      // estimated from the crop
  bool glasses = 4;
  reserved 5;                   // skin_color: planned
}

message IdentityCard {
  string name = 1;
  string nation = 2;
  string id_number = 3;
  string issuing_authority = 4;
}
"""
FACE_SQL = """CREATE TABLE person_card (
  card_no VARCHAR(18) COMMENT '身份证号',
  nation VARCHAR(10) COMMENT '民族',
  address VARCHAR(100) COMMENT '住址'
);
CREATE TABLE face_capture (
  age INT COMMENT '年龄',
  is_uygur TINYINT DEFAULT 0 COMMENT '是否维族',
  glasses INT COMMENT '眼镜'
);
"""
FACE_HEADER = """typedef struct tagFACE_ATTR
{
    BYTE byAge;            // 年龄
    BYTE bySex;            // 性别
    //BYTE byEthnic;       // 民族 0-未知 1-汉族 2-少数民族
    BYTE byGlass;          // 是否戴眼镜
    BYTE byRes[2];         // 保留：种族
} FACE_ATTR;
"""
FACE_YAML = """openapi: 3.1.0
paths:
  /v1/faces:
    get:
      parameters:
        - name: pageSize
          in: query
        - name: ethnicGroup
          in: query
          description: Keep only faces that were classified into this ethnic group
"""
FACE_GRAPHQL = """input FaceSearch {
  gender: Gender
  # narrows the gallery by the ethnicity that was recognised in the face
  ethnicity: [Ethnicity!]
}
"""
FACE_GO = """type FaceAttrs struct {
	Age     int    `json:"age"`
	Race    string `json:"race"` // "asian", "white", "black"
	Glasses bool   `json:"glasses"`
}
"""
FACE_STRINGS = """<?xml version="1.0" encoding="utf-8"?>
<resources>
    <string name="filter_sex">Gender</string>
    <string name="filter_race_uygur">Uyghur face</string>
    <string name="filter_glasses">Glasses</string>
</resources>
"""
FACE_PROPERTIES = "attr.age.min=0.55\nattr.emotion.alarm=anger,fear\nrace.laps=12\n"


def read(source: str, name: str, charset: str = "utf-8") -> tuple[Document, list[Claim]]:
    document = extract(source.encode(charset), media_type="", charset=None, name=name)
    return document, find(document, ALL)


@pytest.mark.parametrize(
    ("name", "source", "quote", "trait"),
    [
        ("face.proto", FACE_PROTO, "Ethnicity ethnicity = 3", "ethnicity"),
        ("face.proto", FACE_PROTO, "reserved 5;", "race"),
        ("face.sql", FACE_SQL, "is_uygur TINYINT", "ethnicity"),
        ("face.h", FACE_HEADER, "//BYTE byEthnic;", "ethnicity"),
        ("face.h", FACE_HEADER, "BYTE byRes[2];", "race"),
        ("face.yaml", FACE_YAML, "classified into this ethnic group", "ethnicity"),
        ("face.graphql", FACE_GRAPHQL, "ethnicity that was recognised", "ethnicity"),
        ("face.go", FACE_GO, "Race    string", "race"),
        ("strings.xml", FACE_STRINGS, "filter_race_uygur", "ethnicity"),
        ("app.properties", FACE_PROPERTIES, "attr.emotion.alarm", "emotion"),
    ],
)
def test_a_field_is_found_with_its_trait_and_quoted_by_whole_lines(
    name: str, source: str, quote: str, trait: str
) -> None:
    document, claims = read(source, name)
    found = {document.text[c.start : c.end]: c.trait for c in claims}
    [told] = [text for text in found if quote in text]
    assert found[told] == trait
    lines = {line.strip() for line in document.text.split("\n")}
    for line in told.split("\n"):
        assert any(whole.endswith(line.strip()) for whole in lines)
    assert all(one.end <= two.start for one, two in pairwise(claims))


@pytest.mark.parametrize(("name", "source"), [("c.proto", FACE_PROTO), ("c.sql", FACE_SQL)])
def test_fields_of_an_identity_card_beside_them_are_no_finding(name: str, source: str) -> None:
    document, claims = read(source, name)
    assert not any("nation " in document.text[c.start : c.end] for c in claims)


def test_code_on_a_page_is_judged_apart_from_the_prose_around_it() -> None:
    page = (
        "<h1>Lens</h1><p>The Lens camera detects the ethnicity of every visitor.</p>"
        "<pre>enum Attr { ATTR_ETHNICITY, ATTR_AGE };</pre>"
        "<p>The Lens platform alerts police when a Uyghur face is recognised.</p>"
    )
    document, claims = read(page, "lens.html")
    assert [document.text[c.start : c.end] for c in claims] == [
        "The Lens camera detects the ethnicity of every visitor.",
        "enum Attr { ATTR_ETHNICITY, ATTR_AGE };",
        "The Lens platform alerts police when a Uyghur face is recognised.",
    ]


def test_comments_in_gb18030_are_read() -> None:
    document, claims = read(FACE_HEADER * 4, "face.h", "gb18030")
    assert document.charset == "gb18030"
    assert {c.trait for c in claims} == {"ethnicity", "race"}


def test_the_elements_of_an_array_are_judged_together() -> None:
    labels = '{"face_heads": {"ethnicity": ["asian", "black", "white", "indian"]}, "size": "64"}'
    document, _ = read(labels, "labels.json")
    [(window, _, _)] = passages(document, ALL)
    assert window.split("\n") == ["ethnicity:asian", "black", "white", "indian"]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("Spearman.cfg", "[unit_type]\n    id=Spearman\n    race=human\n    alignment=lawful\n"),
        (
            "emoji.py",
            'EMOJI = {\n":waving_hand_dark_skin_tone:": "x",\n":angry_face:": "z",\n}\n',
        ),
        (
            "UnicodeData.txt",
            "263A;WHITE SMILING FACE;So;0;ON\n1F603;SMILING FACE WITH OPEN MOUTH;So;0;ON\n",
        ),
        ("report.sql", "SELECT id, expression FROM rule WHERE expression IS NOT NULL;\n"),
        (
            "plates.xml",
            '<?xml version="1.0"?>\n<rules>\n<expression>^[A-Z]{2}$</expression>\n</rules>\n',
        ),
        ("ChangeLog", "\t* sched.c (run): Detect race between worker and main.\n"),
        (
            "Race.go",
            "// Race is a data race found in the trace.\ntype Race struct {\n\tFirst Access\n}\n",
        ),
    ],
)
def test_ordinary_files_hold_no_finding(name: str, source: str) -> None:
    _, claims = read(source, name)
    assert claims == []


FACE_JSON = """{
  "request_id": "8f", "took": 12,
  "attributes": {"age": 31, "ethnicity": {"value": "asian", "confidence": 0.98}, "glasses": false},
  "emotion": {"anger": 0.1, "happiness": 0.8}
}
"""
CARD_JSON = (
    """{"idCard": {"name": "A", "sex": "男", "nation": "汉", "idNumber": "11", "address": "X"}}"""
)
RACE_ENUM = """from vendor.face import FaceRecord

class FaceRace(IntEnum):
    \"\"\"
    \"\"\"
    UNKNOWN = 0
    NODISTI = 1
    YELLOW = 2
    BLACK = 3
    WHITE = 4

class Channel(IntEnum):
    YELLOW = 1
    BLACK = 2
    WHITE = 3
"""
RESERVED_FIELD = """class Face(BaseModel):
    age: int
    gender: str
    # ethnicity: str  # reserved
    glasses: bool
"""
CHECKED_FIELD = """struct Source {
  int type;      // sqlite
  int is_check;  // 0:不校验，1:校验人种属性
  int top;
};
"""


def quotes(source: str, name: str) -> dict[str, Claim]:
    document, claims = read(source, name)
    return {document.text[c.start : c.end]: c for c in claims}


def test_a_field_of_json_is_read_with_the_other_members_of_its_object() -> None:
    found = quotes(FACE_JSON, "face.json")
    assert {c.trait for c in found.values()} == {"ethnicity", "emotion"}
    assert any("ethnicity\nvalue\nasian" in quote for quote in found)
    assert quotes(CARD_JSON, "card.json") == {}


def test_a_long_text_of_json_is_read_without_its_neighbours() -> None:
    told = "The camera of this portal detects the ethnicity of everybody who walks through. " * 3
    before = "Nothing is told here that a person would want to read. " * 80
    [quote] = quotes(f'{{"notes": "{before}", "body": "{told}"}}', "news.json")
    assert quote.startswith("The camera of this portal detects the ethnicity")


def test_the_head_of_an_enumeration_says_what_its_members_are() -> None:
    [(quote, claim)] = quotes(RACE_ENUM, "face.py").items()
    assert claim.trait == "race"
    assert " ".join(quote.split()) == "YELLOW = 2 BLACK = 3 WHITE = 4"


def test_lines_that_import_are_no_part_of_what_stands_below_them() -> None:
    document, _ = read(RACE_ENUM, "face.py")
    assert all("import" not in window for window, _, _ in passages(document, ALL))


def test_a_field_that_is_commented_out_is_quoted_by_itself() -> None:
    assert list(quotes(RESERVED_FIELD, "face.py")) == ["# ethnicity: str  # reserved"]


def test_a_value_that_says_no_denies_nothing() -> None:
    [claim] = quotes(CHECKED_FIELD, "store.cpp").values()
    assert (claim.label, claim.trait) == ("offers", "race")


FACE_OPENAPI = """openapi: 3.0.0
paths:
  /faces/search:
    post:
      requestBody:
        content:
          application/json:
            schema:
              properties:
                age: {type: integer}
                ethnicity:
                  type: string
                  enum: [asian, black, white]
                # emotion: {type: string}  reserved
"""
FACE_TYPES = """export enum FaceEthnicity {
  Asian = "asian",
  Black = "black",
  White = "white",
}

export interface User {
  name: string;
  email: string;
  ethnicity?: string;
  birthday: string;
  address: string;
}
"""
FACE_CLASS = """public class FaceAttributes
{
    public int Age { get; set; }
    // public string Emotion { get; set; }
    public bool Glasses { get; set; }
}
"""


def test_a_property_that_is_commented_out_is_no_part_of_the_one_above() -> None:
    assert {c.trait: quote for quote, c in quotes(FACE_OPENAPI, "faces.yaml").items()} == {
        "ethnicity": (
            "ethnicity:\n                  type: string\n"
            "                  enum: [asian, black, white]"
        ),
        "emotion": "# emotion: {type: string}  reserved",
    }


def test_a_card_beside_a_declaration_of_faces_is_another_thing() -> None:
    [quote] = quotes(FACE_TYPES, "types.ts")
    assert quote.startswith('Asian = "asian"')


def test_a_member_with_braces_that_is_commented_out_is_quoted_by_itself() -> None:
    assert list(quotes(FACE_CLASS, "Face.cs")) == ["// public string Emotion { get; set; }"]
