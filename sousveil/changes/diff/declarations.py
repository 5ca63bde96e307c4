"""Declarations: fields and enumeration members in source code, by simple rules.

Takes the lines of code that extraction gives and yields `Member`s. No language is parsed: braces
(of SQL and of records: parentheses) tell what belongs together, the words before one tell whether
it is an enumeration or a structure, and an item's shape gives its name. Reads C, C++, Java, Go,
Kotlin, Swift, Rust, C#, TypeScript, Thrift, Protocol Buffers, GraphQL and SQL as they are commonly
written, and Python's classes by their indentation. What fits no rule is counted. Linear time.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sousveil.changes.diff.values import Member, MemberKind

MAX_ITEM_CHARACTERS = 600  # a longer item is generated code or data, and no declaration
MAX_DEPTH = 64  # of braces; what is deeper is no declaration

_Scope: TypeAlias = Literal["enum", "structure", "table", "other"]

_STRING = r"\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|`[^`]*+`?"
_COMMENT = r"//[^\n]*+|/\*(?s:.*?)(?:\*/|\Z)"
_TOKEN = re.compile(rf"{_COMMENT}|(?P<string>{_STRING})|(?P<mark>[{{}}();,])|[^\"'`/{{}}();,]++|/")
_NAME = r"[A-Za-z_]\w*"
_ENUM = re.compile(rf"\benum\b(?:\s+(?:class|struct))?(?:\s+({_NAME}))?")
_STRUCTURE = re.compile(
    rf"\b(?:struct|class|message|interface|record|union|input|type|exception)\b(?:\s+({_NAME}))?"
    rf"|\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?[`\"\[]?([\w.]+)",
    re.IGNORECASE,
)
_ITEM = re.compile(rf"(?:@\S+\s+|\[[^\]]*\]\s*|case\s+)*({_NAME})\s*(?:[=(:].*)?", re.DOTALL)
_DEFINE = re.compile(rf"#\s*define\s+({_NAME})\s+\S")
_NUMBERED = re.compile(rf"(?:\d+\s*:\s*)?[\w.<>, ]+\s({_NAME})\s*=\s*\d+(?:\s*\[.*)?", re.DOTALL)
_NAMED_FIRST = re.compile(
    rf"(?:@\S+\s+|(?:pub(?:\([^)]*\))?|val|var|let|const|readonly|private|public|protected|internal"
    rf"|static|override|lateinit|open)\s+)*[\"'`]?({_NAME})[\"'`]?\s*[?!]?\s*:(?!:).+",
    re.DOTALL,
)
_GO = re.compile(rf"({_NAME})\s+[\w.*\[\]{{}}]+(?:\s+`.*)?", re.DOTALL)
_COLUMN = re.compile(rf"[`\"\[]?({_NAME})[`\"\]]?\s+\w+.*", re.DOTALL)
_NO_COLUMN = re.compile(r"(?:primary|foreign|unique|constraint|key|check|index)\b", re.IGNORECASE)
_LAST_NAME = re.compile(rf"({_NAME})\s*(?:\[[^\]]*\]\s*)*(?::\s*\d+\s*)?\Z")
_NO_FIELD = re.compile(
    r"(?:return|using|import|package|option|reserved|extensions|friend|typedef|static_assert|goto"
    r"|break|continue|throw|delete|case|default|public|private|protected)\b|[@#]"
)
_PYTHON_CLASS = re.compile(rf"class\s+({_NAME})\s*(?:\(([^)]*)\))?\s*:")
_PYTHON_MEMBER = re.compile(rf"({_NAME})\s*=[^=]")
_PYTHON_FIELD = re.compile(rf"({_NAME})\s*:\s*\S")


@dataclass(slots=True)
class _Frame:
    """What an open brace or parenthesis belongs to."""

    kind: _Scope
    name: str
    closes: str
    found: list[tuple[MemberKind, str, int]] = field(default_factory=list)  # kind, name, line


@dataclass(slots=True)
class Declarations:
    """Reads lines of code one after the other."""

    members: list[Member] = field(default_factory=list)
    strange: int = 0  # items of enumerations and structures that fit no rule
    _frames: list[_Frame] = field(default_factory=list)
    _buffer: str = ""  # the item so far
    _line: int = 0  # on which it begins
    _depth: int = 0  # of parentheses within an item, and of braces beyond the limit
    _renames: _Frame | None = None  # a type that was just closed: "} NAME;" names it
    _python: dict[str, bool] = field(default_factory=dict)  # class -> whether it is an Enum

    def read(self, lines: Iterable[tuple[str, int, str]]) -> None:
        """Take (text, line number, declarations around) of each line, in order."""
        for text, number, context in lines:
            if not self._frames and self._python_line(text.strip(), number, context):
                continue
            for match in _TOKEN.finditer(text):
                if match["mark"]:
                    self._mark(match["mark"])
                elif not match[0].startswith(("//", "/*")):
                    self._line = self._line if self._buffer.strip() else number
                    self._add(match[0])
            self._end_line()
        while self._frames:
            self._leave()
        self._settle()

    def _python_line(self, text: str, number: int, context: str) -> bool:
        """Take a line of Python; False for one of another language."""
        if declared := _PYTHON_CLASS.match(text):
            self._python[declared[1]] = "Enum" in (declared[2] or "")
            return True
        owner = context.rpartition(" > ")[2]
        if owner not in self._python:
            return False
        kind: MemberKind = "member" if self._python[owner] else "field"
        shape = _PYTHON_MEMBER if kind == "member" else _PYTHON_FIELD
        if found := shape.match(text):
            self.members.append(Member(kind, found[1], owner, number))
        return True

    def _mark(self, mark: str) -> None:
        top = self._frames[-1] if self._frames else None
        if mark in "({":
            self._open(mark)
        elif self._depth:
            self._depth -= mark in ")}"
            self._add(mark)
        elif top is not None and mark == top.closes:
            self._item(mark)
            self._leave()
        elif mark in ",;":
            self._item(mark)
        else:
            self._buffer = ""

    def _open(self, mark: str) -> None:
        kind, name = _scope("" if self._depth else self._buffer)
        is_list = mark == "(" and kind in {"table", "structure"}
        if self._depth or len(self._frames) >= MAX_DEPTH or (mark == "(" and not is_list):
            self._depth += 1
            self._add(mark)
            return
        self._settle()
        top = self._frames[-1] if self._frames else None
        if top is not None and top.kind == "enum" and kind == "other":
            self._item(",")  # a member with a body, or one that holds something
        self._frames.append(_Frame(kind, name, ")" if mark == "(" else "}"))
        self._buffer = ""

    def _leave(self) -> None:
        frame = self._frames.pop()
        self._settle()
        self._renames = frame
        self._buffer = ""
        self._depth = 0

    def _settle(self) -> None:
        """Give the members of the type that was closed last, under the name that it has now."""
        if self._renames is not None:
            frame, self._renames = self._renames, None
            self.members += (
                Member(kind, name, frame.name, number) for kind, name, number in frame.found
            )

    def _end_line(self) -> None:
        """End an item where the languages do that end it with its line."""
        top = self._frames[-1] if self._frames else None
        bare = self._buffer.strip()
        if top is None:
            self._directive(bare)
        elif not self._depth and bare and _ends_by_line(bare, top.kind):
            self._item("\n")
        self._add(" ")

    def _add(self, text: str) -> None:
        """Lengthen the item; of one that is too long the end is kept, which may open a scope."""
        self._buffer = (self._buffer + text)[-MAX_ITEM_CHARACTERS - 1 :]

    def _directive(self, text: str) -> None:
        """Take a line of C's preprocessor that stands outside of everything."""
        if define := _DEFINE.match(text):
            self.members.append(Member("constant", define[1], "", self._line))
        if text.startswith("#"):
            self._buffer = ""

    def _item(self, mark: str) -> None:
        """Take what stood before a comma, a semicolon, a closing brace or the end of a line."""
        text, self._buffer = self._buffer.strip(), ""
        if not self._frames:
            if self._renames is not None and mark == ";" and (name := _LAST_NAME.search(text)):
                self._renames.name = name[1].lstrip("*") if "," not in text else self._renames.name
            elif self._renames is not None and mark == "," and re.fullmatch(_NAME, text):
                self._renames.name = text
            self._settle()
            return
        top = self._frames[-1]
        if top.kind == "other" or not text or len(text) > MAX_ITEM_CHARACTERS:
            self.strange += len(text) > MAX_ITEM_CHARACTERS
            return
        if top.kind == "structure" and mark == "," and not _NAMED_FIRST.fullmatch(text):
            self._buffer = f"{text},"  # int a, b;
            return
        found = list(_names(text, top.kind, mark))
        if not found and not _NO_FIELD.match(text) and "(" not in text:
            self.strange += 1
        kind: MemberKind = "member" if top.kind == "enum" else "field"
        top.found += ((kind, name, self._line) for name in found)


