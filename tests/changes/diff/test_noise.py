from sousveil.changes.diff.compare import compare
from sousveil.changes.diff.noise import Volatile, form, learn, quieten
from sousveil.changes.diff.values import Change, Diff, Noise, Row
from sousveil.model import Document
from tests.changes.diff.documents import document, nothing, watching

BODY = (
    "Face analysis for the street.",
    "Our cameras count people and tell their age.",
    "The service is sold in forty countries.",
    "Ask us for an offer.",
)


def page(teaser: str, views: int, body: tuple[str, ...] = BODY) -> Document:
    return document(body[0], f"Viewed {views:,} times", *body[1:3], "Read also", teaser, *body[3:])


def looks(count: int) -> list[Document]:
    teasers = ("A camera for shops", "A gate for schools", "Lenses, explained")
    return [page(teasers[at % 3], 1_000 + 7 * at) for at in range(count)]


def changed(diff: Diff) -> list[Row]:
    return [row for row in diff.rows if row.change is not Change.SAME]


def test_what_changes_at_every_look_is_hidden_and_counted() -> None:
    former, later = page("A camera for shops", 5_000), page("Never seen before", 5_003)
    quiet = quieten(compare(former, later, nothing), learn(looks(4)), [])
    assert {row.noise for row in changed(quiet)} == {Noise.FIGURES, Noise.PLACE}


def test_three_captures_are_needed_to_learn() -> None:
    assert learn(looks(2)) == Volatile(captures=2)
    diff = compare(page("One", 1), page("Two", 2), nothing)
    assert quieten(diff, learn(looks(2)), []) == diff


def test_a_real_edit_beside_noise_is_shown() -> None:
    edited = (BODY[0], "Our cameras count people.", *BODY[2:])
    diff = compare(page("One", 1), page("Two", 2, edited), nothing)
    shown = [row for row in changed(quieten(diff, learn(looks(4)), [])) if row.noise is None]
    assert [(row.text_before, row.text_after) for row in shown] == [(BODY[1], edited[1])]


def test_a_passage_that_went_is_shown_though_its_neighbours_are_noise() -> None:
    """It stood in every capture, beside a slot that changes by itself."""
    cut = (*BODY[:2], *BODY[3:])
    taught = learn(looks(4))
    before = page("One", 1)
    after = document(cut[0], "Viewed 2 times", cut[1], "Read also", "Two", *cut[2:])
    shown = changed(quieten(compare(before, after, nothing), taught, []))
    assert any(row.noise is None and row.text_before == BODY[2] for row in shown)


def test_a_watched_term_in_a_teaser_is_never_noise() -> None:
    diff = compare(page("One", 1), page("It tells ethnicity", 1), watching("ethnicity"))
    rows = changed(quieten(diff, learn(looks(4)), []))
    assert [row.noise for row in rows if "ethnicity" in row.text_after] == [None]


def test_a_findings_quote_in_a_teaser_is_never_noise() -> None:
    taught = learn(looks(4))
    diff = compare(page("Sorts guests by origin", 1), page("Two", 1), nothing)
    (gone,) = [row for row in changed(quieten(diff, taught, [])) if row.text_before]
    assert gone.noise is Noise.PLACE
    kept = quieten(diff, taught, ["guests by  origin"])
    assert any(row.noise is None and "origin" in row.text_before for row in changed(kept))


def test_passages_that_come_and_go_are_known_again_in_another_place() -> None:
    banner = "This week: spring sale"
    seen = [document(*BODY, banner), document(*BODY), document(*BODY, banner), document(*BODY)]
    diff = compare(document(*BODY), document(banner, *BODY), nothing)
    assert [row.noise for row in changed(quieten(diff, learn(seen), []))] == [Noise.RETURNING]


def test_two_wordings_that_take_turns_are_noise() -> None:
    one, other = "Write to help at shop north", "Write to help at shop south"
    seen = [document(*BODY, text) for text in (one, one, other, one, other)]
    diff = compare(document(*BODY, one), document(*BODY, other), nothing)
    third = compare(document(*BODY, one), document(*BODY, f"{other} and west"), nothing)
    assert [row.noise for row in changed(quieten(diff, learn(seen[1:]), []))] == [Noise.PLACE]
    moved = compare(document(one, *BODY), document(other, *BODY), nothing)
    assert [row.noise for row in changed(quieten(moved, learn(seen[1:]), []))] == [Noise.RETURNING]
    assert [row.noise for row in changed(quieten(third, learn([]), []))] == [None]


def test_a_passage_that_stood_for_long_is_no_noise_for_having_been_away_once() -> None:
    claim = "It tells guests apart."
    seen = [document(*BODY, claim) for _ in range(6)]
    seen[4] = document(*BODY)
    diff = compare(document(*BODY, claim), document(*BODY), nothing)
    assert [row.noise for row in changed(quieten(diff, learn(seen), []))] == [None]


def test_a_page_of_which_everything_changes_is_not_hidden() -> None:
    seen = [document(*(f"word{at} other{n}" for n in range(40))) for at in range(5)]
    taught = learn(seen)
    diff = compare(document("one"), document("two"), nothing)
    assert all(row.noise is None for row in quieten(diff, taught, []).rows)


def test_a_slot_that_suddenly_holds_much_more_is_shown() -> None:
    former = page("One", 1)
    later = document(BODY[0], "Viewed 1 times", *BODY[1:3], "Read also", *"abcdefg", BODY[3])
    rows = changed(quieten(compare(former, later, nothing), learn(looks(4)), []))
    assert all(row.noise is None for row in rows if row.text_after in set("abcdefg"))


def test_figures_in_chinese_are_taken_out_alone() -> None:
    assert form("本页已被浏览1,234次") == form("本页已被浏览98次") != form("本页已被打印98次")
