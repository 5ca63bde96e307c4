"""The log is stamped by real authorities; what does not hold is not kept, and nothing is lost."""

import errno
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import log_size, writing
from sousveil.run import stamping
from sousveil.run.sending import Outside
from sousveil.run.stamping import Asked, Stamper, renew, stamp, waiting
from sousveil.settings import Authority as Named
from sousveil.settings import Timestamps
from tests.authority import Authority, authority
from tests.commands import sousveil

Houses = tuple[Authority, Authority]
REPLACE = Path.replace


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Houses]:
    with ExitStack() as stack:
        yield (
            stack.enter_context(authority(tmp_path / "one", "First House")),
            stack.enter_context(authority(tmp_path / "two", "Second House", with_chain=True)),
        )


def stamped_by(case: Case, houses: tuple[Authority, ...]) -> Case:
    """Name the authorities in the case's settings."""
    named = {
        name: Named(name, house.url, str(house.ca_file))
        for name, house in zip(("one", "two"), houses, strict=False)
    }
    hosts = frozenset(house.host for house in houses)
    save_settings(case, replace(case.settings, allow_hosts=hosts, timestamps=Timestamps(6, named)))
    return open_case(case.root)


def grow(case: Case, events: int = 1) -> None:
    with writing(case) as writer:
        for number in range(events):
            writer.commit("note", {"number": number}, now=now())


def names(case: Case) -> set[str]:
    return {path.name for path in (case.root / "log" / "timestamps").glob("*")}


def test_the_newest_checkpoint_is_stamped_by_each_authority_and_verifies_offline(
    case: Case, houses: Houses
) -> None:
    case = stamped_by(case, houses)
    grow(case, 4)
    ran = sousveil("stamp", "--case", case.root)
    assert ran.status == 0, ran.err
    assert "stamped by one: 5 log entries" in ran.out
    assert "stamped by two: 5 log entries" in ran.out
    assert names(case) == {
        "5.checkpoint", "5-one.tsr", "5-one.pem", "5-two.tsr", "5-two.pem",
    }  # fmt: skip
    for house in houses:
        house.answer = "error"
    told = sousveil("verify", case.root)
    assert told.status == 0, told.out
    assert "All of the log existed by" in told.out
    assert "says First House Signer under the root First House Root" in told.out
    assert "says Second House Signer" in told.out
    assert "which this computer does not know" in told.out
    (result,) = sousveil("verify", case.root, "--json").json()
    assert [one["entries"] for one in result["stamps"]] == [5, 5]


def test_what_is_stamped_is_not_sent_again_until_the_log_grows(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    sousveil("stamp", "--case", case.root)
    again = sousveil("stamp", "--case", case.root)
    assert "Nothing waits" in again.out
    assert [len(house.asked) for house in houses] == [1, 1]
    grow(case)
    sousveil("stamp", "--case", case.root)
    assert [len(house.asked) for house in houses] == [2, 2]
    told = sousveil("verify", case.root).out
    assert "The first entry of the log existed by" in told
    assert "All of the log existed by" in told
    grow(case, 2)
    assert "The newest 2 entries have no time stamp" in sousveil("verify", case.root).out


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("garbage", "openssl refuses the stamp"),
        ("empty", "answered nothing"),
        ("html", "openssl refuses the stamp"),
        ("error", "answered HTTP 500"),
        ("nonce", "its nonce is not the one sent"),
        ("imprint", "answers another request"),
        ("hang", "timed out"),
    ],
)
def test_an_authority_that_does_wrong_is_named_and_nothing_of_it_is_kept(
    answer: str, said: str, case: Case, houses: Houses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamping, "STAMP_SECONDS", 1.0)
    case = stamped_by(case, houses)
    houses[0].answer = answer
    ran = sousveil("stamp", "--case", case.root, "--json")
    assert ran.status == 1
    wrong, right = ran.json()
    assert (wrong["authority"], wrong["at"]) == ("one", None)
    assert said in wrong["problem"], wrong["problem"]
    assert right["problem"] == ""
    assert names(case) == {"1.checkpoint", "1-two.tsr", "1-two.pem"}
    assert sousveil("verify", case.root).status == 0
    # It is asked again next time, and the newest checkpoint covers all that waited.
    grow(case, 3)
    houses[0].answer = ""
    assert [(one.authority, one.entries) for one in waiting(case)] == [("one", 4), ("two", 3)]
    assert sousveil("stamp", "--case", case.root).status == 0
    assert waiting(case) == []


