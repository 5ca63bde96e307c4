"""JSON and YAML into blocks: each name a FIELD, each string value a STRING.

The context is the JSON Pointer (RFC 6901) of the value, so that an OpenAPI description says where
in the interface it stands. JSON's escapes are resolved and mapped (`json_strings.py`). YAML is read
by lines and indentation, which is how people write it: names, plain and quoted scalars, block
scalars, comments; anchors, flow collections and escapes stay as they stand.
"""

import re

from sousveil.extract.assemble import Assembly, lay
from sousveil.extract.text.json_strings import MAX_POINTER_CHARACTERS, add_json_string, scan_json
from sousveil.model import Block, BlockKind

_YAML_LINE = re.compile(
    r"(?P<indent>[ ]*+)(?P<dashes>(?:-[ ]++)*+)"
    r"(?:(?P<name>\"[^\"\r\n]*+\"|'[^'\r\n]*+'|[^\s#'\"\-\[{,:][^:#\r\n]*+"
    r"(?::(?![ \r\n])[^:#\r\n]*+)*+):(?=[ \r\n]|\Z)[ ]*+)?"
    r"(?P<value>[^\r\n]*+)(?:\r\n|\r|\n|\Z)"
)
_YAML_COMMENT = re.compile(r"(?:^|(?<=\s))#")
_DASH = re.compile("-")
_BLOCK_SCALAR = re.compile(r"[|>][+-]?[0-9]?[+-]?\s*(?:#.*)?")


def json_text(source: str) -> Assembly | None:
    """Return the text of a JSON document, put together; None when `source` is no JSON.

    Raises ExtractError when there are too many blocks.
    """
    strings = scan_json(source, 0, len(source))
    if strings is None:
        return None
    assembly = Assembly(source)
    for string in strings:
        if not source[string.start : string.end].isspace():
            add_json_string(assembly, string)
            kind = BlockKind.FIELD if string.is_name else BlockKind.STRING
            assembly.close(kind, string.pointer)
    return assembly


def yaml_blocks(source: str) -> tuple[Block, ...]:
    """Return the blocks of a YAML document, which lie on `source`.

    Raises ExtractError when there are too many blocks.
    """
    reader = _YamlReader(source)
    for match in _YAML_LINE.finditer(source):
        reader.line(match)
    reader.close_scalar()
    return tuple(reader.blocks)


class _YamlReader:
    """The blocks so far, the names around the current line, and an open block scalar."""

    def __init__(self, source: str) -> None:
        self.blocks: list[Block] = []
        self._source = source
        self._names: list[tuple[int, str]] = []  # indentation and pointer
        self._scalar: tuple[int, int, int] | None = None  # indentation, start, end

    def close_scalar(self) -> None:
        """End the open block scalar, if any."""
        if self._scalar is not None:
            _, start, end = self._scalar
            lay(self._source, self.blocks, (start, end), BlockKind.STRING, self._pointer())
            self._scalar = None

    def line(self, match: re.Match[str]) -> None:
        """Take the next line."""
        blank = self._source[match.start() : match.end()].isspace()
        indent = len(match["indent"]) + len(match["dashes"])
        if self._scalar is not None and (blank or len(match["indent"]) > self._scalar[0]):
            self._scalar = (self._scalar[0], self._scalar[1], match.end())
            return
        self.close_scalar()
        if blank:
            return
        start, end = match.span("value")
        for dash in _DASH.finditer(self._source, *match.span("dashes")):
            self._begin_item(dash.start() - match.start())
        if match["name"] is not None:
            self._enter(indent, match["name"].strip("\"' "))
            lay(self._source, self.blocks, match.span("name"), BlockKind.FIELD, self._pointer())
        self._value(len(match["indent"]), start, end, named=match["name"] is not None)

    def _value(self, indent: int, start: int, end: int, *, named: bool) -> None:
        comment = _YAML_COMMENT.search(self._source, start, end)
        stop = comment.start() if comment and self._source[start : start + 1] not in "\"'" else end
        if named and _BLOCK_SCALAR.fullmatch(self._source, start, end):
            self._scalar = (indent, end, end)
            return
        lay(self._source, self.blocks, (start, stop), BlockKind.STRING, self._pointer())
        if stop < end:
            lay(self._source, self.blocks, (stop, end), BlockKind.COMMENT, self._pointer())

    def _pointer(self) -> str:
        return self._names[-1][1] if self._names else ""

    def _begin_item(self, column: int) -> None:
        """Enter the next element of the sequence whose dashes stand in that column.

        It counts as indented by one more: a sequence may stand right below the name it belongs to,
        and what an element holds stands two further on (YAML 1.2, section 8.2.1).
        """
        index = 0
        while self._names and self._names[-1][0] > column:
            indent, pointer = self._names.pop()
            last = pointer.rpartition("/")[2]
            index = int(last) + 1 if indent == column + 1 and last.isdecimal() else 0
        self._push(column + 1, str(index))

    def _enter(self, indent: int, name: str) -> None:
        while self._names and self._names[-1][0] >= indent:
            self._names.pop()
        step = name.replace("~", "~0").replace("/", "~1")
        self._push(indent, step)

    def _push(self, indent: int, step: str) -> None:
        self._names.append((indent, f"{self._pointer()}/{step}"[-MAX_POINTER_CHARACTERS:]))
