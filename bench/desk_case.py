"""A case as large as desks get: the index alone, filled through the functions that fill real ones.

Pages of made-up companies in several languages, each looked at a hundred times; a sentence of each
look is a finding. What the desk shows comes out of the index, so there are no archive files:
nothing here can be verified or replayed.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sousveil.case import Case
from sousveil.changes.looks import Look
from sousveil.index.listed import list_findings, put_fate_of
from sousveil.index.looks import put_capture, put_look, put_watch
from sousveil.index.notices import put_fates
from sousveil.index.query import captures_of_look, register_of
from sousveil.index.readings import put_reading
from sousveil.index.search.passages import cut
from sousveil.index.store import Index
from sousveil.ledger import create_case
from sousveil.model import (
    LABELS,
    Block,
    BlockKind,
    Capture,
    Claim,
    Document,
    Fate,
    Finding,
    Notice,
    RecordRef,
    Source,
    Verdict,
    Watch,
    WatchKind,
)
from sousveil.review.decisions import status
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.ranking import rank

TARGETS, CAPTURES, FINDINGS = 1_000, 100_000, 100_000
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
ACTORS = 60
PARAGRAPHS = 6
NOTICES = 300  # that wait for whoever comes in: of a busy week
EDITED_EVERY = 12  # looks: then a paragraph reads otherwise

TRAITS = ("ethnicity", "emotion", "religion", "politics", "sexuality", "race")
_CLAIMS = {
    "en": "The {n} service returns the {trait} of each face with a confidence, version {k}.",
    "de": "Der Dienst {n} erkennt die Merkmale „{trait}“ jedes Gesichts in Fassung {k}.",
    "zh-Hans": "第{k}版{n}平台支持人脸属性识别，包括民族与{trait}等标签的批量检索。",
    "ar": "تتعرف خدمة {n} على سمة {trait} لكل وجه في الإصدار {k}.",
    "ru": "Сервис {n} определяет признак {trait} каждого лица, версия {k}.",
}
_WORDS = {
    "en": "camera lens stream panel report gate frame update contact price store manual key light"
    " model server driver cable mount image detail support product release notes face",
    "de": "Kamera Linse Strom Tafel Bericht Tor Bild Neuerung Kontakt Preis Lager Handbuch Licht"
    " Modell Rechner Kabel Gestell Einzelheit Hilfe Ware Ausgabe Gesicht",
    "zh-Hans": "摄像 镜头 视频 面板 报告 闸机 图像 更新 联系 价格 灯光 模型 服务 线缆 人脸",
    "ar": "كاميرا عدسة بث لوحة تقرير بوابة إطار تحديث اتصال سعر مخزن دليل ضوء نموذج خادم وجه",
    "ru": "камера линза поток панель отчёт ворота кадр обновление связь цена склад руководство свет"
    " модель сервер кабель деталь поддержка товар выпуск лицо",
}
_LANGS = tuple(_CLAIMS)
_ENGINE = "claims bench"


@dataclass(frozen=True, slots=True)
class Size:
    """How large a case is to be."""

    targets: int = TARGETS
    captures: int = CAPTURES
    findings: int = FINDINGS  # at most one of a capture


def write_desk_case(root: Path, size: Size) -> Case:
    """Make a case of `size` in the new folder `root`, with an index that is full."""
    case = create_case(root, title="A large case", operator="Bench", now=BEGIN)
    chance = random.Random(1)  # noqa: S311  # text, no secrets
    with open_index(case, create=True) as index:
        sync_index(case, index)
        register = register_of(index)
        told: list[tuple[Finding, Fate]] = []
        for number in range(size.targets):
            with index.transaction():
                watch = watch_of(number)
                put_watch(index, watch)
                found = list(_looks(index, watch, number, size, chance))
                told += [(one, fate_of(one, chance)) for one in found]
                list_findings(index, status, register)
        fates = [fate for _, fate in told]
        with index.transaction():
            put_fates(index, fates, [_notice(*one) for one in told[-NOTICES:]])
            put_fate_of(index, fates)
        rank(index)
    return case


def watch_of(number: int) -> Watch:
    """Return the target of this number."""
    actor = number % ACTORS
    return Watch(
        _id("watch", number),
        f"https://maker-{actor:02}.example/{_LANGS[number % len(_LANGS)]}/product-{number}",
        WatchKind.PAGE,
        21_600,
        f"Maker {actor:02}" if actor else None,
        BEGIN,
    )


def _looks(
    index: Index, watch: Watch, number: int, size: Size, chance: random.Random
) -> Iterator[Finding]:
    paragraphs = [_paragraph(number, chance) for _ in range(PARAGRAPHS)]
    count = size.captures // size.targets
    for k in range(count):
        if k % EDITED_EVERY == EDITED_EVERY - 1:
            paragraphs[chance.randrange(PARAGRAPHS)] = _paragraph(number, chance)
        at = BEGIN + timedelta(hours=6 * k + number % 6, minutes=number % 60)
        log_index = number * count + k + 1
        is_claim = log_index * size.findings // size.captures > (
            (log_index - 1) * size.findings // size.captures
        )
        look = Look(0, at, Verdict.PRESENT, 0.95, "HTTP 200", log_index, watch.id)
        yield from put_seen(index, number, look, paragraphs, chance, is_claim=is_claim)


def put_seen(
    index: Index,
    number: int,
    look: Look,
    paragraphs: Sequence[str],
    chance: random.Random,
    *,
    is_claim: bool = True,
) -> Iterator[Finding]:
    """Put a look at a target, what it captured and what that says into the index.

    Yields what is found there: a sentence that is a claim, if it is to be one.
    """
    watch, lang, log_index = watch_of(number), _LANGS[number % len(_LANGS)], look.log_index
    look_id = put_look(index, look, address=watch.target, status=200)
    record = RecordRef(
        f"archive/{look.at:%Y/%m}/{log_index}.warc.gz", 512, 20_000, f"<urn:uuid:{log_index}>",
        f"sha256:{log_index:064x}",
    )  # fmt: skip
    capture = Capture(watch.target, look.at, 200, "text/html", record)
    put_capture(index, capture, look_id)
    trait = TRAITS[min(chance.randrange(8), chance.randrange(6))]
    claim = _CLAIMS[lang].format(n=number, k=log_index % 100, trait=trait)
    document = _document([*([claim] if is_claim else ()), *paragraphs], lang, number)
    found = (
        [_finding(document, claim, trait, watch, capture, log_index=log_index, chance=chance)]
        if is_claim
        else []
    )
    (held,) = captures_of_look(index, look_id)
    put_reading(index, held, found, cut(document), engine=_ENGINE)
    yield from found


def _paragraph(number: int, chance: random.Random) -> str:
    lang = _LANGS[number % len(_LANGS)]
    words = _WORDS[lang].split()
    mark = f"{chance.randrange(10**6)}"
    joint = "" if lang.startswith("zh") else " "
    return joint.join([*(chance.choice(words) for _ in range(45)), mark])


def _document(texts: list[str], lang: str, number: int) -> Document:
    blocks, at = [], 0
    for text in texts:
        blocks.append(Block(at, at + len(text), BlockKind.PARAGRAPH))
        at += len(text) + 1
    return Document(
        "\n".join(texts), tuple(blocks), "html", "utf-8", lang=lang, title=f"Product {number}"
    )


def _finding(
    document: Document,
    quote: str,
    trait: str,
    watch: Watch,
    capture: Capture,
    *,
    log_index: int,
    chance: random.Random,
) -> Finding:
    label = LABELS[min(chance.randrange(6), 3)]
    claim = Claim(
        "ethnicity", trait, label, round(0.5 + chance.random() / 2, 3), 0, len(quote), 0,
        len(quote), ("names a trait beside a face", "speaks of a service"), _ENGINE,
        ("face", "trait", "system"),
    )  # fmt: skip
    source = Source(BlockKind.PARAGRAPH, "Attributes", 1, 1, 0, len(quote), "utf-8")
    return Finding(
        _id("finding", log_index), claim, quote, "", document.text[len(quote) : len(quote) + 80],
        quote, watch.target, document.title, document.lang, None, capture, source, log_index,
        watch.id,
    )  # fmt: skip


def fate_of(finding: Finding, chance: random.Random) -> Fate:
    """Return what became of a finding: most still stand."""
    verdict = chance.choices(
        (Verdict.PRESENT, Verdict.QUOTE_REMOVED, Verdict.EDITED, Verdict.REMOVED), (70, 15, 10, 5)
    )[0]
    at = finding.capture.captured_at
    gone_by = None if verdict is Verdict.PRESENT else at + timedelta(days=chance.randrange(1, 60))
    return Fate(
        finding.id, verdict, 0.9, at, gone_by, None, finding.log_index, "as the bench says",
        first_seen=at,
    )  # fmt: skip


def _notice(finding: Finding, fate: Fate) -> Notice:
    kind: Literal["gone", "found"] = "gone" if fate.gone_by else "found"
    return Notice(
        _id("notice", finding.log_index), fate.gone_by or fate.last_seen, kind,
        "A sentence that people are told.", finding.id, finding.watch_id, finding.log_index,
    )  # fmt: skip


def _id(what: str, number: int) -> str:
    return hashlib.sha256(f"{what} {number}".encode()).hexdigest()[:12]
