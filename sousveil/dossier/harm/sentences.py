"""Sentences: contacts in a person's own text, which is refused with them rather than changed. Pure.

Takes the text of a dossier as it was written, in Markdown, so that the targets of links count.
"""

from sousveil.dossier.harm.conceal import Concealer
from sousveil.dossier.writing.rules import Problem


def private_problems(source: str, concealer: Concealer) -> list[Problem]:
    """Return a problem for each private thing in a text, with the line that holds it."""
    problems = []
    for one in concealer.spans(source):
        begins = source.rfind("\n", 0, one.start) + 1
        ends = source.find("\n", one.start)
        sentence = source[begins : ends if ends >= 0 else len(source)].strip()
        told = (
            f"holds what is withheld ({one.kind}): {source[one.start : one.end]!r}. Write […] in"
            " its place, or have an editor mark it as shown: sousveil withhold show WORDS --by"
            " NAME --note WHY."
        )
        problems.append(Problem(source.count("\n", 0, one.start) + 1, sentence, told))
    return problems
