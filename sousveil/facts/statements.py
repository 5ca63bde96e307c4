"""Statements of people who speak for an organisation: what they said, in which role, for whom.

Takes text that `reading.narrow` made and gives statements with spans. The name of who speaks is
kept nowhere but inside the quote: what counts is that an organisation said it. Whoever is told to
speak for nobody is left out.
"""

import re
from collections.abc import Iterator
from itertools import islice

from sousveil.facts.reading import Piece, Reading

MAX_STATEMENTS = 100  # of one text
MAX_SAID = 600  # characters between quotation marks
LEAST_SAID = 12  # of them: shorter ones are words in quotation marks

_ROLES = (
    "spokesman|spokeswoman|spokesperson|spokespeople|representative|chief executive(?: officer)?"
    "|ceo|cto|cfo|coo|president|vice president|vice-president|chairman|chairwoman|chair|director"
    "|managing director|general manager|founder|co-founder|head of [a-z ]{2,30}?|chief [a-z]{3,12}"
    " officer|minister|deputy minister|commissioner|police chief|press officer|product manager"
    "|senior vice president|executive|researcher|general counsel|official"
)
_SAY = (
    'said|says|told [^,.“”"]{2,40}?|stated|added|wrote|explained|declared|announced|confirmed'
    "|insisted|claimed|denied"
)
_ORG = (
    r"(?P<{0}>(?:the )?[A-Z][\w&.'-]{{0,40}}(?: (?:of|for|the|and|&|[A-Z][\w&.'-]{{0,40}})){{0,6}})"
)
_QUOTE = r"[“\"](?P<{0}>[^“”\"\n]{{" + str(LEAST_SAID) + "," + str(MAX_SAID) + r"}})[”\"]"
_NAME = r"[A-Z][\w.'-]{1,40}(?: [A-Z][\w.'-]{0,40}){0,3}"
_ROLE = (
    r"(?P<{0}>(?i:(?:(?:senior|chief|lead|deputy|former|company|press|a|an|the) ){{0,2}}(?:"
    + _ROLES.replace("{", "{{").replace("}", "}}")
    + ")))"
)
_ENGLISH = re.compile(
    # “…,” said NAME, a spokesperson for ORG     “…,” said a spokesperson for ORG
    _QUOTE.format("said1") + rf",? (?:{_SAY}) (?:{_NAME}, )?" + _ROLE.format("role1")
    + r"(?: (?:of|for|at|with) |, )" + _ORG.format("org1")
    # “…,” NAME, a spokesperson for ORG, said     “…,” a spokesperson for ORG said
    + "|" + _QUOTE.format("said2") + rf",? (?:{_NAME}, )?" + _ROLE.format("role2")
    + r"(?: (?:of|for|at|with) |, )" + _ORG.format("org2") + rf",? (?:{_SAY})"
    # NAME, a spokesperson for ORG, said: “…”     A spokesperson for ORG said “…”
    + "|" + _ROLE.format("role3") + r" (?:of|for|at|with) " + _ORG.format("org3")
    + rf"(?: {_NAME})?,? (?:{_SAY})(?: that| in a statement| in an interview)?[:,]? "
    + _QUOTE.format("said3")
    # ORG spokesperson NAME said: “…”
    + "|" + _ORG.format("org4") + " " + _ROLE.format("role4") + rf"(?: {_NAME})? (?:{_SAY})[:,]? "
    + _QUOTE.format("said4")
    # “…,” ORG said in a statement
    + "|" + _QUOTE.format("said5") + ",? " + _ORG.format("org5")
    + r" (?:said|wrote|stated|says)"
    + r" in (?:a|an|its) [a-z ]{0,20}?(?:statement|e-?mail|report|letter|post)"
)  # fmt: skip
_ZH_ROLES = (
    "新闻发言人|发言人|相关负责人|有关负责人|负责人|董事长|总经理|副总经理|首席执行官|总裁|副总裁|创始人"
    "|联合创始人|首席技术官|首席科学家|产品经理|技术总监|总监|CEO|CTO|局长|副局长|部长|主任|院长|教授"
)
_CHINESE = re.compile(
    rf"(?P<org>[A-Za-z0-9一-鿿·()]{{2,30}}?)(?:的)?(?P<role>{_ZH_ROLES})(?:[一-鿿·]{{2,8}}?)?"
    r"(?:在[一-鿿]{1,20}?)?"
    r"(?:表示|称|说|指出|介绍|介绍说|透露|回应称|回应|强调|告诉[一-鿿]{2,10})[,:]{0,2} ?"
    rf"[“\"「](?P<said>[^“”\"「」\n]{{{LEAST_SAID // 2},{MAX_SAID}}})[”\"」]"
)
_NO_ORGANISATION = re.compile(
    r"(?:the )?(?:he|she|they|it|we|i|mr|ms|mrs|dr|january|february|march|april|may|june|july"
    r"|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)


def statements(text: str) -> list[Reading]:
    """Return what people and organisations are quoted with, in order.

    The text is one that `narrow` made; quotation marks in it may be of either kind.
    """
    return list(islice(_all(text), MAX_STATEMENTS))


def _all(text: str) -> Iterator[Reading]:
    for match in _ENGLISH.finditer(text):
        told = {name[:-1]: value for name, value in match.groupdict().items() if value}
        organisation = told["org"].removeprefix("the ").strip(" .,")
        if not _NO_ORGANISATION.match(organisation):
            yield _reading(match, told["said"], told.get("role", ""), organisation)
    for match in _CHINESE.finditer(text):
        yield _reading(match, match["said"], match["role"], match["org"].rpartition(",")[2])


def _reading(match: "re.Match[str]", said: str, role: str, organisation: str) -> Reading:
    start, end = match.span()
    pieces = [
        Piece("said", said.strip(" ,"), start, end, 0.85),
        Piece("organisation", organisation, start, end, 0.8),
    ]
    if role:
        plain = re.sub(r"^(?:a|an|the) ", "", role.strip(), flags=re.IGNORECASE)
        pieces.insert(1, Piece("role", plain, start, end, 0.85))
    return Reading("statement", tuple(pieces))
