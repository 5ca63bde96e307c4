"""Git objects: read by id, and the proof that a file stood in a commit.

A proof is the chain of objects that git's own hashes tie together: the commit names its tree, each
tree names the next one along the path, the last names the blob. Each object is kept as git hashes
it, header included, so `sha1sum` (or `sha256sum`) of it is its id. `verify_file_proof` is pure.
A tree may hold what no work tree can: a name with a slash in it, or one name twice. Git reads such
trees, so we do: a proof names the entry it goes through in each tree.
Follows gitformat-loose(5) for the header, and the git book's "Git Objects" for trees and commits.

What a proof does not show: when the commit was made (its dates are what its author's computer
said), and, in a SHA-1 repository, that nobody made two files with one id. The digest and the time
stamp of the capture say what was there when we looked.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from sousveil.capture.git.run import READING_SECONDS, converse_git, run_git, stream_git
from sousveil.errors import RepositoryError
from sousveil.model import Commit

MAX_OBJECT_BYTES = 256 << 20  # one object that we hold whole; texts are far smaller
MAX_MESSAGE = 100_000  # characters of a commit message; real ones have some hundred
MAX_FOLDERS = 4096  # opened on the way to one file; git's own core.maxTreeDepth was never higher

ReadObject: TypeAlias = Callable[[str], bytes]
"""Object id -> the object as git hashes it: "kind size NUL content"."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHA1_DIGITS = 40
_LACKING = (
    "Make the mirror again from the bundles, or the repository itself lacks it (a partial clone)."
)
_ENDED = "git ended before it answered; run the command again."
_CHUNK_BYTES = 1 << 20
_FOLDER_MODES = {b"40000", b"040000"}  # old programs wrote the second


class UnprovenError(RepositoryError):
    """A commit does not hold those bytes at that path, or so deep that we do not follow."""


@dataclass(frozen=True, slots=True)
class FileProof:
    """What shows that a file stood in a commit: objects as git hashes them, and the way through.

    `names[i]` is the entry of the i-th tree that leads on; joined with slashes they are the path.
    """

    names: tuple[str, ...]
    objects: tuple[bytes, ...]  # commit, a tree for each name, blob


def shown_path(raw: bytes) -> str:
    r"""Return a path of a repository as text; bytes that are no UTF-8 are shown as `\xNN`."""
    return raw.decode("utf-8", "backslashreplace")


