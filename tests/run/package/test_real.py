"""Real packages, as other tools made them, are judged as their standards say."""

from pathlib import Path

import pytest

from tests.run.package.packages import problems, verified

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "warc"
CASES = {
    "webrecorder__py-wacz/valid_signed_example_1.wacz": "",
    "webrecorder__py-wacz/invalid_signed_example_1.wacz": "does not lead to a root",
    # A gzip file has to be named so: WACZ 1.1.1, "archive".
    "webrecorder__py-wacz/valid_example_2.wacz": "is gzip and not named .warc.gz",
    "webrecorder__pywb/valid_example_1.wacz": "is gzip and not named .warc.gz",
    "webrecorder__pywb/invalid_example_1.wacz": "holds no WARC file",
    # "file:///screenshot.png" stands before "file:///pdf-snapshot.pdf": CDXJ 0.1.0, "Sorting".
    "harvard-lil__scoop/example.com.wacz": "is not sorted",
    "harvard-lil__scoop/noarchive.netlify.app.wacz": "is not sorted",
    # `sha256sum` agrees: it lists another digest than its one archive file has.
    "harvard-lil__scoop/example.wacz": "archive/data.warc.gz: was changed",
}


@pytest.mark.parametrize("name", CASES)
def test_a_real_package_is_judged(name: str) -> None:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not here: the shared data set")
    found = problems(verified(path))
    assert CASES[name] in found
    assert bool(found) == bool(CASES[name])


def test_the_signed_example_tells_whose_name_and_when() -> None:
    path = SHARED / "webrecorder__py-wacz/valid_signed_example_1.wacz"
    if not path.is_file():
        pytest.skip(f"{path} is not here: the shared data set")
    signed = verified(path).signed
    assert signed is not None
    assert signed.stamp is not None
    assert (signed.domain, signed.root) == ("btrix-sign-test.webrecorder.net", "ISRG Root X1")
    assert f"{signed.stamp.at:%F %T}" == "2022-01-18 19:00:12"
    assert signed.stamp.by == "www.freetsa.org"
