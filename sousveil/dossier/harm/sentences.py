"""Sentences: contacts in a person's own text, which is refused with them rather than changed. Pure.

Takes the text of a dossier as it was written, in Markdown, so that the targets of links count. What
an editor shows in one finding may stand in the sentences that cite it.
"""

from collections.abc import Sequence

from sousveil.dossier.harm.conceal import Concealer
from sousveil.dossier.harm.patterns import Kind
from sousveil.dossier.writing.parse import Statement
from sousveil.dossier.writing.rules import Problem


def private_problems(
    source: str, concealer: Concealer, statements: Sequence[Statement] = ()
) -> list[Problem]:
    """Return a problem for each private thing in a text, with the line that holds it.

    `statements` are those of the text.
    """
    problems = []
    for one in concealer.spans(source):
        words = source[one.start : one.end]
        if one.kind is not Kind.MARKED and _is_shown(words, concealer, statements):
            continue
        begins = source.rfind("\n", 0, one.start) + 1
        ends = source.find("\n", one.start)
        sentence = source[begins : ends if ends >= 0 else len(source)].strip()
        told = (
            f"holds what is withheld ({one.kind}): {words!r}. Write […] in"
            " its place, or have an editor mark it as shown: sousveil withhold show WORDS --by"
            " NAME --note WHY, with --in ID in that finding and the sentences that cite it."
        )
        problems.append(Problem(source.count("\n", 0, one.start) + 1, sentence, told))
    return problems


def _is_shown(words: str, concealer: Concealer, statements: Sequence[Statement]) -> bool:
    """Whether each sentence with these words cites a finding in which an editor shows them."""
    told = " ".join(words.split())
    holding = [one for one in statements if told in " ".join(one.text.split())]
    return bool(holding) and all(
        any(concealer.is_shown_in(words, name.removeprefix("f:")) for name in one.cites)
        for one in holding
    )
