"""A whole case and a whole bundle, with something in them of every kind that evidence has.

Pages of which one came twice and went, a repository, an import, a decision, a list; a log that was
stamped by two authorities, witnessed by two others, and whose key was followed by another.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sousveil.case import open_case, save_settings
from sousveil.settings import Authority, Timestamps
from sousveil.settings import Witness as Named
from sousveil.witness.folder import add_log, make_key
from sousveil.witness.server import Witness, WitnessServer
from tests.authority import authority
from tests.durability.jobs import CLAIM, run, write_list, write_repository, write_warc
from tests.sites import Page, serve

BUNDLE = "@/out/evidence.wacz"


@contextmanager
def whole(world: Path) -> Iterator[None]:
    """Make a case and a bundle in `world`, which is there until the block ends."""
    around = world.parent / "around"
    around.mkdir()
    world.mkdir()
    with ExitStack() as stack:
        site = stack.enter_context(serve())
        houses = {
            "one": stack.enter_context(authority(around / "one", "First House")),
            "two": stack.enter_context(authority(around / "two", "Second", with_chain=True)),
        }
        _do(world, "init", "@/case", "--title", "Gates", "--operator", "Nobody")
        (world / "out").mkdir()
        case = open_case(world / "case")
        named: dict[str, Named] = {}
        for name in ("ruth", "omar"):
            folder = around / name
            signer = make_key(folder, f"{name}.example/w")
            add_log(folder, case.settings.origin, case.settings.key)
            witness = Witness(folder, signer, lambda: datetime.now(UTC), lambda _: None)
            server = stack.enter_context(WitnessServer(("127.0.0.1", 0), witness))
            server.socket.settimeout(10)
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            stack.callback(server.shutdown)
            named[name] = Named(name, f"http://127.0.0.1:{server.server_port}/", signer.verifier)
        hosts = {one.url.removeprefix("http://").rstrip("/") for one in named.values()}
        allowed = frozenset({site.host, *(one.host for one in houses.values()), *hosts})
        alone = replace(case.settings, allow_hosts=allowed, delay_seconds=0.0, browser=False)
        save_settings(case, alone)
        _fill(world, around, site.url, site.pages)
        stamps = {name: Authority(name, at.url, str(at.ca_file)) for name, at in houses.items()}
        save_settings(case, replace(alone, timestamps=Timestamps(6, stamps), witnesses=named))
        _do(world, "key", "rotate")
        _do(world, "stamp")
        _do(world, "witness", "ask")
        _do(world, "add", "https://later.example/")
        ids = [one["id"] for one in run(world, ["findings", "--case", "@/case", "--json"]).json()]
        _do(world, "bundle", *ids[:2], "-o", BUNDLE, "--with-names", "--allow", "paths")
        yield


def _fill(world: Path, around: Path, url: str, pages: dict[str, Page]) -> None:
    more = b"".join(b"<p>Part %d was tested in our plant for years.</p>" % n for n in range(40))
    pages["/gate"] = pages["/too"] = Page(CLAIM + more)
    write_repository(around / "sdk")
    write_warc(around / "kept.warc.gz")
    write_list(around / "list.csv")
    _do(world, "add", "--no-browser", f"{url}/gate", f"{url}/too", around / "sdk")
    _do(world, "visit")
    pages["/gate"] = Page(b"<title>Gate</title><p>Our camera counts visitors.</p>" + more)
    _do(world, "visit", "--all")
    _do(world, "import", around / "kept.warc.gz")
    _do(world, "actors", "import", around / "list.csv", "--list", "A list")
    first, *_ = run(world, ["findings", "--case", "@/case", "--json"]).json()
    _do(world, "review", first["id"], "confirm", "--by", "R. Example", "--note", "as it says")


def _do(world: Path, *arguments: object) -> None:
    done = run(world, [*arguments, *(["--case", "@/case"] if arguments[0] != "init" else [])])
    assert done.status == 0, (arguments, done.out, done.err)
