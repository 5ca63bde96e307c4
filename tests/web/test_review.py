"""Review at the desk: the queue, decisions, copies, translations, bulk, disagreements."""

import html
import json
import re
from itertools import chain

import pytest

from sousveil.ledger import read_events
from sousveil.web.cards import MAX_COPIES
from tests.commands import sousveil
from tests.review.cases import page, take_in
from tests.web.desks import Client, Served

IDS = re.compile(r'<li data-id="([0-9a-f]{12})"')
DIGEST = re.compile(r'name="digest" value="([0-9a-f]{64})"')
SCRIPT = "<script>alert(1)</script>"


def queue(client: Client) -> list[str]:
    return IDS.findall(client.get("/review").text)


def decide(client: Client, finding_id: str, decision: str, **more: str) -> None:
    answer = client.post("/review/decide", finding=finding_id, decision=decision, **more)
    assert answer.status == 303, answer.text


def logged(desk: Served, kind: str) -> list[dict[str, object]]:
    return [dict(one.body) for one in read_events(desk.case) if one.type == kind]


def blind(desk: Served) -> None:
    """Let the case ask for two readings."""
    path = desk.case.root / "case.toml"
    path.write_text(path.read_text().replace("readings = 1", "readings = 2"))


def test_the_queue_shows_what_waits_and_the_first_with_its_evidence(desk: Served) -> None:
    page = desk.client().get("/review").text
    assert len(IDS.findall(page)) == 2
    assert "<mark>支持民族识别，可识别维吾尔族人脸。</mark>" in page or (
        "<mark>The attribute service returns the ethnicity" in page
    )
    assert 'aria-current="true"' in page
    assert "Why it is here" in page


def test_a_form_decides_and_leads_on_to_what_waits(desk: Served) -> None:
    ada = desk.client()
    first, second = queue(ada)
    decide(ada, first, "confirm", note="on their own page")
    assert queue(ada) == [second]
    (event,) = logged(desk, "review")
    assert (event["decision"], event["by"], event["note"]) == (
        "confirmed",
        "Ada",
        "on their own page",
    )
    page = ada.get(f"/findings/{first}").text
    assert '<span class="verdict confirmed">confirmed</span>' in page
    assert "on their own page" in page
    decide(ada, second, "reject")
    assert "Nothing waits for you" in ada.get("/review").text


def test_what_was_decided_last_is_taken_back(desk: Served) -> None:
    ada = desk.client()
    first, second = queue(ada)
    decide(ada, first, "reject")
    assert ada.post("/review/undo").headers["location"] == f"/review?at={first}"
    assert set(queue(ada)) == {first, second}
    assert "(taken back)" in ada.get(f"/findings/{first}").text
    answer = ada.post("/review/undo")
    assert answer.status == 409
    assert "nothing" in answer.text


def test_a_script_is_answered_with_what_was_decided_and_what_waits(desk: Served) -> None:
    ada = desk.client()
    first, _ = queue(ada)
    fields = {"finding": first, "decision": "confirm", "csrf": token(ada)}
    answer = ada.send_form("/review/decide", fields, accept="application/json")
    told = json.loads(answer.body)
    assert (told["decided"], told["waiting"]) == ([first], 1)


def token(client: Client) -> str:
    return client.get("/").text.partition('name="csrf" value="')[2].partition('"')[0]


@pytest.mark.parametrize("path", ["/review/decide", "/review/undo", "/review/translate"])
def test_a_reader_decides_nothing_and_is_shown_no_form(desk: Served, path: str) -> None:
    reader = desk.client("reader", "Rea")
    (first, _) = queue(reader)
    assert reader.post(path, finding=first, decision="confirm", text="x", lang="en").status == 403
    assert "/review/decide" not in reader.get("/review").text
    assert logged(desk, "review") == []


def test_what_cannot_be_decided_is_refused(desk: Served) -> None:
    ada = desk.client()
    (first, _) = queue(ada)
    assert ada.post("/review/decide", finding=first, decision="maybe").status == 400
    assert ada.post("/review/decide", finding="0" * 12, decision="confirm").status == 409
    no_words = ada.post("/review/translate", finding=first, text=" ", lang="en")
    assert (no_words.status, "translation is empty" in no_words.text) == (400, True)
    too_long = ada.post("/review/decide", finding=first, decision="confirm", note="n" * 4001)
    assert too_long.status == 400
    assert ada.get("/findings/nothing").status == 404
    assert ada.get("/findings/nothing/picture").status == 404
    assert ada.get("/pictures/nothing").status == 404
    assert ada.get("/review/card/nothing").status == 404
    assert logged(desk, "review") == []


