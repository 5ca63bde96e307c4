"""Repositories: what a git URL or a local repository holds, kept as a bundle.

Takes a target and the ids that earlier visits kept; gives a `RepositoryCapture` with a bundle of
what is new, or the `Failure` that says why there is none. A mirror, a bare repository, serves as
working copy: it can be made again from the bundles, and is never the evidence. Over the network
only https and http are spoken, only to the addresses that the caller's guard allowed, without
redirects. A local repository is never run: its references are listed, and its object store is
read by git in our mirror, so that neither its hooks nor its configuration matter.
Follows gitprotocol-http(5) by way of git itself.
"""

import ipaddress
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sousveil.capture.git.bundle import (
    DIGITS,
    ObjectFormat,
    absent,
    add_bundle,
    keep_tips,
    open_mirror,
    read_bundle_header,
    write_bundle,
)
from sousveil.capture.git.errors import NO_COMMITS, SHALLOW, explain
from sousveil.capture.git.run import GitError, run_git, stream_git
from sousveil.capture.guard.exits import Exit, exit_url
from sousveil.model import Failure, FailureKind

Resolve = Callable[[str, int], Sequence[str] | Failure]
"""(host, port) -> the addresses that may be connected to (`exits.reach`), or why none may."""

MAX_REFS = 200_000  # branches and tags; the largest public repositories have some ten thousand
LISTING_SECONDS = 120.0  # to answer what branches there are

