"""No body that the finder finds something in is let go, in any coding, escape or break."""

import html
import json
import random
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("hyperscan")

from sousveil import topics
from sousveil.claims import finder
from sousveil.extract.reader import extract
from sousveil.scan.terms import Matcher, matcher
from sousveil.scan.terms.kept import patterns
from sousveil.scan.terms.spellings import UNSURE

CORPUS = Path(__file__).parents[3].parent / "shared" / "corpus" / "claims-dev.jsonl"
ALL = tuple(topics.load(name) for name in topics.shipped())
SURE = [t for topic in ALL for t in topic.terms if t.kind not in UNSURE]
CODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "cp1251", "koi8-r")


@pytest.fixture(scope="module", name="look")
def _look(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    return matcher(ALL, cache=tmp_path_factory.mktemp("cache"))


def page(text: str) -> str:
    return (
        "<!DOCTYPE html><html><head><title>A page</title></head><body>\n"
        f"<p>The camera recognises the faces of people and detects their {text}.</p>\n"
        "</body></html>\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "维吾尔",
        "維吾爾",
        "民族識別",
        "维<b>吾</b>尔",
        "维\n吾尔",
        "维&nbsp;吾尔",
        "维&#21566;尔",
        "&#x7ef4;&#x543e;&#x5c14;",
        "\\u7ef4\\u543e\\u5c14",
        "%u7ef4%u543e%u5c14",
        quote("维吾尔"),
        quote("维吾尔", encoding="gb18030"),
        "racial\nprofiling",
        "racial&nbsp;profiling",
        "<b>racial</b> profiling",
        'racial <a href="/x">profiling</a>',
        "ra&shy;cial profiling",
        "ra\u00adcial profiling",
        "raci<b>al prof</b>iling",
        "skin\r\n   tone classification",
        "face<br>race",
        "minorité ethnique",
        "MINORIT&Eacute; ETHNIQUE",
        "minorite\u0301 ethnique",
        "ausländisch klingende",
        "EM_NATION_TYPE",
        "emRaceType",
        "em_race",
        "ｅｔｈｎｉｃｉｔｙ",
        "eth\u200bnicity",
        "ethni-\ncity",
        "УЙГУРОВ",
        "чеченцы",
        "&#1091;&#1081;&#1075;&#1091;&#1088;",
        "민족",
        "ئۇيغۇر",
        "dân tộc thiểu số",
        "etnik köken",
    ],
)
def test_a_term_is_seen_however_it_is_written(look: Matcher, text: str) -> None:
    assert look.may_hold(page(text).encode())


def test_a_term_is_seen_where_json_escapes_its_accents(look: Matcher) -> None:
    told = {"text": "El sistema detecta el origen étnico de cada persona con sus cámaras."}
    assert r"\u00e9tnico" in json.dumps(told)
    assert look.may_hold(json.dumps(told).encode())


@pytest.mark.parametrize(
    "text", ["", "plain", "ethan algorithm", "thank the trace", "<i>allocation</i> trees", "维护"]
)
def test_words_that_only_look_alike_are_let_go(look: Matcher, text: str) -> None:
    assert not look.may_hold(page(text).encode())
    assert not look.may_hold(b"")


def test_a_term_that_nothing_is_done_with_is_let_go(look: Matcher) -> None:
    assert not look.may_hold(b"<p>The museum of Uyghur music and of African art is open.</p>")


def test_a_hint_counts_beside_what_a_system_does_only(look: Matcher) -> None:
    assert not look.may_hold(b"<p>The children were angry.</p>")
    assert look.may_hold(b"<p>The camera detects whether customers are angry.</p>")


def _broken(text: str, place: int) -> list[str]:
    """Return a text in references and escapes, and with things that part it at a place."""
    cut = place % max(1, len(text) - 1) + 1
    start, end = text[:cut], text[cut:]
    return [
        text,
        "".join(f"&#{ord(c)};" if c > "\x7f" or i == cut else c for i, c in enumerate(text)),
        "".join(f"&#x{ord(c):x};" if i % 2 else c for i, c in enumerate(text)),
        f"{start}<b>{end}</b>",
        f'{start}<span class="x">{end}</span>',
        f"{start}&shy;{end}",
        f"{start}\u200b{end}",
        text.replace(" ", "\n"),
        text.replace(" ", "&nbsp;"),
        text.upper(),
        text.title(),
    ]


def _is_found(source: str) -> bool:
    """Whether the finder finds anything in a page."""
    document = extract(source.encode(), media_type="text/html", charset="utf-8", name="x")
    return bool(finder.find(document, ALL))


def test_nearly_every_term_is_seen_in_every_coding_and_break(look: Matcher) -> None:
    """Those that stand whole are all seen, and 97 of 100 of those that something parts."""
    chance = random.Random(8)  # noqa: S311 - the same sample each time
    parted = missed = 0
    for _ in range(600):
        term = chance.choice(SURE).text.strip("*")
        coding = chance.choice(CODINGS)
        ways = list(enumerate(_broken(term, chance.randrange(80))))
        for kind, written in chance.sample(ways, 2):
            source = page(written)
            try:
                data = source.encode(coding)
            except UnicodeEncodeError:
                continue
            if not _is_found(source):
                continue
            seen = look.may_hold(data)
            parted += 1
            missed += not seen
            assert seen or kind, (term, coding)
    assert parted > 500
    assert missed <= 0.03 * parted


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(SURE), st.binary(max_size=300))
def test_a_term_is_seen_among_any_bytes(
    look: Matcher, before: bytes, term: topics.Term, after: bytes
) -> None:
    text = term.text.strip("*")
    if _is_found(page(text)):
        assert look.may_hold(before + b"\n" + page(text).encode() + b"\n" + after)


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_answered(look: Matcher, data: bytes) -> None:
    assert look.may_hold(memoryview(data)) in {True, False}