def test_a_place_that_is_made_up_begins_at_the_front(desk: Served) -> None:
    ada = desk.client()
    for after in ("x", "~~", "9~nan~", "0~1e999~zz", "-1~0~0", "'; DROP TABLE queue; --"):
        assert ada.get(f"/review/rows?after={after.replace(' ', '%20')}").status == 200
    assert len(queue(ada)) == 2


def test_neither_of_two_sees_what_the_other_decided_before_both_have(desk: Served) -> None:
    blind(desk)
    ada, bo = desk.client(name="Ada"), desk.client(name="Bo")
    first, _ = queue(ada)
    decide(ada, first, "reject", note="a secret note")
    assert first not in queue(ada)
    assert queue(bo)[0] == first
    for path in (f"/findings/{first}", "/review", f"/review/card/{first}", "/review/disputes"):
        page = bo.get(path).text
        assert "a secret note" not in page
        assert "ejected" not in page
    assert "sealed until others have read it" in bo.get(f"/findings/{first}").text
    assert "a secret note" in ada.get(f"/findings/{first}").text  # her own
    decide(bo, first, "confirm")
    page = bo.get("/review/disputes").text
    assert "a secret note" in page
    assert "Rejected</strong> by <bdi>Ada</bdi>" in page


@pytest.mark.parametrize(("who", "more"), [("Cy", {}), ("Bo", {"settle": "yes"})])
def test_a_disagreement_is_settled_by_a_third_or_by_one_who_says_so(
    desk: Served, who: str, more: dict[str, str]
) -> None:
    blind(desk)
    first, _ = queue(desk.client())
    decide(desk.client(name="Ada"), first, "reject")
    decide(desk.client(name="Bo"), first, "confirm")
    assert "1 finding on which" in desk.client().get("/review/disputes").text
    decide(desk.client(name=who), first, "confirm", back="disputes", **more)
    page = desk.client().get("/review/disputes").text
    assert "Nobody disagrees" in page
    assert "which settled it" in desk.client().get(f"/findings/{first}").text


def test_agreement_says_when_it_has_nothing_to_say(desk: Served) -> None:
    page = desk.client().get("/review/agreement").text
    assert "not to be told" in page
    assert "Not blind" in page


def test_a_translation_stands_beside_the_original_with_its_translators_name(desk: Served) -> None:
    ada = desk.client()
    chinese = next(one for one in queue(ada) if "维吾尔" in ada.get(f"/findings/{one}").text)
    said = "Recognises ethnicity; can tell Uyghur faces."
    answer = ada.post("/review/translate", finding=chinese, text=said, lang="en", back="finding")
    assert answer.headers["location"] == f"/findings/{chinese}"
    page = ada.get(f"/findings/{chinese}").text
    assert 'lang="en" dir="ltr">' + said in page
    assert "translated by <bdi>Ada</bdi>" in page
    assert "维吾尔" in page


def test_what_people_write_is_shown_as_text(desk: Served) -> None:
    ada = desk.client(name=f"Ada {SCRIPT}")
    first, second = queue(ada)
    decide(ada, first, "confirm", note=SCRIPT)
    ada.post("/review/translate", finding=second, text=SCRIPT, lang="en")
    for path in (f"/findings/{first}", f"/findings/{second}", f"/review/card/{second}", "/review"):
        assert SCRIPT not in ada.get(path).text
    assert SCRIPT not in ada.get(f"/review/several?words={SCRIPT}").text


def test_several_are_shown_and_counted_before_they_are_decided(desk: Served) -> None:
    ada = desk.client()
    page = ada.get("/review/several?words=ethnicity").text
    assert "1 finding would be decided on" in page
    digest = DIGEST.findall(page)[0]
    fields = {"words": "ethnicity", "digest": digest, "decision": "reject", "note": "all alike"}
    answer = ada.post("/review/several", **fields)
    assert answer.headers["location"] == "/review/several?decided=1"
    assert "Decided on 1 finding" in ada.get("/review/several?decided=1").text
    assert len(queue(ada)) == 1
    (event,) = logged(desk, "review")
    assert event["note"] == "all alike"