def read_objects(mirror: Path, ids: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
    """Give (id, type, content) of each object, in the order of `ids`.

    Raises RepositoryError when one is missing or larger than MAX_OBJECT_BYTES.
    """
    wanted = "".join(f"{object_id}\n" for object_id in ids).encode("ascii")
    with stream_git(
        ["cat-file", "--batch", "--buffer"], git_dir=mirror, stdin=wanted, seconds=READING_SECONDS
    ) as pipe:
        for object_id in ids:
            kind, _, length = pipe.readline().decode("utf-8", "replace").rstrip().rpartition(" ")
            if not length.isdigit():
                raise RepositoryError(f"{mirror}: lacks object {object_id}. {_LACKING}")
            if int(length) > MAX_OBJECT_BYTES:
                raise RepositoryError(
                    f"{mirror}: object {object_id} has {length} bytes; we read "
                    f"{MAX_OBJECT_BYTES} at most."
                )
            content = pipe.read(int(length))
            pipe.read(1)
            yield object_id, kind.rpartition(" ")[2], content


@contextmanager
def open_objects(mirror: Path) -> Iterator[ReadObject]:
    """Give a function that reads one object after the other, for chains where each names the next.

    It raises RepositoryError when an object is missing or larger than MAX_OBJECT_BYTES; an id must
    be one: 40 or 64 hexadecimal digits.
    """
    with converse_git(["cat-file", "--batch"], git_dir=mirror, seconds=READING_SECONDS) as (
        questions,
        answers,
    ):

        def read(object_id: str) -> bytes:
            try:
                questions.write(object_id.encode("ascii") + b"\n")
                questions.flush()
            except BrokenPipeError as error:
                raise RepositoryError(f"{mirror}: {_ENDED}") from error
            header = answers.readline()
            if not header.endswith(b"\n"):
                raise RepositoryError(f"{mirror}: {_ENDED}")
            _, kind, *length = header.split()
            if not length:  # "missing"
                raise RepositoryError(f"{mirror}: lacks object {object_id}. {_LACKING}")
            size = int(length[0])
            if size > MAX_OBJECT_BYTES:
                left = size + 1  # its bytes and a line feed come before the next answer
                while left and (chunk := answers.read(min(left, _CHUNK_BYTES))):
                    left -= len(chunk)
                raise RepositoryError(
                    f"{mirror}: object {object_id} has {size} bytes; we read "
                    f"{MAX_OBJECT_BYTES} at most."
                )
            content = answers.read(size)
            answers.read(1)
            return kind + b" %d\0" % size + content

        yield read


def read_commits(mirror: Path, ids: Collection[str]) -> dict[str, Commit]:
    """Return commits by id. Raises RepositoryError when one is missing or is no commit."""
    commits = {}
    for object_id, kind, content in read_objects(mirror, ids):
        if kind != "commit":
            raise RepositoryError(f"{mirror}: object {object_id} is a {kind}, not a commit.")
        commits[object_id] = parse_commit(object_id, content)
    return commits


def commits_named(mirror: Path, ids: Sequence[str]) -> dict[str, str]:
    """Return, for each object id, the commit that it names, tags followed.

    A tag of a file or a tree, and an object that the mirror lacks, name none and are left out.
    """
    wanted = "".join(f"{object_id}^{{}}\n" for object_id in ids).encode("ascii")
    form = "--batch-check=%(objectname) %(objecttype)"
    answer = run_git(["cat-file", form], git_dir=mirror, stdin=wanted).decode("ascii")
    named = (line.partition(" ") for line in answer.splitlines())
    return {
        given: object_id
        for given, (object_id, _, kind) in zip(ids, named, strict=True)
        if kind == "commit"
    }


def parse_commit(commit_id: str, content: bytes) -> Commit:
    """Return what a commit object says, without the names of people.

    As git does, a date that cannot be read is 1970-01-01; a message in an unknown encoding is
    read as UTF-8.
    """
    head, _, message = content.partition(b"\n\n")
    fields = {
        line.partition(b" ")[0]: line.partition(b" ")[2]
        for line in reversed(head.split(b"\n"))  # the first of a name counts
    }
    encoding = fields.get(b"encoding", b"utf-8").decode("ascii", "replace")
    try:
        text = message.decode(encoding, "replace")
    except (LookupError, ValueError):  # no such codec, or one that is none for text
        text = message.decode("utf-8", "replace")
    return Commit(
        id=commit_id,
        authored_at=_date(fields.get(b"author", b"")),
        committed_at=_date(fields.get(b"committer", b"")),
        # Some codecs give lone surrogates, which cannot be written down.
        message=text[:MAX_MESSAGE].encode("utf-8", "replace").decode("utf-8"),
    )


def _date(person: bytes) -> datetime:
    """Read the seconds after the last `>` of "Name <address> 1608618865 +0800"."""
    words = person.rpartition(b">")[2].split()
    try:
        return _EPOCH + timedelta(seconds=int(words[0]))
    except (IndexError, ValueError, OverflowError):
        return _EPOCH


# ---------------------------------------------------------------- proof


def file_proof(read: ReadObject, commit: str, path: str, blob: str) -> FileProof:
    """Return the objects that show that `path` held the bytes `blob` in `commit`.

    `path` is as `shown_path` gives it. Raises UnprovenError when the commit does not hold them
    there, or only behind more than MAX_FOLDERS folders; RepositoryError as `open_objects`.
    """
    head = read(commit)
    way = _way(read, _tree_of(head, commit), path, blob)
    if way is None:
        raise UnprovenError(
            f"{path}: commit {commit} does not hold {blob} there, or behind more than {MAX_FOLDERS}"
            " folders."
        )
    trees = [read(tree) for tree, _ in way]
    proof = FileProof(tuple(name for _, name in way), (head, *trees, read(blob)))
    verify_file_proof(proof, commit, path)
    return proof


_Place: TypeAlias = tuple[str, int]  # a tree, and how much of the path leads to it


def _way(read: ReadObject, root: str, path: str, blob: str) -> list[tuple[str, str]] | None:
    """Return the trees from `root` to `blob`, each with its entry that leads on.

    Where several entries of a tree begin the path ("z" and "z/a" of "z/a/b"), all are tried.
    """
    came: dict[_Place, tuple[_Place, str] | None] = {(root, 0): None}
    waiting: list[_Place] = [(root, 0)]
    while waiting and len(came) <= MAX_FOLDERS:
        here = tree, at = waiting.pop()
        for mode, name, object_id in _entries(read(tree), tree):
            if object_id == blob and path[at:] == name:
                return _back(came, here, name)
            below = (object_id, at + len(name) + 1)
            if mode in _FOLDER_MODES and path.startswith(f"{name}/", at) and below not in came:
                came[below] = (here, name)
                waiting.append(below)
    return None


def _back(
    came: dict[_Place, tuple[_Place, str] | None], last: _Place, name: str
) -> list[tuple[str, str]]:
    way = [(last[0], name)]
    while step := came[last]:
        last, name = step
        way.append((last[0], name))
    return way[::-1]


def verify_file_proof(proof: FileProof, commit: str, path: str) -> bytes:
    """Return the file's bytes if `proof` shows that it stood at `path` in `commit`.

    Nothing is trusted but the commit's id, whose length tells SHA-1 or SHA-256. Raises
    RepositoryError that names what does not fit.
    """
    names, objects = proof.names, proof.objects
    if "/".join(names) != path:
        raise RepositoryError(f"{path}: the proof leads to {'/'.join(names)} instead.")
    if len(objects) != len(names) + 2:
        raise RepositoryError(
            f"{path}: a proof for this path has {len(names) + 2} objects, this one {len(objects)}."
        )
    _check(objects[0], [commit], b"commit", f"commit {commit}")
    wanted = [_tree_of(objects[0], commit)]
    for name, tree in zip(names, objects[1:-1], strict=True):
        found = _check(tree, wanted, b"tree", f"the folder of {name!r}")
        wanted = [object_id for _, entry, object_id in _entries(tree, found) if entry == name]
        if not wanted:
            raise RepositoryError(f"tree {found}: has no entry {name!r}.")
    _check(objects[-1], wanted, b"blob", path)
    return objects[-1].partition(b"\0")[2]


def _check(hashed: bytes, wanted: Sequence[str], kind: bytes, what: str) -> str:
    """Return the object's id if it is one of `wanted` and of that kind."""
    algorithm = "sha1" if len(wanted[0]) == _SHA1_DIGITS else "sha256"
    found = hashlib.new(algorithm, hashed, usedforsecurity=False).hexdigest()
    if found not in wanted:
        raise RepositoryError(f"{what}: the object given hashes to {found}, not {wanted[0]}.")
    header, _, content = hashed.partition(b"\0")
    if header != kind + b" %d" % len(content):
        raise RepositoryError(f"{what}: object {found} is not a {kind.decode('ascii')}.")
    return found


def _tree_of(hashed: bytes, commit: str) -> str:
    first = hashed.partition(b"\0")[2].partition(b"\n")[0]
    if not first.startswith(b"tree ") or len(first) != len("tree ") + len(commit):
        raise RepositoryError(f"commit {commit}: names no tree.")
    return first[len("tree ") :].decode("ascii", "replace")


def _entries(hashed: bytes, tree_id: str) -> Iterator[tuple[bytes, str, str]]:
    """Yield mode, name and id of what a tree holds: "mode name NUL id-bytes" repeated."""
    id_bytes = len(tree_id) // 2
    at = hashed.find(b"\0") + 1
    while at < len(hashed):
        end = hashed.find(b"\0", at)
        if end < 0 or end + id_bytes >= len(hashed):
            raise RepositoryError(f"tree {tree_id}: is cut short.")
        mode, _, name = hashed[at:end].partition(b" ")
        yield mode, shown_path(name), hashed[end + 1 : end + 1 + id_bytes].hex()
        at = end + 1 + id_bytes
