"""A sealed package opens for those it is for, for nobody else, and lies nowhere open."""

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from sousveil.case import Case
from sousveil.errors import InputError
from sousveil.run.publish.sealed import recipients_of, seal, unsealed
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

CLAIM = "The Dunmere gate camera determines the ethnicity of visitors and flags Uyghurs."


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A case with one finding."""
    folder = tmp_path_factory.mktemp("sealed")
    with pytest.MonkeyPatch.context() as patch, serve() as site:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        case = case_for(folder / "case", site)
        patch.setenv("SOUSVEIL_CASE", str(case.root))
        site.pages["/gate"] = Page(f"<title>Gate</title><p>{CLAIM}</p>".encode())
        assert sousveil("add", "--no-browser", f"{site.url}/gate").status == 0
        assert sousveil("visit").status == 0
        yield case


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an age key, two of SSH, and `team`, a file of two public ones."""
    folder = tmp_path_factory.mktemp("keys")
    own = pyrage.x25519.Identity.generate()
    (folder / "age").write_text(f"# a comment\n{own}\n")
    (folder / "age.pub").write_text(f"{own.to_public()}\n")
    for kind in ("ed25519", "rsa"):
        made = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(folder / kind)]
        subprocess.run(made, check=True)
    public = [(folder / name).read_text() for name in ("age.pub", "ed25519.pub")]
    (folder / "team").write_text("# who may read it\n\n" + "".join(public))
    return folder


def bundled(case: Case, output: Path, *options: str | Path) -> Path:
    (finding,) = sousveil("findings", "--case", case.root, "--json").json()
    made = sousveil("bundle", "--case", case.root, finding["id"], "-o", output, *options)
    assert made.status == 0, made.err
    return output


@pytest.fixture(scope="module")
def sealed(case: Case, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("out") / "evidence.wacz.age"
    rsa = (keys / "rsa.pub").read_text().strip()
    return bundled(case, output, "--encrypt-to", keys / "team", "--encrypt-to", rsa)


@pytest.mark.parametrize("name", ["age", "ed25519", "rsa"])
def test_each_of_those_it_is_for_can_verify_it(sealed: Path, keys: Path, name: str) -> None:
    told = sousveil("verify", sealed, "--identity", keys / name)
    assert told.status == 0, told.err
    assert "Whole:" in told.out


def test_nobody_else_can_open_it(sealed: Path, tmp_path: Path) -> None:
    assert not zipfile.is_zipfile(sealed)
    assert CLAIM.encode() not in sealed.read_bytes()
    (tmp_path / "other").write_text(str(pyrage.x25519.Identity.generate()))
    told = sousveil("verify", sealed, "--identity", tmp_path / "other")
    assert (told.status, "No matching keys found" in told.err) == (2, True)


def test_nothing_open_is_left_beside_it(case: Case, sealed: Path) -> None:
    assert [path.name for path in sealed.parent.iterdir()] == ["evidence.wacz.age"]
    assert not list(case.pending.glob("*.wacz")) + list(case.pending.glob("tmp*"))


def test_an_opened_one_goes_with_the_block(sealed: Path, keys: Path) -> None:
    with unsealed(sealed, keys / "age") as plain:
        assert zipfile.is_zipfile(plain)
        assert plain.name == "evidence.wacz"
        assert plain.parent.stat().st_mode & 0o077 == 0
    assert not plain.parent.exists()


def test_an_export_is_sealed_as_well(case: Case, keys: Path, tmp_path: Path) -> None:
    output = tmp_path / "all.wacz.age"
    key = (keys / "age.pub").read_text().strip()
    made = sousveil(
        "export", "--case", case.root, "--format", "wacz", "-o", output, "--encrypt-to", key
    )
    assert made.status == 0, made.err
    assert sousveil("verify", output, "--identity", keys / "age").status == 0


def test_without_an_identity_it_says_how_to_open_it(sealed: Path) -> None:
    told = sousveil("verify", sealed)
    assert (told.status, "--identity" in told.err, "age -d -i KEY" in told.err) == (2, True, True)


@pytest.mark.parametrize("at", [20, 60, 250, -40_000 % 70_000, -1])
def test_one_that_was_changed_is_refused(sealed: Path, keys: Path, tmp_path: Path, at: int) -> None:
    data = bytearray(sealed.read_bytes())
    data[at if at < len(data) else -2] ^= 1
    changed = tmp_path / "changed.wacz.age"
    changed.write_bytes(data)
    with pytest.raises(InputError), unsealed(changed, keys / "ed25519"):
        pass
    changed.write_bytes(sealed.read_bytes()[:-3])
    with pytest.raises(InputError, match="changed or cut short"), unsealed(changed, keys / "age"):
        pass


@pytest.mark.parametrize("word", ["age1nobody", "ssh-ed25519 AAAA", "evidence.wacz", ""])
def test_what_is_no_recipient_is_refused_before_anything_is_written(
    case: Case, tmp_path: Path, word: str
) -> None:
    output = tmp_path / "x.wacz.age"
    told = sousveil(
        "export", "--case", case.root, "--format", "wacz", "-o", output, "--encrypt-to", word
    )
    assert told.status == 2
    if word:
        assert "They begin with age1" in told.err
    assert not list(tmp_path.iterdir())


def test_the_name_says_whether_it_is_sealed(case: Case, keys: Path, tmp_path: Path) -> None:
    for name, options in (("x.wacz", ["--encrypt-to", keys / "team"]), ("x.wacz.age", [])):
        told = sousveil(
            "export", "--case", case.root, "--format", "wacz", "-o", tmp_path / name, *options
        )
        assert (told.status, "Name it so" in told.err) == (2, True)


class Counted(io.RawIOBase):
    """A source of zeros, and how far reading is ahead of writing."""

    def __init__(self, size: int) -> None:
        self.left, self.ahead, self.most = size, 0, 0

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.left)
        self.left -= size
        self.ahead += size
        self.most = max(self.most, self.ahead)
        return bytes(size)

    def write(self, data: object) -> int:
        size = len(bytes(data))  # type: ignore[call-overload]
        self.ahead -= size
        return size


def test_a_large_file_is_sealed_piece_by_piece(keys: Path) -> None:
    both = Counted(16 * 2**20)
    seal(both, both, recipients_of([str(keys / "team")]))  # type: ignore[arg-type]
    assert both.left == 0
    assert both.most < 2**18


def test_a_disk_that_is_full_is_an_error_of_the_disk(keys: Path) -> None:
    with pytest.raises(OSError, match="No space"), Path("/dev/full").open("wb", 0) as full:
        seal(io.BytesIO(bytes(2**20)), full, recipients_of([str(keys / "team")]))
