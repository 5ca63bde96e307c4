"""The demo: the whole way on a fictitious vendor, offline, with the very commands that users type.

Each step prints the command and runs it. The vendor's site is served on this computer by
`sousveil.demo.vendor`; its signing key lies in the demo's own folder, so nothing outside changes.
"""

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sousveil.capture.browser import find_browser
from sousveil.case import open_case, save_settings
from sousveil.cli.telling.screen import say, tell
from sousveil.demo.vendor import VendorSite
from sousveil.errors import BrowserError, InputError
from sousveil.extract.ocr import process as ocr

ACTOR = "Oddlestane Vision (fictitious)"
MAX_DEMOS = 100  # folders left by earlier demos; more than this is a mistake to be cleaned up


def register(app: typer.Typer) -> None:
    """Add the demo, which runs other commands of `app`."""

    def run(arguments: Sequence[str]) -> None:
        say(f"\n$ sousveil {shlex.join(arguments)}", "bold blue")
        status = app(args=list(arguments), prog_name="sousveil", standalone_mode=False)
        if status:
            raise typer.Exit(status)

    @app.command()
    def demo(
        folder: Annotated[Path | None, typer.Argument(help="A new folder to work in.")] = None,
    ) -> None:
        """Tell the whole story on a fictitious vendor, offline."""
        place = _new_folder(folder)
        os.environ["SOUSVEIL_CONFIG"] = str(place / "config")
        case = place / "case"
        os.environ["SOUSVEIL_CASE"] = str(case)
        (place / "vendor").mkdir()
        with VendorSite(place / "vendor") as site:
            _introduce(site)
            _set_up(run, case, site)
            run(["add", "--actor", ACTOR, *site.urls(), str(site.repository)])
            run(["visit"])
            say("\nNow the vendor changes its story:", "bold")
            for sentence in site.change():
                say(f"  - {sentence}")
            run(["visit", "--all"])
        run(["verify"])
        run(["dossier", "-o", str(place / "dossier")])
        _conclude(place)
        _offer_desk(run, place)


def _new_folder(folder: Path | None) -> Path:
    if folder is not None:
        if folder.exists():
            raise InputError(f"{folder}: already there. Name a new folder for the demo.")
        folder.mkdir(parents=True)
        return folder.resolve()
    for number in range(1, MAX_DEMOS):
        place = Path.cwd() / ("sousveil-demo" if number == 1 else f"sousveil-demo-{number}")
        if not place.exists():
            place.mkdir()
            return place
    raise InputError(f"{Path.cwd()}: holds {MAX_DEMOS} demos already. Remove some of them.")


def _introduce(site: VendorSite) -> None:
    claiming = sum(page.claims for page in site.pages)
    say("A fictitious maker of camera software has a web site and an SDK repository.", "bold")
    say(f"  {len(site.pages)} pages and papers on {site.base_url}, in English and Chinese.")
    say(f"  {claiming} of them offer to tell people's ethnicity; the others only look as if.")
    for sentence in unseen():
        say(f"  {sentence}", "yellow")


def unseen() -> Iterator[str]:
    """Yield what of the vendor's site this computer cannot see, and what to install."""
    try:
        find_browser()
    except BrowserError as error:
        yield f"No browser, so the page that a script builds shows nothing. {error}"
    if not ocr.installed():
        yield "No OCR, so the scanned leaflet is not read: install sousveil[ocr]."


def _set_up(run: Callable[[Sequence[str]], None], case: Path, site: VendorSite) -> None:
    run(["init", str(case), "--title", "Demo: Oddlestane Vision (fictitious)"])
    made = open_case(case)
    # A case refuses addresses of this computer unless it allows them: the demo's vendor is here.
    host = site.base_url.removeprefix("http://")
    save_settings(made, replace(made.settings, allow_hosts=frozenset({host}), delay_seconds=0.0))
    tell(f"(case.toml now allows {host}, which is this computer)")


def _command() -> str:
    """Return how the user calls us from where they are."""
    if not os.environ.get("VIRTUAL_ENV") and Path(sys.argv[0]).parent.name == "bin":
        return os.path.relpath(sys.argv[0])
    return Path(sys.argv[0]).name


def _offer_desk(run: Callable[[Sequence[str]], None], place: Path) -> None:
    """Tell how the case is read in a browser; ask, where somebody is there, and open it."""
    config, case = shlex.quote(str(place / "config")), shlex.quote(str(place / "case"))
    say("\nThe same case at the desk, in your browser:", "bold")
    say(f"  SOUSVEIL_CONFIG={config} {_command()} serve --case {case}")
    is_seen = sys.stdin.isatty() and sys.stdout.isatty()
    if is_seen and typer.confirm("Open it now? Ctrl-C ends it.", default=True):
        run(["serve"])


def _conclude(place: Path) -> None:
    command = _command()
    say("\nThe dossier:", "bold")
    say(f"  {(place / 'dossier' / 'index.html').as_uri()}", "bold green")
    say("\nThe same on a real address:", "bold")
    say(f"  {command} init my-case --title 'What I look into'")
    say(f"  {command} add --case my-case --actor 'Its maker' https://the.address/you/watch")
    say(f"  {command} visit --case my-case")
