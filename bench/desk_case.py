"""A case as large as desks get: the index alone, filled through the functions that fill real ones.

Pages of made-up companies in several languages, each looked at a hundred times; a sentence of each
look is a finding. What the desk shows comes out of the index, so there are no archive files:
nothing here can be verified or replayed.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sousveil.case import Case
from sousveil.changes.looks import Look
from sousveil.index.listed import list_findings, put_fate_of
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


def write_desk_case(root: Path, size: Size) -> Case:
    """Make a case of `size` in the new folder `root`, with an index that is full."""
    case = create_case(root, title="A large case", operator="Bench", now=BEGIN)
    chance = random.Random(1)  # noqa: S311  # text, no secrets
    with open_index(case, create=True) as index:
        sync_index(case, index)
        register = register_of(index)
        told: list[Fate] = []
        for number in range(size.targets):
            with index.transaction():
                watch = _watch(number)
                index.put_watch(watch)
                looks = _looks(index, watch, number, size.captures // size.targets, chance)
                told += [_fate(one, chance) for one in looks]
                list_findings(index, status, register)
        with index.transaction():
            index.put_fates(told)
            put_fate_of(index, told)
        rank(index)
    return case


def _watch(number: int) -> Watch:
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
    index: Index, watch: Watch, number: int, count: int, chance: random.Random
) -> Iterator[Finding]:
    lang = _LANGS[number % len(_LANGS)]
    paragraphs = [_paragraph(lang, chance) for _ in range(PARAGRAPHS)]
    for k in range(count):
        if k % EDITED_EVERY == EDITED_EVERY - 1:
            paragraphs[chance.randrange(PARAGRAPHS)] = _paragraph(lang, chance)
        trait = TRAITS[min(chance.randrange(8), chance.randrange(6))]
        claim = _CLAIMS[lang].format(n=number, k=k, trait=trait)
        at = BEGIN + timedelta(hours=6 * k + number % 6, minutes=number % 60)
        log_index = number * count + k + 1
        look = Look(0, at, Verdict.PRESENT, 0.95, "HTTP 200", log_index, watch.id)
        look_id = index.put_look(look, address=watch.target, status=200)
        record = RecordRef(
            f"archive/{at:%Y/%m}/{log_index}.warc.gz", 512, 20_000, f"<urn:uuid:{log_index}>",
            f"sha256:{log_index:064x}",
        )  # fmt: skip
        capture = Capture(watch.target, at, 200, "text/html", record)
        index.put_capture(capture, look_id)
        document = _document([claim, *paragraphs], lang, number)
        finding = _finding(
            document, claim, trait, watch, capture, log_index=log_index, chance=chance
        )
        (held,) = captures_of_look(index, look_id)
        put_reading(index, held, [finding], cut(document), engine=_ENGINE)
        yield finding


def _paragraph(lang: str, chance: random.Random) -> str:
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


def _fate(finding: Finding, chance: random.Random) -> Fate:
    verdict = chance.choices(
        (Verdict.PRESENT, Verdict.QUOTE_REMOVED, Verdict.EDITED, Verdict.REMOVED), (70, 15, 10, 5)
    )[0]
    at = finding.capture.captured_at
    gone_by = None if verdict is Verdict.PRESENT else at + timedelta(days=chance.randrange(1, 60))
    return Fate(
        finding.id, verdict, 0.9, at, gone_by, None, finding.log_index, "as the bench says",
        first_seen=at,
    )  # fmt: skip


def _id(what: str, number: int) -> str:
    return hashlib.sha256(f"{what} {number}".encode()).hexdigest()[:12]
