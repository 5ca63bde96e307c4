"""Git bundles: what of a repository is kept as evidence, and the mirror made again from it.

A bundle is a header that names references and then a pack: one file that `git clone`,
`git bundle unbundle` and `git fsck` understand. Goes in: a mirror and object ids; comes out: a
file, and the reverse. Follows gitformat-bundle(5): version 2, or 3 for SHA-256 repositories. We
write the header ourselves because `git bundle create` refuses a repository that lacks objects,
and what is left of such a repository is evidence too.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TypeAlias

from sousveil.capture.git.run import run_git
from sousveil.errors import RepositoryError

ObjectFormat: TypeAlias = Literal["sha1", "sha256"]
DIGITS: Mapping[ObjectFormat, int] = {"sha1": 40, "sha256": 64}

MAX_HEADER_BYTES = 64 << 20  # half a million references
_KEPT = "refs/sousveil/kept/"  # in a mirror: every tip ever seen, so that a rewrite loses nothing
_PACK_COUNT = 8  # bytes from the start of a pack to its number of objects, 4 bytes (gitformat-pack)


@dataclass(frozen=True, slots=True)
class BundleHeader:
    """What a bundle says of itself before its pack."""

    object_format: ObjectFormat
    prerequisites: tuple[str, ...]  # commits that the reader must have already
    refs: Mapping[str, str]  # name -> object id
    size_bytes: int  # where the pack starts


def open_mirror(mirror: Path, object_format: ObjectFormat) -> None:
    """Make the bare repository `mirror`, or make sure that it is ours and of that format.

    Its configuration is written anew each time: a mirror that came with somebody's case must not
    bring settings. Raises RepositoryError when it holds objects of the other format.
    """
    format_file = mirror / "sousveil-object-format"
    if (mirror / "HEAD").exists() and format_file.exists():
        found = format_file.read_text("ascii").strip()
        if found != object_format:
            raise RepositoryError(
                f"{mirror}: holds {found} objects, but the repository uses {object_format} now: "
                "it was made anew. Retire this watch and add the address again."
            )
    else:
        mirror.mkdir(parents=True, exist_ok=True)
        run_git(
            ["init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", "--",
             str(mirror.absolute())]
        )  # fmt: skip
        format_file.write_text(object_format, "ascii")
    extension = "[extensions]\n\tobjectFormat = sha256\n" if object_format == "sha256" else ""
    version = 1 if extension else 0
    (mirror / "config").write_text(
        f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{extension}", "ascii"
    )
    for leftover in (mirror / "objects" / "pack").glob("tmp_*"):
        leftover.unlink()  # a fetch that was killed


def mirror_lacks(mirror: Path, ids: Collection[str]) -> list[str]:
    """Return those of `ids` that the mirror does not hold: all of them when there is no mirror.

    A caller that gets any makes the mirror again with `rebuild_mirror`.
    """
    if not (mirror / "HEAD").exists():
        return list(ids)
    return absent(mirror, ids)


def absent(git_dir: Path, ids: Collection[str], alternates: Path | None = None) -> list[str]:
    """Return those of `ids` for which the repository has no object."""
    answer = run_git(
        ["cat-file", "--batch-check=%(objecttype)"],
        git_dir=git_dir,
        stdin=_lines(ids),
        alternates=alternates,
    )
    return [
        wanted
        for wanted, line in zip(ids, answer.decode("ascii").splitlines(), strict=True)
        if line.endswith(" missing")
    ]


def write_bundle(
    path: Path,
    git_dir: Path,
    refs: Mapping[str, str],
    known: Collection[str],
    alternates: Path | None = None,
) -> bool:
    """Write to `path` what `refs` reach and `known` do not; return whether there is anything.

    `known` are objects that the mirror `git_dir` holds; `alternates` is a further object folder
    to read from. Objects that are missing in both are left out. No file is left when nothing is
    new. Raises GitError when git cannot walk the history, or the bundle grows too large.
    """
    tips = sorted(set(refs.values()))
    walk = _lines([*tips, *(f"^{object_id}" for object_id in sorted(known))])
    boundary = run_git(
        ["rev-list", "--boundary", "--stdin"], git_dir=git_dir, stdin=walk, alternates=alternates
    )
    prerequisites = [line[1:] for line in boundary.decode("ascii").split() if line[0] == "-"]
    sha256 = len(tips[0]) == DIGITS["sha256"]
    head = ["# v3 git bundle", "@object-format=sha256"] if sha256 else ["# v2 git bundle"]
    head += [f"-{commit} " for commit in prerequisites]
    lines = [*head, *(f"{object_id} {name}" for name, object_id in refs.items()), "", ""]
    with path.open("wb") as file:
        file.write("\n".join(lines).encode("utf-8", "surrogateescape"))
        file.flush()
        pack_start = file.tell()
        run_git(
            [
                "pack-objects", "--quiet", "--revs", "--stdout", "--thin", "--delta-base-offset",
                "--missing=allow-any",
            ],
            git_dir=git_dir,
            stdin=walk,
            stdout=file,
            alternates=alternates,
        )  # fmt: skip
        os.fsync(file.fileno())
    with path.open("rb") as file:
        file.seek(pack_start + _PACK_COUNT)
        objects = int.from_bytes(file.read(4), "big")
    if not objects:
        path.unlink()
    return objects > 0


def read_bundle_header(file: IO[bytes], name: str) -> BundleHeader:
    """Read a bundle's header and leave `file` where its pack starts.

    Raises RepositoryError, which names `name`, when this is no bundle of version 2 or 3, or one
    with a capability that we do not know.
    """
    object_format: ObjectFormat = "sha1"
    prerequisites: list[str] = []
    refs: dict[str, str] = {}
    signature = file.readline(64)
    if signature not in {b"# v2 git bundle\n", b"# v3 git bundle\n"}:
        raise RepositoryError(f"{name}: not a git bundle of version 2 or 3.")
    size = len(signature)
    while True:
        raw = file.readline(MAX_HEADER_BYTES - size)
        size += len(raw)
        if not raw.endswith(b"\n"):
            raise RepositoryError(f"{name}: the bundle's header is cut short or too long.")
        line = raw[:-1].decode("utf-8", "surrogateescape")
        object_id, _, rest = line.partition(" ")
        if not line:
            return BundleHeader(object_format, tuple(prerequisites), refs, size)
        if line == "@object-format=sha256":
            object_format = "sha256"
        elif line.startswith("@") and line != "@object-format=sha1":
            raise RepositoryError(f"{name}: a bundle with the unknown capability {line!r}.")
        elif line.startswith("-"):
            prerequisites.append(object_id[1:])
        elif not line.startswith("@"):
            refs[rest] = object_id


def rebuild_mirror(mirror: Path, bundles: Sequence[Path]) -> None:
    """Add to `mirror`, made if need be, all objects of `bundles`, the oldest bundle first.

    Git computes the id of every object anew. Raises RepositoryError naming the bundle that is
    damaged or needs one that was not given before it.
    """
    for path in bundles:
        with path.open("rb") as file:
            header = read_bundle_header(file, str(path))
            open_mirror(mirror, header.object_format)
            if lacking := absent(mirror, header.prerequisites):
                raise RepositoryError(
                    f"{path}: needs commit {lacking[0]}, which an earlier bundle holds; give the "
                    "bundles of this repository in the order in which they were captured."
                )
            add_bundle(mirror, file, header)


def add_bundle(mirror: Path, file: IO[bytes], header: BundleHeader) -> None:
    """Add the pack that follows `header` in `file`; remember its references for ever."""
    os.lseek(file.fileno(), header.size_bytes, os.SEEK_SET)  # git reads the descriptor itself
    run_git(["index-pack", "--stdin", "--fix-thin"], git_dir=mirror, stdin=file)
    keep_tips(mirror, header.refs.values())


def keep_tips(mirror: Path, ids: Collection[str]) -> None:
    """Remember objects under references of our own, whatever becomes of theirs."""
    present = set(ids).difference(absent(mirror, sorted(set(ids))))
    commands = "".join(f"update {_KEPT}{object_id} {object_id}\n" for object_id in sorted(present))
    run_git(["update-ref", "--stdin"], git_dir=mirror, stdin=commands.encode("ascii"))


def _lines(items: Collection[str]) -> bytes:
    return "".join(f"{item}\n" for item in items).encode("ascii")
