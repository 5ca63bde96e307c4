"""Measures how fast the claim finder reads ordinary text, and how soon it starts: `make bench`.

The text is what this machine has in many languages: documentation, manuals, translations, header
files. It is extracted first; timed is `claims.find` on whole documents, beside what a naive search
for the same terms takes, in the same run: one regular expression of all of them, and one after the
other. Start-up is that of the command itself in a new process: without bytecode and kept words, as
after an installation, and with them, as ever after.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path

from bench.field import HERE, MIN_CHARACTERS, documents
from sousveil import topics
from sousveil.claims import find
from sousveil.model import Document

OF_A_FOLDER = 3  # documents: one language, or one program, is not all
LONGEST = 100_000  # characters of a document: a dictionary would be half of all
CHARACTERS = 6_000_000  # in all
OF_ALL = 50  # the naive searches are so slow that they read one document in so many
RUNS = 3  # the fastest counts: another program may have had the processor
STARTS = 7
GOAL_PASSAGES, GOAL_SECONDS = 20_000, 0.5

Loaded = tuple[topics.Topic, ...]


def main() -> None:
    """Measure and print."""
    found = list(ordinary())
    texts = [document for _, document in found]
    passages = sum(map(_passages, texts))
    size = sum(len(document.text.encode("utf-8", "replace")) for document in texts)
    kinds = Counter(root for path, _ in found for root in HERE if path.is_relative_to(root))
    told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    print(f"Speed: {passages:,} passages of {len(texts)} documents, {size / 1e6:.1f} MB ({told})\n")
    _print_rates(texts)
    _print_starts()


def ordinary() -> Iterator[tuple[Path, Document]]:
    """Yield documents of this machine, a few of each folder and kind in turn, till enough."""
    characters = 0
    kinds = (_of_each_folder(Path(name)) for name in HERE if Path(name).is_dir())
    for found in chain.from_iterable(zip_longest(*kinds)):
        if characters >= CHARACTERS:
            return
        if found is not None:
            characters += len(found[1].text)
            yield found


def _of_each_folder(root: Path) -> Iterator[tuple[Path, Document]]:
    for folder in sorted(root.iterdir(), key=lambda path: path.name[::-1]):
        short = (found for found in documents([folder]) if len(found[1].text) <= LONGEST)
        yield from islice(short, OF_A_FOLDER)


def _passages(document: Document) -> int:
    return sum(block.end - block.start >= MIN_CHARACTERS for block in document.blocks)


def _print_rates(texts: Sequence[Document]) -> None:
    loaded = tuple(topics.load(name) for name in topics.shipped())
    terms = sorted({t.text.strip("*") for topic in loaded for t in topic.terms}, key=len)[::-1]
    every = re.compile("|".join(map(re.escape, terms)), re.IGNORECASE)
    each = [re.compile(re.escape(term), re.IGNORECASE) for term in terms]
    few = texts[::OF_ALL]
    find(texts[0], loaded)  # the patterns are made ready
    ours = _rate("sousveil: claims", texts, lambda document: find(document, loaded), RUNS)
    one = _rate(
        "naive: one regular expression", few, lambda document: every.findall(document.text), 1
    )
    loop = _rate(
        "naive: term by term", few, lambda document: [e.findall(document.text) for e in each], 1
    )
    reached = "reached" if ours >= GOAL_PASSAGES else "MISSED"
    print(f"{len(terms)} terms: {ours / one:.1f} and {ours / loop:,.0f} times as fast")
    print(f"goal: {GOAL_PASSAGES:,} passages a second, {reached}\n")


def _rate(
    name: str, texts: Sequence[Document], work: Callable[[Document], object], runs: int
) -> float:
    """Print and return passages a second, of the fastest run."""
    seconds = min(_seconds(texts, work) for _ in range(runs))
    passages = sum(map(_passages, texts)) / seconds
    size = sum(len(document.text.encode("utf-8", "replace")) for document in texts)
    print(f"{name:<32}{passages:>10,.0f} passages/s{size / 1e6 / seconds:>8.2f} MB/s")
    return passages


def _seconds(texts: Sequence[Document], work: Callable[[Document], object]) -> float:
    start = time.perf_counter()
    for document in texts:
        work(document)
    return time.perf_counter() - start


def _print_starts() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = folder / "small.txt"
        small.write_text("The Oddlestane Lens detects the ethnicity of visitors.\n", "utf-8")
        own = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "SOUSVEIL_CONFIG": str(folder)}
        environment = os.environ | own
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        case = folder / "case"
        _start(["init", str(case)], environment, folder)
        commands = (["read", str(small)], folder), (["findings"], case), (["changes"], case)
        for arguments, place in (*commands, (["--help"], folder)):
            bare = environment | {"PYTHONPYCACHEPREFIX": str(folder / arguments[0])}
            first = _start(arguments, bare, place)
            later = min(_start(arguments, bare, place) for _ in range(STARTS))
            reached = "reached" if later < GOAL_SECONDS else "MISSED"
            command = f"sousveil {arguments[0]}"
            print(
                f"start of {command:<18}{first:>6.2f} s at first,{later:>6.2f} s after;"
                f" goal {GOAL_SECONDS} s, {reached}"
            )


def _start(arguments: Sequence[str], environment: dict[str, str], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "sousveil", *arguments],
        env=environment,
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
