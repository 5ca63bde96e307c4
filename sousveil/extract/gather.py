"""Text that grows block by block, for documents that have no text of their own.

The readers of office files hand in paragraphs and cells; out comes the `Document`, whose offsets
and lines count in the text that was gathered.
"""

from sousveil.errors import ExtractError
from sousveil.extract.assemble import MAX_BLOCKS, MAX_CHARACTERS, too_many_blocks
from sousveil.extract.language import guess_language
from sousveil.model import Block, BlockKind, Document


def line_starts(text: str) -> tuple[int, ...]:
    """Return where each line of `text` begins; lines end with a line feed."""
    return (0, *(i + 1 for i, character in enumerate(text) if character == "\n"))


class Gathering:
    """The blocks so far; one line feed parts them."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._blocks: list[Block] = []
        self._length = 0

    def add(
        self,
        text: str,
        kind: BlockKind,
        context: str = "",
        *,
        slide: int | None = None,
        cell: str | None = None,
    ) -> str:
        """Append a block and return its text without outer white space; an empty one is left out.

        Raises ExtractError beyond `MAX_CHARACTERS` or `MAX_BLOCKS`.
        """
        text = text.strip()
        if not text:
            return ""
        if len(self._blocks) >= MAX_BLOCKS:
            raise too_many_blocks()
        start = self._length + (1 if self._blocks else 0)
        self._length = start + len(text)
        if self._length > MAX_CHARACTERS:
            raise ExtractError(
                f"the document has more than the {MAX_CHARACTERS} characters that are read; "
                "the capture itself is kept"
            )
        self._texts.append(text)
        self._blocks.append(Block(start, self._length, kind, context, slide=slide, cell=cell))
        return text

    def document(self, title: str) -> Document:
        """Return what was gathered; raises ExtractError when that is nothing."""
        if not self._blocks:
            raise ExtractError("the document holds no text; the capture itself is kept")
        text = "\n".join(self._texts)
        return Document(
            text=text,
            blocks=tuple(self._blocks),
            format="office",
            charset="",
            lang=guess_language(text),
            title=title,
            line_starts=line_starts(text),
        )
