"""Small documents, for tests of diffs."""

from sousveil.changes.diff.values import Span, Watched
from sousveil.model import Block, BlockKind, Document


def document(*texts: str, kind: BlockKind = BlockKind.PARAGRAPH, lang: str = "") -> Document:
    """Make a document of paragraphs."""
    blocks, start = [], 0
    for text in texts:
        blocks.append(Block(start, start + len(text), kind))
        start += len(text) + 1
    return Document("\n".join(texts), tuple(blocks), "html", "utf-8", lang)


def watching(*terms: str) -> Watched:
    """Watch these words, wherever they stand."""

    def spans(text: str) -> list[Span]:
        return [
            (start, start + len(term))
            for term in terms
            for start in range(len(text))
            if text.startswith(term, start)
        ]

    return spans


def nothing(_: str) -> list[Span]:
    """Watch nothing."""
    return []