def test_all_that_would_be_decided_can_be_gone_through(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sousveil.web.pages.several.SHOWN", 1)
    ada = desk.client()
    first = ada.get("/review/several?trait=ethnicity").text
    assert "1 to 1 of them" in first
    (following,) = re.findall(r'rel="next" href="([^"#]+)', first)
    second = ada.get(html.unescape(following)).text
    assert "2 to 2 of them" in second
    assert DIGEST.findall(first) == DIGEST.findall(second)
    shown = [re.findall(r'class="plain" href="(/findings/[^"]+)', one) for one in (first, second)]
    assert sorted(chain(*shown)) == sorted(f"/findings/{one}" for one in queue(ada))
    assert "2 to 2 of them" in ada.get("/review/several?trait=ethnicity&begin=999").text


def test_what_came_in_since_the_preview_is_not_decided_unseen(desk: Served) -> None:
    ada = desk.client()
    digest = DIGEST.findall(ada.get("/review/several?trait=ethnicity").text)[0]
    decide(ada, queue(ada)[0], "confirm")
    fields = {"trait": "ethnicity", "digest": digest, "decision": "reject"}
    answer = ada.post("/review/several", **fields)
    assert answer.status == 409
    assert "Look again" in answer.text
    assert len(logged(desk, "review")) == 1


def test_without_a_filter_several_decides_nothing(desk: Served) -> None:
    ada = desk.client()
    assert "would be decided on" not in ada.get("/review/several").text
    assert ada.post("/review/several", decision="reject", digest="0" * 64).status == 400


def test_one_decision_serves_the_same_words_and_is_taken_back_whole(
    desk: Served,
) -> None:
    said = "Our terminal recognises the ethnicity of every visitor at the gate."
    take_in(desk.case.root, {f"https://m{n}.example/": page(said) for n in range(3)})
    ada = desk.client()
    body = ada.get("/review").text
    assert "× 3" in body
    (first,) = [one for one in queue(ada) if "2 more places" in ada.get(f"/findings/{one}").text]
    decide(ada, first, "confirm", copies="yes")
    (event,) = logged(desk, "review")
    served = event["findings"]
    assert isinstance(served, list)
    assert len(served) == 3
    assert "× 3" not in ada.get("/review").text
    ada.post("/review/undo")
    assert "× 3" in ada.get("/review").text
    assert sousveil("verify", "--case", desk.case.root).status == 0


def test_nearly_the_same_words_are_served_together_and_each_wording_is_shown_before(
    desk: Served,
) -> None:
    said = "Our terminal recognises the ethnicity of every visitor at the gate."
    forms = {
        "https://a.example/": said,
        "https://b.example/": f"3. {said.replace('ethnicity', 'ETHNICITY')}",
        "https://c.example/": "Our terminal recognises the ethnicity of no visitor at the gate.",
    }
    plain = {f"https://m{n}.example/": said for n in range(MAX_COPIES)}
    take_in(desk.case.root, {url: page(words) for url, words in (forms | plain).items()})
    ada = desk.client()
    served = f"{MAX_COPIES + 1} more places"
    alike = [one for one in queue(ada) if served in ada.get(f"/findings/{one}").text]
    (first,) = alike
    body = ada.get(f"/findings/{first}").text
    assert said in body
    assert "ETHNICITY" in body
    assert "of no visitor" not in body
    decide(ada, first, "confirm", copies="yes")
    (event,) = logged(desk, "review")
    assert isinstance(event["findings"], list)
    assert len(event["findings"]) == MAX_COPIES + 2


def test_the_page_of_a_picture_says_why_there_is_none(desk: Served) -> None:
    ada = desk.client()
    (first, _) = queue(ada)
    page = ada.get(f"/findings/{first}/picture").text
    assert "No picture: " in page
    assert "<html" not in ada.get(f"/findings/{first}/picture?part").text
    assert ada.get(f"/pictures/{first}").status == 404