def test_an_authority_with_an_expired_certificate_is_refused(case: Case, tmp_path: Path) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with authority(tmp_path / "old", since=long_ago, until=long_ago + timedelta(days=365)) as house:
        case = stamped_by(case, (house,))
        ran = sousveil("stamp", "--case", case.root)
    assert (ran.status, "certificate has expired" in ran.out) == (1, True), ran.out
    assert "name another, independent one" in ran.err


def test_an_authority_that_nobody_answers_for_keeps_no_visit_from_its_end(
    case: Case, houses: Houses
) -> None:
    case = stamped_by(case, houses)
    offline = {"one": Named("one", "http://127.0.0.1:9/tsr")}
    save_settings(case, replace(case.settings, timestamps=Timestamps(6, offline)))
    sousveil("add", "http://127.0.0.1:9/page", "--case", case.root)
    ran = sousveil("visit", "--case", case.root)
    assert ran.status == 0
    assert "not stamped by one" in ran.err
    assert sousveil("verify", case.root).status == 0


def test_a_visit_is_stamped_at_its_end(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    sousveil("add", "http://127.0.0.1:9/page", "--case", case.root)
    ran = sousveil("visit", "--case", case.root)
    assert f"stamped by one: {log_size(case)} log entries" in ran.err
    assert waiting(case) == []


def test_an_unknown_root_and_a_missing_file_are_told_with_the_next_step(
    case: Case, houses: Houses
) -> None:
    case = stamped_by(case, houses)
    named = {
        "one": Named("one", houses[0].url),
        "two": Named("two", houses[1].url, "nowhere.pem"),
    }
    save_settings(case, replace(case.settings, timestamps=Timestamps(6, named)))
    first, second = sousveil("stamp", "--case", case.root, "--json").json()
    assert "does not lead to a trusted root" in first["problem"]
    assert "nowhere.pem cannot be read" in second["problem"]
    none = sousveil("stamp", "--case", case.root.parent / "no")
    assert none.status == 2


def test_a_case_without_authorities_is_told_how_to_name_them(case: Case) -> None:
    ran = sousveil("stamp", "--case", case.root)
    assert (ran.status, "[timestamps.authorities]" in ran.err) == (2, True)


def test_stamps_are_renewed_before_a_certificate_ends_and_stand_longer(
    case: Case, tmp_path: Path
) -> None:
    soon = now() + timedelta(days=30)
    with authority(tmp_path / "a", "Closing House", until=soon) as closing:
        case = stamped_by(case, (closing,))
        first = list(stamp(case, Outside(now)))
        assert [one.problem for one in first] == [""]
    assert "Renew it: sousveil stamp" in sousveil("verify", case.root).err
    with authority(tmp_path / "b", "Open House") as open_house:
        case = stamped_by(case, (open_house,))
        ran = sousveil("stamp", "--case", case.root)
        assert ran.status == 0, ran.out
        assert "stamped by one: older stamps" in ran.out
        assert "older stamps" not in sousveil("stamp", "--case", case.root).out
    assert "Renew it" not in sousveil("verify", case.root).err
    (result,) = sousveil("verify", case.root, "--json").json()
    assert result["faults"] == []
    stamps = {one["file"].rpartition("/")[2]: one for one in result["stamps"]}
    renewal = next(one for one in stamps.values() if one["is_renewal"])
    assert stamps["1-one.tsr"]["by"] == "Closing House Signer"
    assert stamps["1-one.tsr"]["stands_until"] == renewal["stands_until"]
    assert renewal["by"] == "Open House Signer"
    # Whoever takes away what was renewed takes it from the renewal, too.
    (case.root / "log" / "timestamps" / "1-one.pem").unlink()
    broken = sousveil("verify", case.root)
    assert broken.status == 1
    assert "1-one.pem was another, or is missing now" in broken.out


def test_a_service_asks_no_more_often_than_the_case_wants(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    stamper = Stamper(Outside(lambda: at))
    assert stamper.is_due(case)
    assert len(stamper.stamp(case)) == 2
    grow(case)
    for hour, is_due in ((3, False), (6, True)):
        at = datetime(2026, 11, 23, 9 + hour, 0, tzinfo=UTC)
        assert stamper.is_due(case) is is_due
    houses[0].answer = "error"
    assert [bool(one.problem) for one in stamper.stamp(case)] == [True, False]
    for minute, is_due in ((14, False), (15, True)):
        at = datetime(2026, 11, 23, 15, minute, tzinfo=UTC)
        assert stamper.is_due(case) is is_due
    assert [one.authority for one in stamper.stamp(case) if isinstance(one, Asked)] == ["one"]


def test_a_clock_that_is_set_back_does_not_put_off_the_next_stamp(
    case: Case, houses: Houses
) -> None:
    case = stamped_by(case, houses)
    at = now() + timedelta(days=30)
    stamper = Stamper(Outside(lambda: at))
    stamper.stamp(case)
    assert not stamper.is_due(case)
    at = now()
    assert stamper.is_due(case)


def test_a_service_of_a_case_without_authorities_asks_nobody(case: Case) -> None:
    assert not Stamper(Outside(now)).is_due(case)


def test_a_service_that_is_stopped_waits_for_no_authority(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    houses[0].answer = "hang"
    outside = Outside(now)
    outside.stop.set()
    with pytest.raises(InterruptedError):
        Stamper(outside).stamp(case)
    assert names(case) == set()  # what is stamped is written with its stamp


def test_a_clock_that_is_wrong_is_told(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    asked = list(stamp(case, Outside(lambda: now() + timedelta(hours=1))))
    assert all(timedelta(minutes=59) < one.clock_ahead < timedelta(minutes=61) for one in asked)


def test_nothing_of_the_case_leaves_but_a_digest(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    list(stamp(case, Outside(now)))
    sent = houses[0].asked[0]
    assert len(sent) < 110
    assert case.settings.origin.encode() not in sent


def test_an_inquiry_is_stamped_with_all_that_was_frozen(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    ran = sousveil(
        "inquiry", "http://127.0.0.1:9/page", "--sent", "in 1h", "--to", "them",
        "--case", case.root, "--json",
    )  # fmt: skip
    size = log_size(case)
    assert json.loads(ran.out)["log_index"] == size - 1
    assert f"{size}-one.tsr" in names(case)


def test_renewing_without_a_stamp_does_nothing(case: Case, houses: Houses) -> None:
    assert list(renew(stamped_by(case, houses), Outside(now))) == []


def test_a_watch_is_stamped_after_a_batch(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    sousveil("add", "http://127.0.0.1:9/page", "--case", case.root)
    ran = sousveil("watch", "--once", "--case", case.root)
    assert ran.status == 0, ran.err
    assert f"stamped by one: {log_size(case)} log entries" in ran.err
    assert waiting(case) == []
    assert sousveil("verify", case.root).status == 0


def test_what_failed_leaves_no_heap_of_checkpoints(case: Case, houses: Houses) -> None:
    case = stamped_by(case, houses)
    for house in houses:
        house.answer = "error"
    for _ in range(3):
        list(stamp(case, Outside(now)))
        grow(case)
    assert names(case) == set()


def test_whatever_write_fails_the_case_verifies_and_the_next_stamp_is_whole(
    case: Case, houses: Houses, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = stamped_by(case, houses[:1])
    failing_at = 0
    is_done = False
    while not is_done:
        failing_at += 1
        calls = 0

        def failing(self: Path, target: Path, failing_at: int = failing_at) -> Path:
            nonlocal calls
            calls += 1
            if calls == failing_at:
                raise OSError(errno.ENOSPC, "No space left on device")
            return REPLACE(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", failing)
            is_done = sousveil("stamp", "--case", case.root).status == 0
        assert sousveil("verify", case.root).status == 0
    assert failing_at == 4  # checkpoint, certificates, stamp
    assert waiting(case) == []
