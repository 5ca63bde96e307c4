"""A case whose every captured name tries to run a script: for tests of all pages.

Titles, quotes, file names, addresses, a commit's message and an actor's name carry markup that
would say `pwned` if a page let it live, or would ask another host for something.
"""

import subprocess
from pathlib import Path
from urllib.parse import unquote

from sousveil.case import Case, open_case
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

SCRIPT = "<script>pwned=1,alert(1)</script>"
IMAGE = '"><img src=x onerror="pwned=2,alert(2)">'
FOREIGN = '<link rel=stylesheet href="https://foreign.example/x.css">'
OVERRIDE = "\u202e"


def _text(markup: str) -> str:
    """Return markup as a page shows it: as words."""
    return markup.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


CLAIM = f"The service returns the ethnicity of each face {SCRIPT} {IMAGE} with a confidence."
BEFORE = (
    f"<!doctype html><html lang='en\"><script>'><title>{_text(SCRIPT + IMAGE + OVERRIDE)}</title>"
    f"<h1>{_text(IMAGE)}</h1><p>{_text(CLAIM)}</p><p>{_text(FOREIGN)}</p>"
    f"<img alt='{_text(CLAIM)}' src=/x>"
)
AFTER = BEFORE.replace("returns the ethnicity of", f"estimates the race of {_text(IMAGE)}")
TENDER = (
    "<!doctype html><html lang=en><title>Tender</title><table>"
    f"<tr><td>Contracting authority</td><td>Shaanxi {_text(SCRIPT)}</td></tr>"
    f"<tr><td>Title</td><td>Cameras {_text(IMAGE + OVERRIDE)}</td></tr>"
    "<tr><td>Reference number</td><td>BP-2020-7</td></tr>"
    "<tr><td>Estimated value</td><td>EUR 1,200,000</td></tr></table>"
    f"<p>{_text(CLAIM)} There were 176 million such cameras in 2017, up to 626 million such cameras"
    f" in 2020.</p><p>“We sell {_text(SCRIPT)} only to cities,” said a spokesperson for"
    " Halden Vision.</p>"
)
DATA = '{"ethnicity": "Predicted ethnicity of the detected face <script>alert(3)</script>"}'


def make_hostile_case(root: Path) -> Case:
    """Make a case of pages, data and a repository that all try to run scripts."""
    repository = root.with_name(f"kit {IMAGE.replace('/', '')}")
    _make_repository(repository)
    with serve() as site:
        case_for(root, site)
        odd = "/p?q=%22%3E%3Cscript%3Ealert(4)%3C/script%3E&x='\"><svg/onload=alert(5)>"
        pages = {"/a": BEFORE, "/b": BEFORE, unquote(odd): BEFORE}
        site.pages.update({path: Page(text.encode()) for path, text in pages.items()})
        site.pages["/tender"] = Page(TENDER.encode())
        site.pages["/spec.json"] = Page(DATA.encode(), "application/json")
        targets = [site.url + path for path in ("/a", "/b", odd, "/spec.json", "/tender")]
        added = sousveil("add", "--case", root, "--actor", IMAGE, *targets, str(repository))
        assert added.status == 0, added.err
        assert sousveil("visit", "--case", root).status == 0
        site.pages["/a"] = Page(AFTER.encode())
        site.pages["/b"] = Page(b"<title>gone</title><p>not found", status=404)
        assert sousveil("visit", "--case", root, "--all").status == 0
    return open_case(root)


def _make_repository(folder: Path) -> None:
    folder.mkdir()
    name = "<img src=x onerror=alert(6)>.md"
    (folder / name).write_text(f"# Kit\n\n{CLAIM}\n")
    identity = ("-c", "user.name=N", "-c", "user.email=e@example", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", SCRIPT + IMAGE)):
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)