def _scope(head: str) -> tuple[_Scope, str]:
    """Return what the words before a brace or parenthesis open, and its name."""
    if found := _ENUM.search(head):
        return "enum", found[1] or ""
    if found := _STRUCTURE.search(head):
        is_table = found[2] is not None
        return ("table" if is_table else "structure"), found[1] or found[2] or _go_name(head)
    return "other", ""


def _go_name(head: str) -> str:
    words = head.split()
    return words[-2] if len(words) > 1 and words[-1] in {"struct", "interface"} else ""


def _ends_by_line(text: str, kind: _Scope) -> bool:
    """Whether an item of a structure or enumeration ends with this line."""
    if kind not in {"enum", "structure"} or text.endswith((",", "=", "(", "|", "<", "+", "\\")):
        return False
    if text.startswith("@"):
        return True
    if kind == "enum":
        return re.fullmatch(rf"(?:case\s+)?{_NAME}", text) is not None
    return bool(_NAMED_FIRST.fullmatch(text) or _GO.fullmatch(text))


def _names(text: str, kind: _Scope, mark: str) -> Iterator[str]:
    """Give the names that one item declares."""
    if kind == "structure":
        yield from _fields(text, mark)
    elif kind == "enum":
        if found := _ITEM.fullmatch(text):
            yield found[1]
    elif not _NO_COLUMN.match(text) and (found := _COLUMN.fullmatch(text)):
        yield found[1]


def _fields(text: str, mark: str) -> Iterator[str]:
    """Give the names of the fields that one item of a structure declares."""
    if _NO_FIELD.match(text) and not _access(text):
        return
    if found := _NUMBERED.fullmatch(text) or _NAMED_FIRST.fullmatch(text):
        yield found[1]
    elif mark == ";":
        for part in text.split(","):
            if "(" not in part and (name := _LAST_NAME.search(part.partition("=")[0].rstrip())):
                yield name[1]
    elif found := _GO.fullmatch(text) if mark == "\n" else _LAST_NAME.search(text):
        yield found[1]


def _access(text: str) -> bool:
    return text.startswith(("public ", "private ", "protected "))
