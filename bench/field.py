"""Measures the claim finder on ordinary text: `python bench/field.py [FOLDER…]`.

Reads every text below the folders as `sousveil read` would, counts passages, and lists what is
found there with all topics. The default is the documentation and the translations that this
machine has; `--fetch FOLDER` first fetches more from Debian: manuals in fifteen languages, help
texts, encyclopaedias, novels, games, source code. Ordinary text makes hardly any claim, so what is
listed is read by a person; all of it counts as false until somebody has.
"""

import argparse
import gettext
import gzip
import hashlib
import io
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sousveil import topics
from sousveil.claims import find
from sousveil.errors import SousveilError
from sousveil.extract import extract
from sousveil.model import Claim, Document

HERE = ("/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/perl", "/usr/include")
PACKAGES = (  # of Debian 12; those that are gone are left out
    "python3-doc manpages manpages-dev manpages-zh manpages-fr manpages-de manpages-ja manpages-es"
    " manpages-ru manpages-tr manpages-pl manpages-it manpages-pt-br manpages-nl debian-handbook"
    " debian-faq gnome-user-docs libreoffice-help-en-us libreoffice-help-zh-cn libreoffice-help-ru"
    " libreoffice-help-fr debian-reference-zh-cn debian-reference-en debian-policy"
    " developers-reference-ja developers-reference-de developers-reference-ru fortunes fortunes-zh"
    " fortunes-ru fortunes-de fortunes-es linux-doc postgresql-doc sqlite3-doc gimp-help-en"
    " gimp-help-zh-cn gimp-help-ko gimp-help-ja kicad-doc-zh bible-kjv-text anarchism jargon-text"
    " wordnet-base dict-gcide dict-foldoc installation-guide-amd64 aptitude-doc-ja gnucash-docs"
    " r-doc-html octave-doc freeciv-data wesnoth-1.16-data nethack-common crawl-common angband-data"
    " opencv-doc libdlib-dev iso-codes gcompris-qt-data"
)
MIN_CHARACTERS = 20  # of a passage; shorter blocks are menu entries and numbers
MAX_BYTES = 8 * 2**20  # of a file, unpacked
SHOWN = 120  # characters of a quote


@dataclass(slots=True)
class Tally:
    """What was read and found."""

    files: int = 0
    passages: int = 0
    characters: int = 0
    seconds: float = 0.0  # in the finder
    languages: Counter[str] = field(default_factory=Counter)  # passages of each
    found: list[tuple[Path, Claim, str]] = field(default_factory=list)


def main() -> None:
    """Read the folders, print what was found and the rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--fetch", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    folders = given.folders or [Path(name) for name in HERE]
    if given.fetch is not None:
        fetch(given.fetch)
        folders.append(given.fetch)
    told(measure(folders))


def fetch(folder: Path) -> None:
    """Fetch and unpack the packages that this Debian has into `folder`; install nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES.split():
        got = subprocess.run(["apt-get", "download", "-qq", name], cwd=folder, check=False)
        if got.returncode != 0:
            print(f"{name}: not to be had here, left out")
    for package in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
        package.unlink()


def measure(folders: Sequence[Path]) -> Tally:
    """Return what the finder makes of every text below the folders."""
    loaded = tuple(topics.load(name) for name in topics.shipped())
    tally = Tally()
    for path, document in documents(folders):
        tally.files += 1
        blocks = [b for b in document.blocks if b.end - b.start >= MIN_CHARACTERS]
        tally.passages += len(blocks)
        tally.characters += len(document.text)
        tally.languages[document.lang.partition("-")[0]] += len(blocks)
        start = time.perf_counter()
        claims = find(document, loaded)
        tally.seconds += time.perf_counter() - start
        tally.found += [(path, claim, document.text[claim.start : claim.end]) for claim in claims]
    return tally


def documents(folders: Sequence[Path]) -> Iterator[tuple[Path, Document]]:
    """Yield each different text below the folders."""
    seen: set[bytes] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.is_symlink() or path.stat().st_size > MAX_BYTES:
                continue
            try:
                payload, name = _unpacked(path)
                digest = hashlib.sha256(payload).digest()
                if digest in seen:
                    continue
                seen.add(digest)
                yield path, extract(payload, media_type="", charset=None, name=name)
            except (SousveilError, OSError, EOFError, UnicodeDecodeError, IndexError):
                continue  # a program, a picture, a broken archive or catalogue: no text


def _unpacked(path: Path) -> tuple[bytes, str]:
    """Return a file's text and its name without what it was packed in."""
    if path.suffix == ".gz":
        with gzip.open(path) as packed:
            return packed.read(MAX_BYTES), path.stem
    if path.suffix in {".mo", ".gmo"}:
        catalogue = gettext.GNUTranslations(io.BytesIO(path.read_bytes()))
        texts = [text for text in vars(catalogue)["_catalog"].values() if isinstance(text, str)]
        return "\n\n".join(texts).encode(), f"{path.stem}.txt"
    return path.read_bytes(), path.name


def told(tally: Tally) -> None:
    """Print the tally."""
    for path, claim, quote in tally.found:
        words = " ".join(quote.split())[:SHOWN]
        print(f"{claim.label} {claim.trait} {claim.score:.2f} {path}: {words}")
    most = ", ".join(f"{lang or 'not told'} {n:,}" for lang, n in tally.languages.most_common(12))
    claims = sum(claim.label != "discusses" for _, claim, _ in tally.found)
    rate = len(tally.found) / max(1, tally.passages) * 10_000
    print(f"\n{tally.passages:,} passages of {tally.files:,} files: {most}")
    print(f"{len(tally.found)} findings, {claims} of them claims: {rate:.2f} in 10,000 passages")
    print(f"{tally.passages / max(1e-9, tally.seconds):,.0f} passages a second in the finder")


if __name__ == "__main__":
    main()