_NOW = "refs/sousveil/now/"  # in a mirror: the branches and tags of the last visit
_PORTS = {"https": 443, "http": 80}
# For "HEAD" a server names all that ends so: refs/remotes/origin/HEAD of one that was a clone.
_TAKEN = re.compile(r"HEAD|refs/(?:heads|tags)/.+", re.DOTALL)
_HOST_NAME = re.compile(r"(?!(?:.*\.)?(?:\d+|0x[0-9a-f]*)$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


@dataclass(frozen=True, slots=True)
class RepositoryCapture:
    """What a visit to a repository found.

    `bundle` holds every object that `refs` reach and the known ids do not; None when nothing is
    new. `missing` counts the objects that the repository itself lacks (a partial clone): a bundle
    of such a repository can be unbundled but not cloned.
    """

    bundle: Path | None
    refs: Mapping[str, str]  # HEAD, refs/heads/…, refs/tags/… -> object id
    head: str  # the reference that HEAD names; when it names none, the newest there is
    head_commit: str
    object_format: ObjectFormat
    missing: int
    ip_address: str | None  # of the server; None for a local repository
    elapsed_seconds: float


@dataclass(frozen=True, slots=True)
class _Listing:
    """A repository's references, with how to read its objects."""

    refs: dict[str, str]
    head: str | None
    objects: Path | None  # object folder, of a local repository
    ip_address: str | None


class _OutcomeError(Exception):
    """Carries a Failure up to `capture_repository`; never leaves this module."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(kind, message)


def capture_repository(
    target: str,
    *,
    mirror: Path,
    known: Collection[str],
    folder: Path,
    resolve: Resolve,
    exit_: Exit | None = None,
) -> RepositoryCapture | Failure:
    """Bring `mirror` up to date with `target` and write what is new as a bundle into `folder`.

    `target` is an https or http URL, a file URL or a path; `known` the object ids that earlier
    captures of it reported in `refs`. Known ids that the mirror lacks are captured again: nothing
    is ever missing from the bundles taken together. With `exit_` a repository on the network is
    reached through it or not at all; `resolve` then judges the name and gives no address. Raises
    RepositoryError when git is missing or too old, or when the mirror is of another object format.
    """
    began = time.monotonic()
    exit_ = exit_ if urlsplit(target).scheme in _PORTS else None
    try:
        listing = _list(target, mirror, resolve, exit_)
        return _keep(listing, mirror, known, folder / "repository.bundle", began)
    except _OutcomeError as outcome:
        return outcome.failure
    except GitError as error:
        return explain(target, error, exit_)


def _list(target: str, mirror: Path, resolve: Resolve, exit_: Exit | None) -> _Listing:
    scheme = urlsplit(target).scheme
    if scheme in _PORTS:
        return _fetch(target, mirror, resolve, exit_)
    if scheme == "file":
        return _list_local(Path(unquote(urlsplit(target).path)))
    return _list_local(Path(target))


def _keep(
    listing: _Listing, mirror: Path, known: Collection[str], bundle: Path, began: float
) -> RepositoryCapture:
    """Write the bundle first, then bring the mirror up to it. Both are repeatable after a crash."""
    object_format: ObjectFormat = (
        "sha256" if len(next(iter(listing.refs.values()))) == DIGITS["sha256"] else "sha1"
    )
    open_mirror(mirror, object_format)
    gone = set(absent(mirror, listing.refs.values(), listing.objects))
    refs = {name: object_id for name, object_id in listing.refs.items() if object_id not in gone}
    if not refs:
        raise _OutcomeError(
            FailureKind.REPOSITORY, "the repository lacks every commit that its branches name"
        )
    held = sorted(set(known).difference(absent(mirror, sorted(known))))
    written = write_bundle(bundle, mirror, refs, held, listing.objects)
    if written:
        with bundle.open("rb") as file:
            add_bundle(mirror, file, read_bundle_header(file, str(bundle)))
    keep_tips(mirror, refs.values())
    head = listing.head if listing.head in refs else _newest(mirror, refs)
    commit = run_git(["rev-parse", "--verify", f"{refs[head]}^{{commit}}"], git_dir=mirror)
    return RepositoryCapture(
        bundle=bundle if written else None,
        refs={_shown(name): object_id for name, object_id in refs.items()},
        head=_shown(head),
        head_commit=commit.decode("ascii").strip(),
        object_format=object_format,
        missing=len(gone) + _count_missing(mirror, refs.values()),
        ip_address=listing.ip_address,
        elapsed_seconds=time.monotonic() - began,
    )


# ---------------------------------------------------------------- a local repository


def _list_local(path: Path) -> _Listing:
    """List a bare repository, a work tree or a linked work tree, without running any of it."""
    inside = path / ".git"
    start = inside if inside.exists() else path
    if not start.exists():
        raise _OutcomeError(FailureKind.REPOSITORY, f"{path}: there is no such folder")
    if start == path and not (path / "objects").is_dir():
        raise _OutcomeError(FailureKind.REPOSITORY, f"{path}: holds no git repository")
    if _ask(start, "--is-shallow-repository") == "true":
        raise _OutcomeError(FailureKind.REPOSITORY, f"{path}: {SHALLOW}")
    listed = run_git(
        ["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"],
        git_dir=start,
        seconds=LISTING_SECONDS,
    )
    refs = {name: object_id for object_id, name in _pairs(listed, " ")}
    head = _ask(start, "--symbolic-full-name", "HEAD")
    if refs and head not in refs:  # detached: HEAD names a commit
        commit = _ask(start, "--verify", "--quiet", "HEAD")
        refs, head = ({"HEAD": commit} | refs, "HEAD") if commit else (refs, "")
    elif refs:
        refs = {"HEAD": refs[head]} | refs
    return _checked(refs, head, Path(_ask(start, "--git-path", "objects")).absolute(), None)


def _ask(git_dir: Path, *question: str) -> str:
    """Return what `git rev-parse` answers, "" when it has no answer."""
    try:
        answer = run_git(["rev-parse", *question], git_dir=git_dir, seconds=LISTING_SECONDS)
    except GitError as error:
        if error.returncode == 1 or "ambiguous argument 'HEAD'" in error.stderr:
            return ""
        raise
    return answer.decode("utf-8", "surrogateescape").removesuffix("\n")


# ---------------------------------------------------------------- a repository on the network


def _fetch(url: str, mirror: Path, resolve: Resolve, exit_: Exit | None) -> _Listing:
    """Fetch all branches and tags, from checked addresses only; pull requests are left out."""
    address, settings, clean = _pin(url, resolve, exit_)
    listed = run_git(
        ["ls-remote", "--symref", "--", clean, "HEAD", "refs/heads/*", "refs/tags/*"],
        settings=settings,
        protocols="http:https",
        seconds=LISTING_SECONDS,
    )
    named, head = {}, ""
    for left, name in _pairs(listed, "\t"):
        if left.startswith("ref: "):
            head = left.removeprefix("ref: ") if name == "HEAD" else head
        elif _TAKEN.fullmatch(name) and not name.endswith("^{}"):
            named[name] = left
    _checked(named, head, None, address)
    head = head if head in named else "HEAD" if "HEAD" in named else ""
    open_mirror(mirror, "sha256" if len(next(iter(named.values()))) == DIGITS["sha256"] else "sha1")
    specs = [f"+refs/{kind}/*:{_NOW}{kind}/*" for kind in ("heads", "tags")]
    detached = [f"+HEAD:{_NOW}HEAD"] if head == "HEAD" else []
    run_git(
        ["fetch", "--quiet", "--force", "--prune", "--no-tags", "--no-write-fetch-head",
         "--refmap=", "--", clean, *specs, *detached],
        git_dir=mirror,
        settings=settings,
        protocols="http:https",
    )  # fmt: skip
    fetched = run_git(["for-each-ref", "--format=%(objectname) %(refname)", _NOW], git_dir=mirror)
    refs = {_published(name): object_id for object_id, name in _pairs(fetched, " ")}
    # Git refuses references of a shallow repository and yet calls the fetch a success.
    if late := [name for name in named.keys() - {"HEAD"} if refs.get(name) != named[name]]:
        raise _OutcomeError(
            FailureKind.REPOSITORY,
            f"{url}: the server did not give {min(late)} as announced: it changed meanwhile (then "
            f"visit again), or {SHALLOW}",
        )
    if head in refs:
        refs = {"HEAD": refs[head]} | refs
    return _checked(refs, head, None, address)


def _published(name: str) -> str:
    """Return the name that a reference of the mirror has in the repository it came from."""
    short = name.removeprefix(_NOW)
    return short if short == "HEAD" else f"refs/{short}"


def _pin(
    url: str, resolve: Resolve, exit_: Exit | None
) -> tuple[str | None, list[tuple[str, str]], str]:
    """Return the address to connect to, settings that allow no other, and the URL to give git.

    Through an exit there is no address: git gives the name to the exit, and connects to that alone.

    The URL is put together anew from a host that git, curl and we read alike: an address or a
    plain ASCII name, for a name that curl reads otherwise would slip past the pin.
    """
    parts = urlsplit(url)
    if parts.username is not None:
        raise _OutcomeError(
            FailureKind.REPOSITORY,
            "the address names a user; only public repositories are visited. Clone it yourself "
            "and add the clone.",
        )
    host = (parts.hostname or "").removesuffix(".")
    port = parts.port or _PORTS[parts.scheme]
    if not _HOST_NAME.fullmatch(host):
        try:
            host = str(ipaddress.ip_address(host.replace("%", " ")))  # no zone: ::1%lo
        except ValueError:
            raise _OutcomeError(
                FailureKind.DNS,
                f"{host!r} is neither a plain name nor an address; write names of other scripts "
                "in their ASCII form (xn--…).",
            ) from None
    addresses = resolve(host, port)
    if isinstance(addresses, Failure):
        raise _OutcomeError(addresses.kind, addresses.message)
    name = f"[{host}]" if ":" in host else host
    query = f"?{parts.query}" if parts.query else ""
    clean = f"{parts.scheme}://{name}:{port}{parts.path}{query}"
    if exit_ is not None:
        return None, [("http.proxy", exit_url(exit_))], clean
    bracketed = [f"[{one}]" if ":" in one else one for one in addresses]
    return addresses[0], [("http.curloptResolve", f"{name}:{port}:{','.join(bracketed)}")], clean


# ---------------------------------------------------------------- both


def _pairs(listed: bytes, separator: str) -> list[tuple[str, str]]:
    lines = listed.decode("utf-8", "surrogateescape").split("\n")[:-1]
    if len(lines) > MAX_REFS:
        raise _OutcomeError(
            FailureKind.TOO_LARGE,
            f"the repository has {len(lines)} branches and tags; we read {MAX_REFS} at most",
        )
    return [(left, right) for left, _, right in (line.partition(separator) for line in lines)]


def _shown(name: str) -> str:
    """Return a reference's name as text that can be written down; git itself allows any bytes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _checked(
    refs: dict[str, str], head: str, objects: Path | None, ip_address: str | None
) -> _Listing:
    if not refs:
        raise _OutcomeError(FailureKind.REPOSITORY, NO_COMMITS)
    return _Listing(refs, head or None, objects, ip_address)


def _newest(mirror: Path, refs: Mapping[str, str]) -> str:
    """Return the reference whose commit is the newest: the one to read where HEAD names none."""
    commits = {
        name: run_git(
            ["log", "-1", "--no-show-signature", "--format=%ct", object_id], git_dir=mirror
        )
        for name, object_id in refs.items()
    }
    return max(sorted(commits), key=lambda name: int(commits[name] or b"0"))


def _count_missing(mirror: Path, tips: Collection[str]) -> int:
    """Count the objects below `tips` that the mirror lacks."""
    walk = "".join(f"{tip}\n" for tip in sorted(set(tips))).encode("ascii")
    with stream_git(
        ["rev-list", "--objects", "--missing=print", "--stdin"], git_dir=mirror, stdin=walk
    ) as listed:
        return sum(line.startswith(b"?") for line in listed)
