"""What an answer is: told by what stands of the page, and never guessed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.changes.answer import (
    ABSENCES,
    AnswerFacts,
    Around,
    Came,
    Kind,
    Other,
    Standing,
    judge_address,
    verdict_of_one,
    what_came,
)
from sousveil.changes.answer.case import leads_up
from sousveil.changes.looks import UNSURE, Probe
from sousveil.extract import extract
from sousveil.model import GONE, Document, Failure, FailureKind, Verdict

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "history"
URL = "https://halden.example/products/camera"
TOPICS = ("gate", "harbour", "station", "market", "school", "bridge", "museum", "stadium", "depot")
PAGE = [
    f"Our camera at the {place} counts visitors by {trait} and keeps a table of it for a {span}."
    for place in TOPICS
    for trait, span in (("age", "week"), ("clothing", "month"), ("walking speed", "year"))
]
SEITE = [
    "本产品提供人脸抓拍、结构化分析和布控告警功能，适用于园区和街道。",
    "系统可以按照年龄、性别和衣着颜色检索录像，并导出统计报表。",
    "设备支持多种网络协议，可接入第三方平台，安装维护简单方便。",
    "用户可在后台查看历史记录，设置报警规则以及推送对象。",
]


def text(*passages: str) -> Document:
    return extract("\n\n".join(passages).encode(), media_type="text/plain", charset=None, name="x")


def html(source: str) -> tuple[Document, bytes]:
    payload = source.encode()
    return extract(payload, media_type="text/html", charset="utf-8", name="x"), payload


def came(
    after: Document | None,
    *,
    before: Document | None = None,
    status: int | None = 200,
    url: str = URL,
    source: bytes = b"",
    **rest: object,
) -> Came:
    around = rest.pop("around", Around())
    assert isinstance(around, Around)
    probes = [Probe(URL, 302, None)] if url != URL else []
    facts = AnswerFacts([*probes, Probe(url, status, None)], source=source, **rest)  # type: ignore[arg-type]  # of AnswerFacts' own fields
    return what_came(text(*PAGE) if before is None else before, after, facts, around)


# ---------------------------------------------------------------- the page itself


@pytest.mark.parametrize(
    ("passages", "kind"),
    [
        (PAGE, Kind.UNCHANGED),
        ([*PAGE[:-1], PAGE[-1] + " (4,099)"], Kind.NOISE),
        ([PAGE[-1], *PAGE[:-1]], Kind.NOISE),
        ([*PAGE[:-1], PAGE[-1].replace("year", "decade")], Kind.TINY_EDIT),
        (PAGE[:-4], Kind.REMOVAL),
        ([*PAGE, "It also guesses what group of people a visitor is of."], Kind.ADDITION),
        ([*PAGE[:-3], "Sales in other countries are in the hands of partners."], Kind.EDIT),
    ],
)
def test_a_page_that_stands_is_told_by_how_it_was_edited(passages: list[str], kind: Kind) -> None:
    assert came(text(*passages)).kind is kind


def test_words_that_change_places_within_a_sentence_are_an_edit() -> None:
    before = text(*SEITE, "攻击请求先告警后拦截")
    assert came(text(*SEITE, "攻击请求先拦截后告警"), before=before).kind is not Kind.NOISE


def test_a_change_of_date_is_noise_and_a_may_is_no_month() -> None:
    before = text(*PAGE, "Last updated: 4 May 2024")
    assert came(text(*PAGE, "Last updated: 17 June 2025"), before=before).kind is Kind.NOISE
    may = text(*PAGE, "You may opt out")
    assert came(text(*PAGE, "You june opt out"), before=may).kind is Kind.TINY_EDIT


def test_new_targets_of_links_are_noise_and_new_words_of_links_are_not() -> None:
    before = text(*PAGE, "See [our terms](https://halden.example/a_(1).html).")
    after = text(*PAGE, 'See [our terms](https://halden.example/b "Terms of use").')
    assert came(after, before=before).kind is Kind.NOISE
    assert came(text(*PAGE, "See [the rules](https://halden.example/a)."), before=before).added


@settings(max_examples=60, deadline=None)
@given(
    stand=st.sets(st.integers(0, len(PAGE) - 1), min_size=len(PAGE) // 2 + 1),
    notices=st.lists(
        st.sampled_from(["404", "Page not found", "Access denied", "已下架", "x", "Log in"])
    ),
    status=st.sampled_from([200, 203, 403, 404, 410, 451, 500, 503]),
    is_elsewhere=st.booleans(),
)
def test_no_page_of_which_half_stands_is_ever_an_absence(
    stand: set[int], notices: list[str], status: int, *, is_elsewhere: bool
) -> None:
    after = text(*notices, *(PAGE[number] for number in sorted(stand)))
    url = "https://other.example/" if is_elsewhere else URL
    told = came(after, status=status, url=url)
    assert told.kind not in ABSENCES
    assert verdict_of_one(told) not in GONE


def test_a_page_that_stands_at_another_address_has_moved_there() -> None:
    told = came(text(*PAGE), url="https://halden.example/archive/camera")
    assert told.is_page
    assert told.moved_to == "https://halden.example/archive/camera"
    assert came(text(*PAGE), url="http://www.halden.example/products/camera/").moved_to == ""


# ---------------------------------------------------------------- answers that are no page

NOTICES = {
    Kind.SOFT_404: [
        "The page you asked for does not exist.",
        "您访问的页面不存在，请返回首页。",
        "お探しのページは見つかりませんでした。",
        "Запрошенная страница не найдена.",
        "Die gewünschte Seite existiert nicht mehr.",
        "La page demandée n’existe plus.",
        "La página solicitada no existe.",
        "A página pedida não foi encontrada.",
        "요청하신 페이지를 찾을 수 없습니다.",
        "Aradığınız sayfa bulunamadı.",
        "الصفحة غير موجودة",
    ],
    Kind.BLOCK_PAGE: [
        "Please verify you are human to go on.",
        "Access denied",
        "请完成安全验证后继续访问。",
        "您的访问被阻断，请联系管理员。",
        "访问过于频繁",
        "アクセスが拒否されました。",
        "Подтвердите, что вы не робот.",
        "Zugriff verweigert",
        "Accès refusé par notre pare-feu.",
        "Acceso denegado",
        "Acesso negado",
        "접근이 차단되었습니다.",
        "Erişim engellendi",
        "We use cookies. Accept all to go on.",
        "Bitte bestätigen: Sie sind kein Roboter.",
    ],
    Kind.LOGIN_WALL: [
        "Please log in to continue.",
        "请先登录后查看",
        "Войдите в свою учётную запись.",
        "Veuillez vous connecter.",
        "Bitte melden Sie sich an.",
        "ログインしてください。",
    ],
    Kind.ERROR_PAGE: [
        "Something went wrong. Please try again later.",
        "系统升级维护，预计明早恢复。",
        "ただいまメンテナンス中です。",
        "На сайте ведутся работы.",
        "Wegen Wartungsarbeiten geschlossen.",
        "Une erreur est survenue.",
        "Se ha producido un error.",
        "Ocorreu um erro.",
    ],
    Kind.COUNTRY_WALL: [
        "This content is not available in your country.",
        "您所在的地区无法使用此服务。",
        "Этот материал недоступен в вашей стране.",
        "Ce service est fermé dans votre pays.",
    ],
    Kind.MOVED_NOTICE: [
        "This product has been discontinued.",
        "本文档已迁移至新版帮助中心。",
        "Diese Kamera wurde eingestellt.",
        "Cette page a été déplacée.",
    ],
    Kind.PARKED: ["This domain is for sale.", "域名出售，请联系我们。"],
}


@pytest.mark.parametrize("kind", NOTICES)
def test_a_short_answer_says_in_any_listed_language_what_it_is(kind: Kind) -> None:
    told = {notice: came(text("Halden", notice)).kind for notice in NOTICES[kind]}
    assert told == dict.fromkeys(NOTICES[kind], kind)


@pytest.mark.parametrize("notice", ["Ni ne konas vin, provu morgau.", "ᐃᓄᒃᑎᑐᑦ ᐅᖃᐅᓯᖅ", "§§ 7 / 7"])
def test_a_short_answer_that_nothing_recognises_is_never_an_absence(notice: str) -> None:
    said = came(text("Haltu antaŭ la pordo, kaj atendu", notice, notice[::-1]))
    assert said.kind not in ABSENCES
    assert not said.is_page


def test_the_same_words_in_a_long_page_say_nothing() -> None:
    log = [f"In release {word} the check of forms has been removed." for word in TOPICS * 9]
    assert came(text("Change log", *log)).is_page
    assert came(text(*PAGE, "Page not found: how our server answers")).is_page


def test_a_page_about_errors_that_is_written_anew_stays_a_page() -> None:
    title = "<title>404 Not Found | Halden help</title>"
    before, _ = html(title + "".join(f"<p>{one}</p>" for one in PAGE))
    after, source = html(
        title + "".join(f"<p>Where a {one} has no door, nobody comes in.</p>" for one in TOPICS * 6)
    )
    assert came(after, before=before, source=source).is_page
    facts = AnswerFacts([Probe(URL, 200, None)], source=source)
    assert what_came(None, after, facts).kind is Kind.PAGE


def test_a_wall_within_the_frame_of_the_page_is_no_removal() -> None:
    for stands in (14, 20, 25):
        frame = PAGE[:stands]
        assert came(text(*frame, "Verify you are human")).kind is Kind.BLOCK_PAGE
        assert came(text(*frame, "访问验证", "请完成安全验证")).kind is Kind.BLOCK_PAGE
    assert came(text(*PAGE[:11], "Page not found")).kind is Kind.SOFT_404


@pytest.mark.parametrize(
    "after",
    [
        PAGE[:1],
        PAGE[:3],
        ["Product page"],
        [*PAGE[:15], PAGE[15][:30]],
        [*PAGE[:20], PAGE[20][:-3]],
    ],
)
def test_the_beginning_of_a_page_is_no_removal(after: list[str]) -> None:
    assert came(text(*after)).kind is Kind.TRUNCATED


def test_what_was_lost_on_the_way_is_no_removal() -> None:
    assert came(text(*PAGE[:20]), lost="the body ends 900 bytes early").kind is Kind.TRUNCATED


def test_an_answer_without_text_is_empty_unless_its_source_names_a_wall() -> None:
    assert came(text("")).kind is Kind.EMPTY
    shell, source = html("<script>var a = 'Page not found, 404, does not exist'</script>")
    assert came(shell, source=source).kind is Kind.EMPTY
    wall, source = html("<title>405</title><script>m = '您的访问被阻断'</script>")
    assert came(wall, source=source).kind is Kind.BLOCK_PAGE


def test_a_form_that_asks_for_a_password_is_a_wall_whatever_its_words() -> None:
    form, source = html("<h1>Halden</h1><form>Nomo <input><input type=password></form>")
    assert came(form, source=source).kind is Kind.LOGIN_WALL


def test_a_bare_link_elsewhere_is_a_signpost_when_it_names_the_page() -> None:
    before = text("Halden camera guidelines", *PAGE)
    signpost = text("[Camera guidelines](https://halden.example/g.pdf)")
    assert came(signpost, before=before).kind is Kind.MOVED_NOTICE
    wall = text("[Ek al la enirejo](https://halden.example/g)", "Nenio videblas sen tio. " * 6)
    assert came(wall, before=before).kind is Kind.UNTOLD
    assert came(text("![Logo](https://halden.example/l.png)")).kind is Kind.TRUNCATED


# ---------------------------------------------------------------- the host at other addresses

NOTHING_HERE = text("Halden", "Ĉi tie estas nenio por vidi, nek hodiaŭ nek iam ajn poste.")


def test_an_answer_like_that_to_a_made_up_address_is_a_soft_404_in_any_language() -> None:
    around = Around(made_up=Other(200, NOTHING_HERE))
    assert came(NOTHING_HERE, around=around).kind is Kind.SOFT_404
    walled = Around(made_up=Other(200, NOTHING_HERE), home=Other(200, NOTHING_HERE))
    assert came(NOTHING_HERE, around=walled).kind is Kind.UNTOLD
    denied = text("Access denied")
    assert came(denied, around=Around(made_up=Other(200, denied))).kind is Kind.BLOCK_PAGE


def test_what_every_address_has_is_not_what_stands_of_the_page() -> None:
    frame, own = PAGE[:20], PAGE[20:]
    around = Around(made_up=Other(404, text(*frame, "Nothing")))
    before = text(*frame, *own)
    assert came(text(*frame, "Nothing"), before=before, around=around).kind is Kind.SOFT_404
    assert came(text(*frame, *own[:-1]), before=before, around=around).kind is Kind.REMOVAL


def test_the_front_page_in_place_of_the_page_is_a_redirection_away() -> None:
    home = text(*(f"We have made good {place} lamps for many a year." for place in TOPICS * 4))
    assert came(home, around=Around(home=Other(200, home))).kind is Kind.REDIRECTED_AWAY
    assert came(home, url="https://halden.example/").kind is Kind.REDIRECTED_AWAY
    everybody = Around(made_up=Other(200, home), home=Other(200, home))
    assert came(home, around=everybody).kind is Kind.UNTOLD
    one_is_open = replace(everybody, neighbour=Other(200, text(*SEITE)))
    assert came(home, around=one_is_open).kind is Kind.REDIRECTED_AWAY
    assert came(home, url="https://elsewhere.example/x").kind is Kind.OTHER_SITE


def test_a_page_of_another_name_is_not_the_page_for_what_all_pages_of_the_site_say() -> None:
    def page(name: str, own: list[str]) -> tuple[Document, bytes]:
        passages = "".join(f"<p>{one}</p>" for one in [*PAGE[:10], *own])
        return html(f"<title>{name} | Halden</title><h1>{name}</h1>{passages}")

    before, _ = page("Camera", PAGE[10:20])
    home, source = page("We make things that look", PAGE[20:])
    for url in ("https://halden.example/", "https://halden.example/products"):
        assert came(home, before=before, source=source, url=url).kind is Kind.REDIRECTED_AWAY
    assert came(home, before=before, source=source).is_page, "at its own address it is written anew"
    own = [*PAGE[10:20], "It is now told anew."]
    renamed, source = page("Our camera of today", own)
    assert not came(renamed, before=before, source=source, url="https://halden.example/").is_page
    told = came(renamed, before=before, source=source, url="https://halden.example/new")
    assert told.moved_to == "https://halden.example/new"
    year, source = page("Camera 2026", PAGE[10:14])
    assert came(year, before=before, source=source, url="https://halden.example/new").is_page


# A site whose pages all bear one name: of what this page said, two fifths stand on the other.
ALIKE = text(*PAGE[:11], *(f"We sell a {place} lamp that shines for years." for place in TOPICS))
UP = ["https://halden.example/", "https://halden.example/products/", "https://other.example/"]


@pytest.mark.parametrize("url", UP)
def test_a_front_page_or_folder_that_shares_a_third_of_the_text_is_another_page(url: str) -> None:
    told = came(ALIKE, url=url)
    assert told.kind in {Kind.REDIRECTED_AWAY, Kind.OTHER_SITE}
    assert verdict_of_one(told, Standing.MISSING) is Verdict.REDIRECTED_AWAY
    assert "40% of the former text stands there" in told.reasons[1]
    assert came(ALIKE).is_page, "at its own address it was edited"
    assert came(ALIKE, url="https://halden.example/archive/camera").is_page


@pytest.mark.parametrize("url", UP)
@pytest.mark.parametrize("passages", [PAGE, PAGE[:-4], [*PAGE[:20], "It is told anew."]])
def test_a_page_that_moved_up_and_kept_its_text_has_moved_there(
    url: str, passages: list[str]
) -> None:
    told = came(text(*passages), url=url)
    assert told.moved_to == url
    assert verdict_of_one(told, Standing.STANDS) is Verdict.MOVED


def test_what_an_address_had_anyway_is_not_what_came_there_of_the_page() -> None:
    url, frame, own = "https://halden.example/archive/camera", PAGE[:18], PAGE[18:]
    other = text(*frame, "Another camera stands here, and it looks at doors.")
    known = Around(there=Other(200, other))
    assert came(other, url=url).is_page, "nobody knew it for another page"
    assert came(other, url=url, around=known).kind is Kind.REDIRECTED_AWAY
    assert came(other, around=known).is_page, "the page is where it was"
    joined = text(*frame, *own[:-2], "Another camera stands here, and it looks at doors.")
    assert came(joined, url=url, around=known).moved_to == url
    mirror = Around(there=Other(200, text(*PAGE)))
    assert came(text(*PAGE), url=url, around=mirror).moved_to == url


@pytest.mark.parametrize(
    ("asked", "arrived", "is_up"),
    [
        ("/products/camera", "/", True),
        ("/products/camera", "/products", True),
        ("/products/camera", "/products/index.html", True),
        ("/products/camera?id=7", "/products/camera", True),
        ("/products?id=7", "/products?id=8", False),
        ("/products/camera", "/produce/", False),
        ("/products/camera", "/products/cameras", False),
        ("/products/camera", "/products/camera/en", False),
        ("/products/camera", "/archive/camera", False),
    ],
)
def test_a_folder_that_an_address_lies_in_is_above_it(
    asked: str, arrived: str, *, is_up: bool
) -> None:
    host = "https://halden.example"
    assert leads_up(host + asked, host + arrived) is is_up
    assert not leads_up(host + asked, f"https://other.example{arrived}")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://halden.example/sign-in?next=%2Fproducts", Kind.LOGIN_WALL),
        ("https://passport.halden.example/?from=camera", Kind.LOGIN_WALL),
        ("https://unblock.halden.example/", Kind.BLOCK_PAGE),
        ("https://halden.example/e.aspx?aspxerrorpath=/products/camera", Kind.ERROR_PAGE),
        ("https://halden.example/not-found", Kind.SOFT_404),
        ("https://halden.example/products", Kind.REDIRECTED_AWAY),
        ("https://halden.example/", Kind.REDIRECTED_AWAY),
        ("https://elsewhere.example/camera", Kind.OTHER_SITE),
    ],
)
def test_an_address_may_say_what_no_known_word_says(address: str, kind: Kind) -> None:
    assert came(text("Haltu antaŭ la pordo", "Kiu vi estas?"), url=address).kind is kind


def test_a_part_of_an_address_that_was_asked_for_is_no_sign() -> None:
    asked, arrived = "https://halden.example/login", "https://halden.example/en/login"
    facts = AnswerFacts([Probe(asked, 302, None), Probe(arrived, 200, None)])
    other = text("Nova teksto staras tie.")
    assert what_came(text(*PAGE), other, facts).kind is Kind.REDIRECTED_AWAY


def test_an_absence_is_weak_while_the_host_fails_elsewhere() -> None:
    sure = came(None, status=404, around=Around(home=Other(200)))
    weak = came(None, status=404, around=Around(home=Other(502)))
    assert sure.kind is weak.kind is Kind.NOT_FOUND
    assert weak.confidence < sure.confidence


def test_nothing_is_absent_behind_a_certificate_that_did_not_hold() -> None:
    told = came(None, status=410, is_verified=False)
    assert told.kind not in ABSENCES
    assert told.confidence <= UNSURE


# ---------------------------------------------------------------- status and headers


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 451, 500, 502, 202, 204, 206, 304])
def test_a_bare_status_speaks_for_what_a_single_look_has_told_so_far(status: int) -> None:
    assert verdict_of_one(came(None, status=status)) is judge_address([Probe(URL, status, None)])[0]


def test_without_an_answer_nothing_is_told_of_the_page() -> None:
    for kind, told in ((FailureKind.TIMEOUT, Kind.NO_ANSWER), (FailureKind.EXIT, Kind.UNTOLD)):
        facts = AnswerFacts([Probe(URL, None, Failure(kind, "in words"))])
        assert what_came(text(*PAGE), None, facts).kind is told
    assert what_came(None, None, AnswerFacts([])).kind is Kind.UNTOLD


def test_a_firewall_that_names_itself_is_believed_but_a_page_that_stands_more() -> None:
    headers = {"cf-mitigated": "challenge"}
    assert came(text("…"), headers=headers).kind is Kind.BLOCK_PAGE
    assert came(text(*PAGE), headers=headers).is_page


def test_a_404_that_asks_for_a_proof_of_humanity_is_a_wall() -> None:
    assert came(text("请完成安全验证"), status=404).kind is Kind.BLOCK_PAGE


def test_a_first_visit_has_only_what_stands_out_to_go_by() -> None:
    facts = AnswerFacts([Probe(URL, 200, None)])
    notes, _ = html("<h1>Release notes</h1><p>An error 404 in the tile server was mended.</p>")
    gone, _ = html("<h1>Page not found</h1><p>Try the search, or go back home.</p>")
    long, _ = html("<h1>404 reasons to visit</h1>" + "<p>A long page about a town.</p>" * 80)
    assert what_came(None, notes, facts).kind is Kind.PAGE
    assert what_came(None, gone, facts).kind is Kind.SOFT_404
    assert what_came(None, long, facts).kind is Kind.PAGE


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("", Verdict.UNKNOWN),
        ("<html><body><script>render()</script></body></html>", Verdict.UNKNOWN),
        (
            '<h1>Members</h1><form><input type="password"></form><p>Log in with your number.</p>',
            Verdict.LOGIN_WALL,
        ),
        (
            "<title>页面不存在</title><h1>页面不存在</h1><p>您访问的页面不存在，请返回首页。</p>",
            Verdict.SOFT_404,
        ),
        ("<h1>Seite nicht gefunden</h1><p>Bitte nutzen Sie die Suche.</p>", Verdict.SOFT_404),
        ("<p>Our camera infers the ethnicity of every face it sees.</p>", Verdict.PRESENT),
    ],
)
def test_a_first_answer_speaks_for_what_it_says_it_is(body: str, verdict: Verdict) -> None:
    document, source = html(body)
    facts = AnswerFacts([Probe(URL, 200, None)], source=source)
    assert verdict_of_one(what_came(None, document, facts)) is verdict


# ---------------------------------------------------------------- any input

READABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=300)


@settings(max_examples=80, deadline=None)
@given(READABLE, READABLE, st.integers(100, 599), st.binary(max_size=99))
def test_any_two_texts_get_a_kind_and_a_reason(
    one: str, other: str, status: int, source: bytes
) -> None:
    told = came(text(other), before=text(one), status=status, source=source)
    assert told.reasons
    assert 0 <= told.confidence <= 1
    assert told == came(text(other), before=text(one), status=status, source=source)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data/history")
def test_real_short_answers_are_told_apart() -> None:
    kinds = {
        "block_page": {Kind.BLOCK_PAGE, Kind.LOGIN_WALL},
        "error_page": {Kind.ERROR_PAGE},
        "truncated": {Kind.TRUNCATED},
        "moved_notice": {Kind.MOVED_NOTICE},
        "soft404": {Kind.SOFT_404},
    }
    rows = map(json.loads, (SHARED / "ota-contrib.jsonl").read_text("utf-8").splitlines())
    wrong = [
        (row["id"], told)
        for row in rows
        if row["kind"] in kinds
        and (told := came(text(row["after"]), before=text(row["before"])).kind)
        not in kinds[row["kind"]]
    ]
    assert wrong == []
