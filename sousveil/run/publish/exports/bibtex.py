"""Citations in BibTeX: for manuscripts in LaTeX, in the fields that biblatex knows, too.

The file is UTF-8, as biber and today's LaTeX read it; Chinese and Uyghur titles stand as they are.
What TeX takes for a command is escaped in what is printed. An address is written as it is, for
`url` is verbatim; the few characters that would end the field stand percent-encoded.
"""

from collections.abc import Iterator
from urllib.parse import quote

from sousveil.run.publish.exports.citations import Citation, citations
from sousveil.run.publish.exports.told import Told

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",  # BibTeX counts braces, escaped ones too
        "}": r"\textbraceright{}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
    }
)
# RFC 3986 wants these encoded in an address anyway; in a field they would end it.
_ENDS = frozenset('{}\\"<>^`| ')


def bibtex(told: Told) -> bytes:
    """Return the citations as entries of BibTeX."""
    return "\n".join(map(_entry, citations(told))).encode()


def _entry(one: Citation) -> str:
    fields = "".join(f"  {name} = {{{value}}},\n" for name, value in _fields(one) if value)
    return f"@{'software' if one.is_software else 'online'}{{{one.key},\n{fields}}}\n"


def _fields(one: Citation) -> Iterator[tuple[str, str]]:
    at = one.accessed_at
    yield "title", f"{{{escaped(one.title)}}}"  # braces keep a style from changing its case
    yield "author", f"{{{escaped(one.publisher)}}}" if one.publisher else ""
    yield "organization", escaped(one.host)
    yield "url", _address(one.url)
    yield "urldate", f"{at:%Y-%m-%d}"
    yield "year", f"{at:%Y}"
    yield "langid", one.lang
    yield "note", escaped(one.archived)


def escaped(text: str) -> str:
    """Return a text as TeX prints it."""
    return text.translate(_ESCAPES)


def _address(url: str) -> str:
    return "".join(quote(one) if one in _ENDS or not one.isprintable() else one for one in url)
