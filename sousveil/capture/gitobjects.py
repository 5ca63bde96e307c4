"""Git objects: read by id, and the proof that a file stood in a commit.

A proof is the chain of objects that git's own hashes tie together: the commit names its tree, each
tree names the next one along the path, the last names the blob. Each object is kept as git hashes
it, header included, so `sha1sum` (or `sha256sum`) of it is its id. `verify_file_proof` is pure.
Follows gitformat-loose(5) for the header, and the git book's "Git Objects" for trees and commits.

What a proof does not show: when the commit was made (its dates are what its author's computer
said), and, in a SHA-1 repository, that nobody made two files with one id. The digest and the time
stamp of the capture say what was there when we looked.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sousveil.capture.gitrun import READING_SECONDS, stream_git
from sousveil.errors import RepositoryError
from sousveil.model import Commit

MAX_OBJECT_BYTES = 256 << 20  # one object that we hold whole; texts are far smaller
MAX_MESSAGE = 100_000  # characters of a commit message; real ones have some hundred
MAX_PATH_PARTS = 1000  # folders; file systems end at about half of it

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHA1_DIGITS = 40


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
                raise RepositoryError(
                    f"{mirror}: lacks object {object_id}; make the mirror again from the bundles, "
                    "or the repository itself lacks it (a partial clone)."
                )
            if int(length) > MAX_OBJECT_BYTES:
                raise RepositoryError(
                    f"{mirror}: object {object_id} has {length} bytes; we read "
                    f"{MAX_OBJECT_BYTES} at most."
                )
            content = pipe.read(int(length))
            pipe.read(1)
            yield object_id, kind.rpartition(" ")[2], content


def read_blob(mirror: Path, blob: str) -> bytes:
    """Return the bytes of one file version. Raises RepositoryError as `read_objects`."""
    return next(read_objects(mirror, [blob]))[2]


def read_commits(mirror: Path, ids: Collection[str]) -> dict[str, Commit]:
    """Return commits by id. Raises RepositoryError when one is missing or is no commit."""
    commits = {}
    for object_id, kind, content in read_objects(mirror, ids):
        if kind != "commit":
            raise RepositoryError(f"{mirror}: object {object_id} is a {kind}, not a commit.")
        commits[object_id] = parse_commit(object_id, content)
    return commits


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


def file_proof(mirror: Path, commit: str, path: str) -> tuple[bytes, ...]:
    """Return the objects that show what `path` held in `commit`: commit, trees, blob.

    `path` is as `shown_path` gives it. Raises RepositoryError when the commit has no such file,
    or the mirror lacks an object.
    """
    chain = [_with_header(next(read_objects(mirror, [commit])))]
    wanted = _tree_of(chain[0], commit)
    for part in path.split("/"):
        chain.append(_with_header(next(read_objects(mirror, [wanted]))))
        wanted = _entry(chain[-1], wanted, part)
    chain.append(_with_header(next(read_objects(mirror, [wanted]))))
    verify_file_proof(chain, commit, path)
    return tuple(chain)


def verify_file_proof(objects: Sequence[bytes], commit: str, path: str) -> bytes:
    """Return the file's bytes if `objects` prove that it stood at `path` in `commit`.

    Nothing is trusted but the commit's id, whose length tells SHA-1 or SHA-256. Raises
    RepositoryError that names what does not fit.
    """
    parts = path.split("/")
    if len(parts) > MAX_PATH_PARTS or len(objects) != len(parts) + 2:
        raise RepositoryError(
            f"{path}: a proof for this path has {len(parts) + 2} objects, this one {len(objects)}."
        )
    _checked(objects[0], commit, b"commit", f"commit {commit}")
    wanted = _tree_of(objects[0], commit)
    for part, tree in zip(parts, objects[1:-1], strict=True):
        _checked(tree, wanted, b"tree", f"the folder of {part!r}")
        wanted = _entry(tree, wanted, part)
    return _checked(objects[-1], wanted, b"blob", path).partition(b"\0")[2]


def _with_header(read: tuple[str, str, bytes]) -> bytes:
    _, kind, content = read
    return f"{kind} {len(content)}\0".encode("ascii") + content


def _checked(hashed: bytes, object_id: str, kind: bytes, what: str) -> bytes:
    """Return the object if it is what its id and its header say."""
    algorithm = "sha1" if len(object_id) == _SHA1_DIGITS else "sha256"
    found = hashlib.new(algorithm, hashed, usedforsecurity=False).hexdigest()
    if found != object_id:
        raise RepositoryError(f"{what}: the object given hashes to {found}, not {object_id}.")
    header, _, content = hashed.partition(b"\0")
    if header != kind + b" %d" % len(content):
        raise RepositoryError(f"{what}: object {object_id} is not a {kind.decode('ascii')}.")
    return hashed


def _tree_of(hashed: bytes, commit: str) -> str:
    first = hashed.partition(b"\0")[2].partition(b"\n")[0]
    if not first.startswith(b"tree ") or len(first) != len("tree ") + len(commit):
        raise RepositoryError(f"commit {commit}: names no tree.")
    return first[len("tree ") :].decode("ascii", "replace")


def _entry(hashed: bytes, tree_id: str, name: str) -> str:
    """Return the id that a tree gives for `name`. A tree is "mode name NUL id-bytes" repeated."""
    content = hashed.partition(b"\0")[2]
    id_bytes = len(tree_id) // 2
    at = 0
    while at < len(content):
        end = content.find(b"\0", at)
        if end < 0 or end + id_bytes >= len(content):
            raise RepositoryError(f"tree {tree_id}: is cut short.")
        if shown_path(content[at:end].partition(b" ")[2]) == name:
            return content[end + 1 : end + 1 + id_bytes].hex()
        at = end + 1 + id_bytes
    raise RepositoryError(f"tree {tree_id}: has no entry {name!r}.")
