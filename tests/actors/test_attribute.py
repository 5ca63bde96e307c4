"""Who a finding is about and who speaks: the same words in different mouths."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.actors import attributed, shipped_register
from sousveil.actors.attribute import MAX_EVIDENCE, attribute
from sousveil.actors.register import Actor, Register
from sousveil.model import LABELS, Attribution, Finding, Imprint, Label, Listing
from tests.actors.findings import REGISTER, finding

CLAIM = "recognises the ethnicity of each visitor"
NAMED = f"Halcyon Gate {CLAIM}, its maker says."


def told(
    passage: str, quote: str = "", *, watch_actor: str | None = None, **place: object
) -> Attribution:
    found = finding(passage, quote, **place)  # type: ignore[arg-type]  # what a test varies
    return attribute(found, watch_actor=watch_actor, register=REGISTER)


# ---------------------------------------------------------------- the same words, elsewhere


@pytest.mark.parametrize(
    ("url", "publisher", "speaker"),
    [
        ("https://www.halcyon.example/gate", "Halcyon Vision", "actor"),
        ("https://daily.example/2026/gate", "Example Daily", "third party"),
        ("https://www.newspaper.example/2026/gate", "newspaper.example", "third party"),
        ("https://interior.ministry.example/tender/7", "interior.ministry.example", "third party"),
    ],
)
@pytest.mark.parametrize("label", LABELS)
def test_the_same_sentence_is_about_the_maker_wherever_it_stands(
    url: str, publisher: str, speaker: str, label: Label
) -> None:
    one = told(NAMED, CLAIM, url=url, label=label)
    assert (one.actor, one.publisher, one.speaker) == ("Halcyon Vision", publisher, speaker)


def test_without_a_name_it_is_about_the_maker_on_the_makers_page_alone() -> None:
    sentence = f"It {CLAIM}."
    own = told(sentence, CLAIM, url="https://shop.halcyon.example/")
    assert (own.actor, own.speaker) == ("Halcyon Vision", "actor")
    for url in ("https://daily.example/", "https://newspaper.example/"):
        assert told(sentence, CLAIM, url=url).actor is None


def test_a_report_is_never_about_the_newspaper_that_prints_it() -> None:
    sentence = f"A company {CLAIM}, activists say."
    for watch_actor in (None, "Example Daily", "The Unknown Herald"):
        one = told(sentence, CLAIM, label="reports", watch_actor=watch_actor)
        assert (one.actor, one.speaker) == (None, "third party")


def test_who_tells_of_it_is_not_who_has_it() -> None:
    sentence = f"Example Daily found that Halcyon Vision {CLAIM}."
    assert told(sentence, label="reports").actor == "Halcyon Vision"
    herald = sentence.replace("Example Daily", "The Unknown Herald")
    one = told(herald, label="reports", watch_actor="The Unknown Herald")
    assert (one.actor, one.speaker) == ("Halcyon Vision", "third party")
    assert told("Example Daily found that.", label="reports").actor is None


def test_a_report_by_the_maker_of_itself_is_the_makers_word() -> None:
    one = told(NAMED, CLAIM, label="reports", url="https://halcyon.example/news")
    assert (one.actor, one.speaker) == ("Halcyon Vision", "actor")


def test_a_makers_page_is_about_the_maker_even_where_it_names_others() -> None:
    sentence = f"Works with Oddlestane cameras and {CLAIM}."
    one = told(sentence, CLAIM, url="https://halcyon.example/gate")
    assert one.actor == "Halcyon Vision"
    assert "the passage names “Oddlestane”, as well" in one.evidence


def test_goods_of_others_beside_it_are_not_whom_the_sentence_is_about() -> None:
    sentence = f"Halcyon Vision is compatible with Oddlestane and {CLAIM}."
    assert told(sentence, CLAIM).actor == "Halcyon Vision"


def test_an_archived_copy_counts_as_the_page_it_is_a_copy_of() -> None:
    copy = "https://web.archive.org/web/20200102030405id_/https://www.halcyon.example/gate"
    one = told(f"It {CLAIM}.", CLAIM, url=copy)
    assert (one.actor, one.speaker) == ("Halcyon Vision", "actor")
    said = "the page’s address in a web archive’s copy is at halcyon.example, a domain of "
    assert one.evidence == (f"{said}Halcyon Vision",)


# ---------------------------------------------------------------- the watch


def test_who_answers_for_the_watch_publishes_and_makes_what_names_nobody() -> None:
    one = told(f"It {CLAIM}.", CLAIM, watch_actor="Brightwater Ltd")
    assert (one.actor, one.publisher, one.speaker) == (
        "Brightwater Ltd", "Brightwater Ltd", "actor",
    )  # fmt: skip
    assert one.evidence[0] == "the watch names “Brightwater Ltd” as who answers for it"


def test_a_name_that_the_register_knows_otherwise_is_the_same_company() -> None:
    one = told(f"It {CLAIM}.", CLAIM, watch_actor="HALCYON VISION Co., Ltd.")
    assert one.publisher == one.actor == "Halcyon Vision"


def test_a_maker_that_only_the_watch_names_is_told_from_whom_it_writes_about() -> None:
    other = told(f"Halcyon Vision {CLAIM}.", CLAIM, watch_actor="Brightwater")
    assert (other.actor, other.speaker) == ("Halcyon Vision", "third party")
    own = told(f"Unlike Halcyon Vision, our gate {CLAIM}.", CLAIM, watch_actor="Brightwater")
    assert (own.actor, own.speaker) == ("Brightwater", "actor")


def test_a_quotation_does_not_speak_for_the_page() -> None:
    sentence = f"“Our gate {CLAIM}”, says Halcyon Vision, and Halcyon Vision {CLAIM}."
    quote = sentence[sentence.rindex("and ") :]
    assert told(sentence, quote, watch_actor="Brightwater").actor == "Halcyon Vision"


# ---------------------------------------------------------------- where names stand


def test_a_name_in_the_quote_goes_before_one_ahead_of_it_and_that_before_the_title() -> None:
    sentence = "Oddlestane notes that Halcyon Vision reads ethnicity."
    assert told(sentence, "Halcyon Vision reads ethnicity").actor == "Halcyon Vision"
    ahead = told(sentence, "reads ethnicity", title="Oddlestane gates")
    assert ahead.actor == "Halcyon Vision"  # the nearest before the quote
    titled = told("It reads ethnicity.", title="翠鸟视觉 gates", context="Gates")
    assert titled.evidence[0] == (
        "the title names “翠鸟视觉”, a name that stands for Halcyon Vision"
    )
    headed = told("It reads ethnicity.", title="翠鸟视觉", context="Oddlestane > Output")
    assert headed.actor == "Oddlestane"


def test_a_file_is_told_by_its_path_and_by_its_repositorys_address() -> None:
    url = "https://github.com/someone/oddlestane-sdk"
    one = told("int ethnicity;", url=url, path="src/Face.java")
    assert (one.actor, one.publisher, one.speaker) == (
        "Oddlestane", "github.com/someone", "third party",
    )  # fmt: skip
    by_path = told("int ethnicity;", url=url, path="halcyon_vision/Face.java")
    assert by_path.actor == "Halcyon Vision"
    assert by_path.evidence[0] == "the file’s path names “halcyon_vision”"


def test_a_repository_of_the_makers_account_is_the_makers() -> None:
    for url in (
        "https://github.com/Halcyon-Vision/sdk.git",
        "https://raw.githubusercontent.com/halcyon-vision/sdk/main/a.h",
        "https://halcyon-vision.github.io/sdk/",
    ):
        one = told("int ethnicity;", url=url, path="a.h")
        assert (one.actor, one.speaker) == ("Halcyon Vision", "actor"), url


def test_part_of_a_host_is_the_makers_and_the_rest_is_not() -> None:
    assert told("It reads.", url="https://cloud.example/docs/halcyon/1").actor == "Halcyon Vision"
    assert told("It reads.", url="https://cloud.example/forum/1").actor is None


def test_a_host_with_the_makers_name_in_it_may_be_anybodys() -> None:
    one = told(NAMED, CLAIM, url="https://halcyonvision-europe.example/")
    assert (one.publisher, one.speaker) == ("halcyonvision-europe.example", "unknown")
    lookalike = told(f"It {CLAIM}.", CLAIM, url="https://nothalcyon.example/")
    assert lookalike.actor is None


# ---------------------------------------------------------------- what a document says of itself


def test_the_lines_that_say_whose_a_document_is_name_the_publisher() -> None:
    mine = Imprint("copyright line", "© 2019-2024 翠鸟视觉科技有限公司 版权所有")
    one = told(f"It {CLAIM}.", CLAIM, url="https://mirror.example/", imprint=[mine])
    assert (one.actor, one.speaker) == ("Halcyon Vision", "actor")
    assert "the copyright line reads “© 2019-2024 翠鸟视觉科技有限公司 版权所有”" in one.evidence[0]


def test_a_company_that_nobody_knows_is_named_by_its_own_copyright_line() -> None:
    line = Imprint("copyright line", "© 2024 Brightwater GmbH. All rights reserved.")
    one = told(f"It {CLAIM}.", CLAIM, imprint=[line])
    assert (one.actor, one.speaker) == ("Brightwater GmbH", "actor")


def test_a_copyright_line_of_a_private_person_names_nobody() -> None:
    line = Imprint("copyright line", "Copyright (c) 2014 Jo Bloggs")
    one = told("int ethnicity;", url="/home/me/sdk", path="a.c", imprint=[line])
    assert (one.actor, one.publisher) == (None, None)
    assert "Bloggs" not in "".join(one.evidence)


def test_a_credit_for_a_picture_does_not_make_somebody_the_publisher() -> None:
    line = Imprint("copyright line", "© 2024 Example Press / Halcyon Vision handout")
    one = told(f"It {CLAIM}.", CLAIM, url="https://newspaper.example/", imprint=[line])
    assert (one.actor, one.publisher) == (None, "newspaper.example")


def test_the_name_of_a_forge_is_not_who_answers_for_its_repositories() -> None:
    line = Imprint("site name", "GitHub")
    one = told("It reads.", url="https://github.com/someone/gate", imprint=[line])
    assert (one.actor, one.publisher) == (None, "github.com/someone")


def test_who_only_discusses_the_subject_has_no_system() -> None:
    line = Imprint("copyright line", "© 2024 Example Press Ltd")
    one = told("Nobody should read ethnicity.", label="discusses", imprint=[line])
    assert (one.actor, one.publisher) == (None, "Example Press Ltd")


@pytest.mark.parametrize(
    "code",
    ["import com.oddlestane.json.JSON;\nString ethnicity;", "import oddlestane\nethnicity = 1",
     "# include <oddlestane.h>\nint ethnicity;", "from x import oddlestane\nethnicity = 1",
     "@com.oddlestane.Field(name = 1) int ethnicity;"],
)  # fmt: skip
def test_a_library_that_code_uses_says_nothing_of_whose_code_it_is(code: str) -> None:
    assert told(code, url="https://github.com/someone/gate", path="a.c").actor is None


def test_an_interface_that_code_calls_says_whose_it_is() -> None:
    for code in (
        'post("https://api.oddlestane.example/ethnicity")',
        "package com.oddlestane.face;",
    ):
        assert told(code, url="https://github.com/someone/gate", path="a.c").actor == "Oddlestane"


def test_where_somebody_has_mail_says_nothing_of_the_system() -> None:
    one = told(f"The gate {CLAIM} (jo.bloggs@oddlestane.example).", CLAIM)
    assert (one.actor, len(one.evidence)) == (None, 1)


def test_prose_that_begins_like_code_is_prose() -> None:
    assert told(f"The gate\nfrom Oddlestane {CLAIM}.").actor == "Oddlestane"


def test_a_sites_name_makes_a_newspaper_the_publisher_and_not_the_actor() -> None:
    lines = [Imprint("site name", "The Unknown Herald")]
    one = told(NAMED, CLAIM, label="reports", imprint=lines)
    assert (one.actor, one.publisher, one.speaker) == (
        "Halcyon Vision", "The Unknown Herald", "third party",
    )  # fmt: skip


# ---------------------------------------------------------------- listings, limits


def test_the_actors_listings_are_told_and_nobody_elses() -> None:
    listing = Listing("List A", "Halcyon Vision Co., Ltd.", "2021-03-12", "")
    actor = Actor("Halcyon Vision", names=("Halcyon Vision",), listings=(listing,))
    found = finding(NAMED.replace("Gate", "Vision"), CLAIM, url="https://daily.example/")
    one = attributed(found, watch_actor=None, register=Register([actor]))
    assert one.actor == "Halcyon Vision"
    assert one.attribution is not None
    assert one.attribution.listings == (listing,)
    nobody = attributed(finding("It reads."), watch_actor=None, register=Register([actor]))
    assert nobody.attribution == Attribution(
        None, "somewhere.example", "unknown", ("the page’s address is at somewhere.example",)
    )


@given(
    found=st.builds(
        finding,
        st.text(min_size=1),
        url=st.one_of(st.text(), st.from_regex(r"https?://[^/]*/.*")),
        label=st.sampled_from(LABELS),
        title=st.text(),
        path=st.one_of(st.none(), st.text()),
        imprint=st.lists(
            st.builds(
                Imprint, st.sampled_from(["site name", "publisher", "copyright line"]), st.text()
            ),
            max_size=2,
        ),
    ),
    watch_actor=st.one_of(st.none(), st.text(min_size=1)),
)
def test_whatever_a_page_holds_it_is_told_in_a_few_sentences(
    found: Finding, watch_actor: str | None
) -> None:
    for register in (REGISTER, shipped_register()):
        one = attribute(found, watch_actor=watch_actor, register=register)
        assert len(one.evidence) <= MAX_EVIDENCE
        assert all(len(sentence) < 400 for sentence in one.evidence)
        if one.speaker == "actor":
            assert one.actor == one.publisher


@pytest.mark.parametrize(
    "unit",
    [
        "Halcyon Vision ",
        "Halcyon, ",
        "“",
        '"',
        "© ",
        "our ",
        "翠鸟视觉",
        "a. ",
        "import Oddlestane ",
        "Halcyon and ",
        "with ",
    ],
)
def test_the_time_grows_with_the_length_of_the_passage_alone(unit: str) -> None:
    def seconds(repeated: int) -> float:
        found = finding(unit * repeated)
        started = time.perf_counter()
        attribute(found, watch_actor="Brightwater", register=REGISTER)
        return time.perf_counter() - started

    seconds(10)
    short = min(seconds(5_000) for _ in range(3))
    long = min(seconds(20_000) for _ in range(3))
    assert long < 10 * short + 0.05, f"{unit!r}: {short:.4f} s, then {long:.4f} s"
