"""Source code into blocks that lie on the source itself: lines of code and runs of comment.

A member of a structure and the comment behind it are one statement, so a CODE block is a line
with its trailing comment, to the end of that comment; lines joined by a backslash are one. COMMENT
blocks are runs of lines that hold nothing else. The context names the declarations around, as
indentation shows them. Languages differ here only in how comments and strings look; the reader
knows families, not grammars.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sousveil.extract.assemble import lay
from sousveil.model import Block, BlockKind

MAX_LINE_CHARACTERS = 400  # of one block in minified code, cut at the next ";", "," or brace
MAX_NAMES = 3  # of enclosing declarations in a context
TAB_WIDTH = 4

# Each string also ends where its line or the file does: one that must be closed to match would be
# looked for again from every quote in it, which takes the square of the time.
_STRING = (
    r"\"(?:[^\"\\\r\n]++|\\.?+)*+(?:\"|(?=[\r\n])|\Z)|'(?:[^'\\\r\n]++|\\.?+)*+(?:'|(?=[\r\n])|\Z)"
)
_RAW_STRING = r"R\"(?P<delimiter>[^\s()\\\"]{0,16})\((?s:.*?)(?:\)(?P=delimiter)\"|\Z)"
_STARS = r"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
_SLASHES = rf"//[^\r\n]*+|{_STARS}"
_C_SLASHES = rf"//(?:[^\\\r\n]++|\\(?:\r\n|.)?+)*+|{_STARS}"  # a backslash joins lines
_HASH = r"(?:^|(?<=[\s;,(){}\[\]:]))\#[^\r\n]*+"
_DOCSTRING = (
    r"\"\"\"(?:[^\"\\]++|\\.?+|\"(?!\"\"))*+(?:\"\"\"|\Z)|'''(?:[^'\\]++|\\.?+|'(?!''))*+(?:'''|\Z)"
)
_BACKTICKS = r"`(?:[^`\\]++|\\.?+)*+(?:`|\Z)"


def _family(comment: str, string: str = _STRING) -> re.Pattern[str]:
    return re.compile(rf"(?P<comment>{comment})|{string}", re.DOTALL | re.MULTILINE)


_C = _family(_C_SLASHES, rf"{_RAW_STRING}|{_STRING}")
_JAVASCRIPT = _family(_SLASHES, rf"{_STRING}|{_BACKTICKS}")
_JAVA = _family(_SLASHES, rf"\"\"\"(?s:.*?)(?:\"\"\"|\Z)|{_STRING}")
_PYTHON = _family(rf"{_HASH}|^[ \t]*+(?:{_DOCSTRING})(?=[ \t]*+$)", rf"{_DOCSTRING}|{_STRING}")
_SHELL = _family(_HASH)
_RUBY = _family(rf"^=begin\b(?s:.*?)(?:^=end\b|\Z)|{_HASH}")
_PHP = _family(rf"{_SLASHES}|{_HASH}")
_SQL = _family(rf"--[^\r\n]*+|{_STARS}")
_MARKUP = _family(r"<!--(?:[^-]++|-(?!->))*+(?:-->|\Z)", r"\0")

_FAMILIES = {
    suffix: family
    for suffixes, family in (
        ("c cc cpp cxx h hh hpp hxx inl m mm ino cu", _C),
        ("js jsx mjs cjs ts tsx ets vue svelte go css scss less dart", _JAVASCRIPT),
        ("java kt kts swift scala groovy gradle cs rs proto prisma avdl strings", _JAVA),
        ("py pyi pyx", _PYTHON),
        ("sh bash zsh ps1 r pl pm toml ini cfg conf properties cmake mk", _SHELL),
        ("graphql gql jl ex exs nim po pot", _SHELL),
        ("rb rake", _RUBY),
        ("php thrift tf hcl", _PHP),
        ("sql hql ddl lua hs elm", _SQL),
        ("xml xsd xaml plist svg wsdl resx jsp", _MARKUP),
    )
    for suffix in suffixes.split()
}
_MEDIA_TYPES = {
    "text/css": "css",
    "text/javascript": "js",
    "text/x-python": "py",
    "text/x-c": "c",
    "text/x-java-source": "java",
    "text/xml": "xml",
    "application/ecmascript": "js",
    "application/javascript": "js",
    "application/sql": "sql",
    "application/toml": "toml",
    "application/typescript": "ts",
    "application/x-javascript": "js",
    "application/x-httpd-php": "php",
    "application/x-sh": "sh",
    "application/xml": "xml",
    "image/svg+xml": "svg",
}

_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n|\Z)")
_DECLARATION = re.compile(
    r"(?<![\w.$])(?:struct|class|enum(?:[ \t]+(?:class|struct))?|interface|message|func|fun|fn|def"
    r"|function|trait|impl|module|namespace|union|record|protocol|extension|service|object|type"
    r"|create[ \t]+table(?:[ \t]+if[ \t]+not[ \t]+exists)?)[ \t]+(?:\([^)\r\n]{0,80}\)[ \t]*)?"
    r"[`\"\[]?([A-Za-z_][\w.]*)",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(r"[{}()\]#]|(?:public|private|protected)\b\s*:|end\b|then\b|else\b")
_NOT_SPACE = re.compile(r"\S")
_CONTINUED = re.compile(r"(?s:.{0,2})\\(?:\r\n|\r|\n)\Z")
_CUT = f"{{{MAX_LINE_CHARACTERS}}}"
_PIECE = re.compile(rf".{_CUT}[^;,{{}}]{{0,{MAX_LINE_CHARACTERS}}}[;,{{}}]?|.+", re.DOTALL)


def code_family(suffix: str) -> re.Pattern[str] | None:
    """Return how comments look in files of that suffix; None for no source code."""
    return _FAMILIES.get(suffix)


def code_suffix(media_type: str) -> str:
    """Return the suffix of the language that `media_type` names; "" for no source code."""
    return _MEDIA_TYPES.get(media_type, "")


def code_blocks(source: str, family: re.Pattern[str]) -> tuple[Block, ...]:
    """Return the blocks of `source`, in order. Raises ExtractError when there are too many."""
    reader = _CodeReader(source, _comments(source, family))
    position = 0
    while position < len(source):
        position = reader.line(position)
    reader.close_comment()
    return tuple(reader.blocks)


def _comments(source: str, family: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    for match in family.finditer(source):
        if match["comment"] is not None:
            yield match.span("comment")


@dataclass(slots=True)
class _Run:
    """A run of lines that hold comments only."""

    start: int
    end: int
    is_block: bool  # /* … */ rather than lines


class _CodeReader:
    """The blocks so far, the next comment, and the declarations around the current line."""

    def __init__(self, source: str, comments: Iterator[tuple[int, int]]) -> None:
        self.blocks: list[Block] = []
        self._source = source
        self._comments = comments
        self._comment = next(comments, None)
        self._run: _Run | None = None
        self._names: list[tuple[int, str]] = []  # indentation and name
        self._pending: tuple[int, str] | None = None  # declared by the current line
        self._context = ""

    def close_comment(self) -> None:
        """End the open run of comments, if any."""
        if self._run is not None:
            run, self._run = self._run, None
            self._lay(run.start, run.end, BlockKind.COMMENT)

    def line(self, position: int) -> int:
        """Take the line at `position` and what belongs to it; return where the next begins."""
        end = self._line_end(position)
        text = self._source[position:end]
        bare = text.lstrip()
        if not bare:
            self.close_comment()
            return end
        first = position + len(text) - len(bare)
        end, has_code = self._after_comments(first, end)
        if not has_code:
            self._extend_run(first, end)
            return end
        self.close_comment()
        return self._code(position, first, end)

    def _line_end(self, position: int) -> int:
        match = _LINE.match(self._source, position)
        return match.end() if match else len(self._source)

    def _next_comment(self, position: int) -> tuple[int, int] | None:
        """Return the first comment that ends after `position`."""
        while self._comment is not None and self._comment[1] <= position:
            self._comment = next(self._comments, None)
        return self._comment

    def _after_comments(self, first: int, end: int) -> tuple[int, bool]:
        """Pass the comments that begin at `first`: where the last line ends, if code follows."""
        position = first
        while True:
            comment = self._next_comment(position)
            if comment is None or comment[0] > position:
                return end, True
            if comment[1] > end:
                end = self._line_end(comment[1])
            code = _NOT_SPACE.search(self._source, comment[1], end)
            if code is None:
                return end, False
            position = code.start()

    def _extend_run(self, first: int, end: int) -> None:
        is_block = self._source.startswith(("/*", "<!--", '"""', "'''"), first)
        if self._run is None or is_block or self._run.is_block:
            self.close_comment()
            self._run = _Run(first, end, is_block)
        else:
            self._run.end = end

    def _code(self, position: int, first: int, end: int) -> int:
        """Add the line of code at `first` with its continuation and trailing comment."""
        comment = self._next_comment(first)
        while (comment is None or comment[0] >= end) and _CONTINUED.match(
            self._source, max(first, end - 3), end
        ):
            if end == len(self._source):
                break
            end = self._line_end(end)
        code_end = end
        while comment is not None and comment[0] < end:
            code_end = min(code_end, comment[0])
            if comment[1] > end:
                end = self._line_end(comment[1] - 1)
            comment = self._next_comment(comment[1])
        self._enter(position, first, code_end)
        self._lay(first, end, BlockKind.CODE)
        return end

    def _enter(self, position: int, first: int, code_end: int) -> None:
        """Leave the declarations that this line's indentation ends, note one that it begins."""
        indent = len(self._source[position:first].expandtabs(TAB_WIDTH))
        outside = _OUTSIDE.match(self._source, first, code_end)
        before = len(self._names)
        if not (outside and self._source[first] not in "})]"):
            while self._names and self._names[-1][0] >= indent:
                self._names.pop()
        if len(self._names) != before:
            self._context = " > ".join(name for _, name in self._names[-MAX_NAMES:])
        if not outside:
            declared = _DECLARATION.search(self._source, first, min(code_end, first + 300))
            ends = self._source[first:code_end].rstrip().endswith(";")
            self._pending = None if ends or declared is None else (indent, declared[1])
        else:
            self._pending = None

    def _lay(self, start: int, end: int, kind: BlockKind) -> None:
        if end - start <= MAX_LINE_CHARACTERS * 2 or kind is BlockKind.COMMENT:
            lay(self._source, self.blocks, (start, end), kind, self._context)
        else:
            for piece in _PIECE.finditer(self._source, start, end):
                lay(self._source, self.blocks, piece.span(), kind, self._context)
        if kind is BlockKind.CODE and self._pending is not None:
            self._names.append(self._pending)
            self._context = " > ".join(name for _, name in self._names[-MAX_NAMES:])
