"""Lines of code that only repeat a name which another line declares, fills or shows.

A getter beside its field, a layout call on a label, an import or the closing line of an enumeration
says nothing new; such a line is quoted only where nothing else in the document speaks of the trait.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sousveil.model import Claim

_ECHO = re.compile(
    r"""\s*(?:
        (?:import|using|package|from|\#\s*include|export\s+(?:\*|\{)|require)\b.*
      | return\s+(?:this\.|self\.|m_|_)?\w+\s*;?
      | (?:this|self)\.\w+\s*=\s*\w+\s*;?
      | \}\s*\w*\s*(?:,\s*\*?\s*\w+\s*)*;?
      | (?:[\w<>\[\],.?*&]+\s+){0,4}(?:get|set|is)_?[A-Z]\w*\s*\([^()]*\)\s*
        (?:const|throws\s[\w.,\s]+)?\{?\s*\}?
      | (?:typedef\s+)?(?:[a-z]+\s+){0,3}(?:class|struct|enum|interface)\s[^;=]*
      | public\s+\w+\s*\([^()]*\)\s*\{?
      | (?:public|private|protected|static|final|\s)*Class<\w+>\s.*
      | (?:return\s+)?new\s+\w+\([^()]*\)\s*;?
      | (?:[\w.]+\s+)?\w+\s*=\s*new\s+\w+\(\s*\)\s*;?
      | [\w.]+(?:\.|->)\w+\(\s*(?:\w+|""|[\d\s,]*|[A-Z]\w*\.[A-Z_]+|new\s+\w+\([^()]*\))\s*\)\s*;?
    )\s*""",
    re.VERBOSE,
)
_NOTE = re.compile(r"\s*(?://|/\*|\*|#|@|<!--|--|\Z)")
_MAX_ECHO_CHARACTERS = 400  # no accessor is longer; bounds the match


def is_echo(line: str) -> bool:
    """Return whether a line of code only repeats a name."""
    bare = line.partition("//")[0].strip()
    has_note = "//" in line or "/*" in line
    return not has_note and len(bare) <= _MAX_ECHO_CHARACTERS and _ECHO.fullmatch(bare) is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claim with what decides whether it stands beside others of its document."""

    claim: Claim
    quote: str
    code: bool
    declaration: str  # "" at the top of a file
    names: frozenset[str]  # words of the trait's terms in the quote
    tells: bool  # whether the quote names a group or a value of the trait

    @property
    def echo(self) -> bool:
        """Whether the quote only repeats a name, or heads a declaration whose members tell."""
        lines = self.quote.split("\n")
        silent = [is_echo(line) for line in lines]
        noted = all(one or _NOTE.match(line) for one, line in zip(silent, lines, strict=True))
        return self.code and any(silent) and noted


def fullest(candidates: Sequence[Candidate]) -> list[Claim]:
    """Return one claim for each thing that a document says, in the order of the text.

    Echoes fall where another line speaks of the trait; of a declaration one claim remains for each
    trait and name, the one that names groups if any does.
    """
    spoken = {c.claim.trait for c in candidates if not c.echo}
    kept = [c.claim for c in candidates if not c.code]
    lines: set[tuple[str, str, str]] = set()
    names: dict[tuple[str, str], set[str]] = {}
    for candidate in sorted(candidates, key=lambda c: (not c.tells, c.claim.start)):
        trait, place = candidate.claim.trait, candidate.declaration
        if not candidate.code or (candidate.echo and trait in spoken):
            continue
        line = (place, trait, " ".join(candidate.quote.split()))
        known = names.setdefault((place, trait), set())
        if line in lines or (place and known & candidate.names):
            continue
        if candidate.echo:
            spoken.add(trait)  # one echo is enough
        lines.add(line)
        known |= candidate.names
        kept.append(candidate.claim)
    return sorted(kept, key=lambda claim: claim.start)
