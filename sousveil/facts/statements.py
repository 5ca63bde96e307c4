"""Statements of people who speak for an organisation: what they said, in which role, for whom.

Takes text that `reading.narrow` made and gives statements with spans: each quotation with what
stands right before or behind it, a verb of saying and who spoke. The name of who speaks is kept
nowhere but inside the quote: what counts is that an organisation said it. Whoever is told to speak
for nobody is left out, and so is what an organisation said without a word that tells it from a
person's name ("Systems", "University", "in a statement").
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from sousveil.facts.reading import Piece, Reading

MAX_STATEMENTS = 100  # of one text
MAX_QUOTATIONS = 5_000  # looked at
MAX_SAID = 600  # characters between quotation marks
LEAST_SAID = 12  # of them: shorter ones are words in quotation marks
LEAST_SAID_CHINESE = 6
REACH = 160  # characters before and behind a quotation in which somebody is told to have said it

_ROLES = (
    r"spokes(?:man|woman|person|people)|representative|chief executive(?: officer)?|c[etfoi]o"
    r"|(?:senior |executive )?vice[ -]president|president|chair(?:man|woman|person)?"
    r"|(?:[a-z]{4,12} )?director"
    r"|(?:general|product|project|sales|country|communications|press) manager|(?:co-)?founder"
    r"|head of [a-z]{2,16}(?: [a-z]{2,12}){0,2}?|chief [a-z]{3,14} officer|(?:police )?chief"
    r"|(?:[a-z]{3,10} )?minister|commissioner|(?:press|privacy|communications) officer|executive"
    r"|(?:lead |senior |chief )?(?:researcher|scientist|engineer|analyst|lawyer|adviser|advisor)"
    r"|(?:general )?counsel|official|(?:assistant |associate )?professor|lecturer|fellow|mayor"
    r"|governor|ambassador|secretary|superintendent|inspector|senator|dean|partner|member"
)
_BEFORE_ROLE = (
    r"(?:(?:an?|the|its|their|our|one|senior|deputy|former|company|then|acting|group) ){0,3}"
)
_ROLE = rf"{_BEFORE_ROLE}(?P<role>(?i:{_ROLES}))(?: and (?i:{_ROLES}))?"
_SAY = (
    r"(?:also |later |has |had |have )?(?:said|says|told [^,.“”\":;]{2,40}?|stated|states|added"
    r"|adds|wrote|writes|explained|explains|declared|announced|confirmed|insisted|insists|claimed|claims|denied"
    r"|acknowledged|conceded|admitted|noted|notes|argued|argues|replied|responded|commented|warned"
    r"|tweeted|posted|testified|promised|maintained|emphasised|emphasized|stressed|recalled|saying)"
)
_WORD = r"[A-Z0-9][\w&'-]{0,40}(?:\.(?:[a-z]{2,3})\b)?"
_ORG = rf"(?:[Tt]he |[Aa]n? )?(?P<org>{_WORD}(?: (?:of|for|the|and|&|on|{_WORD})){{0,7}})"
_OWNER = rf"(?:[Tt]he )?(?P<org>{_WORD}(?: {_WORD}){{0,4}}?)(?:['’]s|['’])"
_NAME = (
    r"(?:(?:Mr|Ms|Mrs|Dr|Prof)\.? )?[A-Z][\w'-]{1,40}"
    r"(?: (?:[A-Z][\w'-]{0,40}|[A-Z]\.|van|de|bin|al)){0,3}"
)
_MEDIUM = (
    r"(?: (?:in|on|via|at|through) (?:an?|its|the|their) (?:[a-z-]{2,14} ){0,2}"
    r"(?:statement|e-?mail|report|letter|post|blog|website|interview|filing|response|press release"
    r"|release|message|hearing|conference|briefing|tweet))"
)
_WHEN = r"(?: (?:on|in|last|this|at|to) [A-Za-z0-9 ]{2,24}?)?"
# Words that only organisations are called by.
_IS_ORGANISATION = re.compile(
    r"\b(?:Inc|Ltd|Limited|LLC|LLP|Corp|Corporation|Company|Co|GmbH|AG|SA|PLC|plc|BV|Group|Holdings?"
    r"|Tech|Technolog(?:y|ies)|Systems?|Solutions?|Labs?|Laborator(?:y|ies)|Networks?|Software"
    r"|Electronics|Vision|Optics|Imaging|Robotics|Cloud|AI|Analytics|Data|Security|Sensors?|Digital"
    r"|Biometrics|Industries|Partners|Ventures|Telecom|Semiconductors?|Universit(?:y|ies)|Institute"
    r"|College|School|Academy|Ministry|Department|Police|Constabulary|Bureau|Office|Agency|Authority"
    r"|Council|Commission|Committee|Association|Foundation|Federation|Union|Alliance|Coalition|Bank"
    r"|Court|Government|Embassy|Parliament|Centre|Center|Watch|Trust|Board|Society|International"
    r"|Airport|Railways?|Transport|Service|Services|Force|Court|Consortium|Forum|News|Media)\b"
    r"|\A[A-Z]{2,6}\Z"
)
_NO_ORGANISATION = re.compile(
    r"(?:the )?(?:he|she|they|it|we|i|mr|ms|mrs|dr|january|february|march|april|may|june|july"
    r"|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday|in|on|at|but|and|as|when|after|if)\b",
    re.IGNORECASE,
)
# Those who may speak for a single person, too.
_FOR_ANYBODY = re.compile(
    r"(?i:.*(?:lawyer|counsel|representative|partner|member|advis[eo]r|fellow))"
)
_OF = r"(?:,? (?:of|for|at|with|from) |(?P<comma>, ))"
_OFFICIAL = (
    r"(?:said )?(?:the|a|an) (?P<role>(?:[a-z]{3,10} )?minister|spokes(?:man|woman|person))"
    rf"(?: said\b|{_WHEN}[.,])"
)
_IN_A_STATEMENT = (
    r"(?P<medium>\bIn (?:an?|its) [a-z -]{0,24}?(?:statement|e-?mail|post|letter)[a-z ]{0,30}, )"
    rf"{_ORG} {_SAY}"
)
# Compiled when the first quotation is met: that takes as long as many commands.
_BEHIND = tuple(
    r",? " + form
    for form in (
        rf"{_SAY}(?: {_NAME},)? {_OWNER} {_ROLE}\b",  # said NAME, ORG's ROLE
        rf"(?:{_NAME}, )?{_OWNER} {_ROLE}\b(?:,? {_NAME},?)? {_SAY}\b",  # ORG's ROLE, NAME, said
        rf"{_SAY}(?: {_NAME},)? {_ROLE}{_OF}{_ORG}",  # said NAME, a ROLE of ORG
        rf"(?:{_NAME}, )?{_ROLE}{_OF}{_ORG}(?:,? {_NAME})?,? {_SAY}\b",  # NAME, a ROLE of ORG, said
        rf"{_SAY} {_ORG} {_ROLE}\b(?: {_NAME})?",  # said ORG ROLE NAME
        rf"{_ORG} {_ROLE}\b(?:,? {_NAME},?)? {_SAY}\b",  # ORG ROLE NAME said
        _OFFICIAL,  # said the interior minister, and the reverse
        rf"{_SAY} {_ORG}(?P<medium>{_MEDIUM})?",  # said ORG in a statement
        rf"{_ORG} {_SAY}\b(?P<medium>{_MEDIUM})?",  # ORG said in a statement
    )
)
_START = r"(?:\A|(?<=[\s(]))"
_BEFORE = tuple(
    form + r"(?: that)?[:,]? ?\Z"
    for form in (
        rf"{_START}{_OWNER} {_ROLE}\b(?:,? {_NAME},?)? {_SAY}{_MEDIUM}?{_WHEN}",
        rf"\b{_ROLE}{_OF}{_ORG}(?:,? {_NAME})?,? {_SAY}{_MEDIUM}?{_WHEN}",
        rf"{_START}{_ORG} {_ROLE}\b(?:,? {_NAME},?)? {_SAY}{_MEDIUM}?{_WHEN}",
        rf"[Aa]ccording to (?:an?|the) {_ORG} {_ROLE}\b(?: {_NAME})?",
        rf"[Aa]ccording to (?:{_NAME}, )?{_ROLE}{_OF}{_ORG}",
        _IN_A_STATEMENT,
        rf"(?:\A|(?<=[.!?\n] )|(?<=\n)){_ORG} {_SAY}(?P<medium>{_MEDIUM})?{_WHEN}",
    )
)
_QUOTATION = re.compile(
    rf"[“\"「『](?P<said>[^“”\"「」『』\n]{{{LEAST_SAID_CHINESE},{MAX_SAID}}})[”\"」』]"
)
_ZH_ROLES = (
    "(?:新闻|官方)?发言人|(?:相关|有关|主要|项目|技术|产品|业务)?负责人|(?:副)?董事长|(?:副)?总经理"
    "|首席[一-鿿]{2,4}官|首席科学家|(?:副)?总裁|(?:联合)?创始人|(?:产品|项目|销售|技术|区域|市场|品牌|公关|运营|研发|法务|安全)?(?:经理|总监)"
    "|C[ET]O|(?:副)?(?:支队|大队|中队|总队)长|(?:副|党委)?(?:局长|部长|主任|院长|校长|厅长|处长|科长|所长)"
    "|(?:副|党委)?(?:县长|市长|区长|镇长|书记|主席|会长|秘书长|政委)"
    "|(?:副)?教授|研究员|(?:总|高级)?工程师|专家|代表|民警|工作人员|律师"
)
_ZH_SAY = (
    "(?:对[一-鿿]{2,8}|向[一-鿿]{2,8}|在[^,。“”]{1,20}?[中上里时]?)?"
    "(?:表示|指出|介绍说?|透露|回应称?|回复称?|强调|告诉[一-鿿]{2,10}|解释称?|声明称?|坦言|写道|补充道?"
    "|认为|称|说道?|否认称?)"
)
# What a Chinese organisation's name ends with.
_ZH_ENDING = (
    "公司|科技|集团|股份|大学|学院|研究院|研究所|实验室|公安局|分局|局|厅|委员会|委|部|政府|法院|检察院"
    "|支队|大队|总队|中心|协会|学会|办公室|银行|医院|报社|平台|基金会|大使馆|领事馆|技术|智能|数据|信息"
    "|网络|电子|软件|官方|厂商|企业"
)
_ZH_SPEAKER = (
    rf"(?P<org>[A-Za-z0-9一-鿿·()]{{2,30}}?)的?(?P<role>{_ZH_ROLES})[一-鿿·]{{0,6}}?{_ZH_SAY}"
)
_ZH_BODY = rf"(?P<org>[A-Za-z0-9一-鿿·()]{{0,24}}?(?:{_ZH_ENDING})){_ZH_SAY}"
_ZH_START = r"(?:\A|(?<=[\s,。;:!?、”]))据?"
_ZH_BEFORE = tuple(rf"{_ZH_START}{form}[,:]{{0,2}} ?\Z" for form in (_ZH_SPEAKER, _ZH_BODY))
_ZH_BEHIND = tuple(rf"[,。]?{form}" for form in (_ZH_SPEAKER, _ZH_BODY))
_ZH_NOBODY = re.compile(r"居民|村民|市民|网友|邻居|群众|记者|他|她|我|据|该|所谓")


def statements(text: str) -> list[Reading]:
    """Return what people and organisations are quoted with, in order.

    The text is one that `narrow` made; quotation marks in it may be of either kind.
    """
    return list(islice(_all(text), MAX_STATEMENTS))


def _all(text: str) -> Iterator[Reading]:
    told = 0  # where the words about who said the last one end
    for quotation in islice(_QUOTATION.finditer(text), MAX_QUOTATIONS):
        is_chinese = _is_chinese(quotation["said"])
        if not is_chinese and len(quotation["said"]) < LEAST_SAID:
            continue
        one = _said_by(text, quotation, told, is_chinese=is_chinese)
        if one is not None:
            told = one.pieces[0].end
            yield one


def _said_by(
    text: str, quotation: "re.Match[str]", told: int, *, is_chinese: bool
) -> Reading | None:
    """Return a quotation as a statement where somebody is told to have said it, right beside it."""
    start, end = quotation.span()
    stop = text.find("\n", end, end + REACH)
    stop = min(len(text), end + REACH) if stop < 0 else stop
    for form in _ZH_BEHIND if is_chinese else _BEHIND:
        match = _compiled(form).match(text, end, stop)
        if match and _is_somebody(match, is_chinese=is_chinese):
            return _reading(quotation, match, (start, match.end()))
    low = max(told, start - REACH, text.rfind("\n", max(0, start - REACH), start) + 1)
    before = text[low:start]
    for form in _ZH_BEFORE if is_chinese else _BEFORE:
        match = _compiled(form).search(before)
        if match and _is_somebody(match, is_chinese=is_chinese):
            return _reading(quotation, match, (low + match.start(), end))
    return None


@cache
def _compiled(form: str) -> "re.Pattern[str]":
    return re.compile(form)


def _is_somebody(match: "re.Match[str]", *, is_chinese: bool) -> bool:
    """Whether who spoke is an organisation, or speaks for one."""
    told = match.groupdict()
    organisation = told.get("org") or ""
    if is_chinese:
        return _ZH_NOBODY.match(organisation) is None
    if not organisation:
        return bool(told.get("role"))
    if _NO_ORGANISATION.match(organisation):
        return False
    role = told.get("role") or ""
    is_sure = bool(role or told.get("medium"))
    is_doubtful = bool(told.get("comma") or _FOR_ANYBODY.match(role))
    return (is_sure and not is_doubtful) or _IS_ORGANISATION.search(organisation) is not None


def _reading(quotation: "re.Match[str]", match: "re.Match[str]", span: tuple[int, int]) -> Reading:
    told = match.groupdict()
    pieces = [Piece("said", quotation["said"].strip(" ,"), *span, 0.85)]
    if role := told.get("role"):
        pieces.append(Piece("role", role.strip(), *span, 0.85))
    if organisation := told.get("org"):
        pieces.append(Piece("organisation", organisation.strip(" .,"), *span, 0.8))
    return Reading("statement", tuple(pieces))


def _is_chinese(text: str) -> bool:
    return any("一" <= sign <= "鿿" for sign in text)