def test_what_the_finder_finds_is_not_let_go(look: Matcher) -> None:
    """Labelled passages, in pages of several codings; common words alone may miss one in fifty."""
    if not CORPUS.exists():
        pytest.skip("the labelled passages are not beside this checkout")
    rows = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    found = missed = 0
    for row in rows:
        source = page(html.escape(row["text"]))
        document = extract(source.encode(), media_type="text/html", charset=None, name="x")
        if not finder.find(document, ALL):
            continue
        for coding in ("utf-8", "gb18030", "utf-16"):
            found += 1
            missed += not look.may_hold(source.encode(coding))
    assert found > 300
    assert missed <= 0.02 * found


@pytest.mark.slow  # compiles three times
def test_the_automaton_is_kept_and_made_anew_when_it_is_not_to_be_trusted(tmp_path: Path) -> None:
    few = (topics.load("sexuality"),)
    made = patterns(few, tmp_path)
    (path,) = tmp_path.glob("*.patterns")
    kept = path.read_bytes()
    assert patterns(few, tmp_path).unicode.senses == made.unicode.senses
    assert path.read_bytes() == kept
    path.write_bytes(kept[:-1])
    assert patterns(few, tmp_path).version == made.version
    assert path.read_bytes() == kept
    path.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IWOTH)
    patterns(few, tmp_path)
    assert not path.stat().st_mode & stat.S_IWOTH


def test_without_the_engine_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['hyperscan'] = None\n"
        "from sousveil.errors import InputError\n"
        "try:\n    import sousveil.scan.terms\n"
        "except InputError as error:\n    print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'sousveil[scan]'" in told.stdout


def test_threads_may_share_a_matcher(look: Matcher) -> None:
    bodies = [page(term.text.strip("*")).encode() for term in SURE[::40]]
    alone = [look.may_hold(body) for body in bodies]
    assert any(alone)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(look.may_hold, bodies * 4)) == alone * 4


@pytest.mark.parametrize(
    "text",
    [
        "ethnicity",
        '"ethnicity",',
        "<a ethnicity ",
        "<a title='race ",
        "&#101;",
        "<!--",
        "é",
        "a<b ",
    ],
)
def test_a_body_that_is_nothing_else_is_answered(look: Matcher, text: str) -> None:
    """In no more time than others: a limit of pytest's own ends what is quadratic."""
    assert look.may_hold(text.encode() * 200_000) in {True, False}


def test_programs_and_styles_are_not_searched_but_json_is(look: Matcher) -> None:
    said = "The camera detects the ethnicity of each face."
    assert not look.may_hold(f"<p>Hi</p><script>var a = '{said}'</script>".encode())
    assert not look.may_hold(f"<style>/* {said} */</style><p>Hi</p>".encode())
    data = json.dumps({"description": said})
    assert look.may_hold(f'<script type="application/ld+json">{data}</script>'.encode())
    assert look.may_hold(f"<script>var a = 1</script><p>{said}</p><script>b()</script>".encode())
    assert look.may_hold(f"<p>&lt;style</p><style>p{{}}</style><p>{said}</p>".encode())
    assert look.may_hold(f"<!-- <script> --><p>{said}</p><script>b()</script>".encode())
    written = f"<script>write('<style></style>'); a = '{said}'</script><p>Hi</p>"
    assert not look.may_hold(written.encode())


@pytest.mark.parametrize(
    ("tag", "is_read"),
    [
        ('<img alt="{}">', True),
        ('<meta name="description" content="{}">', True),
        ('<meta name="parsely-id" content="{}">', False),
        ('<a href="/{}">', False),
        ('<div class="{}">', False),
    ],
)
def test_of_a_tag_what_the_finder_reads_is_read(look: Matcher, tag: str, is_read: bool) -> None:  # noqa: FBT001 - a parameter of cases
    said = "The camera detects the ethnicity of each face."
    source = tag.format(said) + "<p>Hi</p>"
    assert _is_found(source) is is_read
    assert look.may_hold(source.encode()) is is_read


@pytest.mark.parametrize("pad", range(280, 302))
def test_a_piece_that_ends_within_a_term_is_answered(look: Matcher, pad: int) -> None:
    source = "&#101;" + " " * pad + "ethnicity of faces" + " and so on" * 80
    assert look.may_hold(source.encode()) in {True, False}
    wide = ("a camera detects " + "ethnicity").encode("utf-16-le")
    assert look.may_hold(wide) in {True, False}


def test_what_hides_a_term_at_the_start_of_an_attribute_is_undone(look: Matcher) -> None:
    source = '<img alt="&#101;thnicity of each face, as the camera detects it"><p>Hi</p>'
    assert _is_found(source)
    assert look.may_hold(source.encode())
