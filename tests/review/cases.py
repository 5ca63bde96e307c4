"""A case with findings from several sources, imported from an archive that the test makes."""

from collections.abc import Mapping
from pathlib import Path

from sousveil.archive.write import WarcWriter
from tests.commands import sousveil
from tests.conftest import NOW

OFFER = "Our camera system recognises the ethnicity of every face in the crowd."
POLICY = "Our privacy policy: the platform does not process data on ethnicity or race of users."


def page(*paragraphs: str, title: str = "Page") -> str:
    """Return a small page."""
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<!doctype html><html lang=en><title>{title}</title><body>{body}</body></html>"


def take_in(case: Path, pages: Mapping[str, str], name: str = "pages") -> None:
    """Import pages, by address, from an archive of their own."""
    path = case.parent / f"{name}.warc.gz"
    with WarcWriter(path, path.name, software="t", user_agent="t", now=NOW) as warc:
        for url, text in pages.items():
            warc.write_resource(url, NOW, "text/html", text.encode())
    ran = sousveil("import", path, "--case", case)
    assert ran.status == 0, ran.err
