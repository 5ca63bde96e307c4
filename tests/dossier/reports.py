"""A made-up report: made-up companies, every kind of loss, hostile text; for tests and pictures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sousveil.model import (
    BlockKind,
    Capture,
    Claim,
    Commit,
    Fate,
    Finding,
    Label,
    LogHead,
    RecordRef,
    Report,
    Source,
    Verdict,
    Visit,
    Watch,
    WatchKind,
    WatchReport,
)

MADE_AT = datetime(2026, 11, 23, 6, 53, tzinfo=UTC)
FIRST_LOOK = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SECOND_LOOK = datetime(2026, 11, 20, 8, 4, tzinfo=UTC)

OVERRIDE = "\u202e"
HOSTILE_PASSAGE = (
    "<script>alert(1)</script><img src=https://tracker.example/x onerror=alert(2)> "
    f"ethnicity {OVERRIDE}gnp.exe\u2066 \x00\x07 \ud800 ]]> --> &lt;b&gt; {{{{ 7*7 }}}} "
    "\" onmouseover='alert(3)' " + "Z͑ͫ̓ͪ̂ͫ" * 5 + "W" * 300
)
HOSTILE_URL = 'javascript:alert(document.cookie)//"><script src=https://tracker.example/y></script>'


def digest(text: str) -> str:
    return "sha256:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def finding(
    quote: str,
    passage: str,
    *,
    url: str,
    label: Label = "offers",
    actor: str | None = "Halcyon Vision",
    lang: str = "en",
    title: str = "",
    score: float = 0.94,
    source: Source | None = None,
    log_index: int = 3,
    watch_id: str | None = None,
    trait: str = "ethnicity",
) -> Finding:
    """A finding whose quote stands in `passage`; its id follows from its address and words."""
    start = passage.index(quote)
    warc = f"archive/2026/11/20261102-080000-{log_index:04d}.warc.gz"
    record_id = digest(url + "record")[7:39]
    return Finding(
        id=digest(url + quote)[7:19],
        claim=Claim(
            topic="ethnicity",
            trait=trait,
            label=label,
            score=score,
            start=1_200 + start,
            end=1_200 + start + len(quote),
            passage_start=1_200,
            passage_end=1_200 + len(passage),
            reasons=("names an ethnic group as an output", "the page's owner speaks"),
            engine="claims 0.1.0, ethnicity 1",
        ),
        quote=quote,
        prefix=passage[max(0, start - 32) : start],
        suffix=passage[start + len(quote) :][:32],
        passage=passage,
        url=url,
        title=title,
        lang=lang,
        actor=actor,
        capture=Capture(
            url=url,
            captured_at=FIRST_LOOK + timedelta(seconds=log_index),
            status=200,
            media_type="text/html",
            record=RecordRef(warc, 1_893, 20_411, f"<urn:uuid:{record_id}>", digest(passage)),
        ),
        source=source
        or Source(BlockKind.PARAGRAPH, "Products › Faces", 88, 90, 4_120, 4_210, "utf-8"),
        log_index=log_index,
        watch_id=watch_id,
    )


def commit(name: str, when: datetime, message: str) -> Commit:
    return Commit(sha256(name.encode()).hexdigest()[:40], when, when, message)


ENTERED = commit("enter", datetime(2019, 3, 4, 2, 11, tzinfo=UTC), "feat: 人脸属性 v2\n")
CITED = commit("cited", datetime(2020, 11, 30, 9, 1, tzinfo=UTC), "Bump version to 2.8.1\n")
LEFT = commit(
    "left",
    datetime(2020, 12, 11, 3, 27, tzinfo=UTC),
    "chore: tidy up unused fields\n\nNo functional change.\n",
)
IN_GIT = Source(
    BlockKind.CODE,
    "class FaceAttribute",
    41,
    43,
    1_204,
    1_290,
    "utf-8",
    path="sdk/src/main/java/example/面部/FaceAttribute.java",
    blob=sha256(b"blob").hexdigest()[:40],
    commit=CITED,
    entered=ENTERED,
    left=LEFT,
)

EDITED = finding(
    "recognises the ethnicity of each visitor (Uyghur / non-Uyghur)",
    "Halcyon Gate reads age, sex and mood at up to forty faces a second. It recognises the "
    "ethnicity of each visitor (Uyghur / non-Uyghur) and raises an alarm within 0.3 seconds. "
    "Records are kept for ninety days.",
    url="https://halcyon-vision.example/products/gate?region=cn&lang=en",
    title="Halcyon Gate: know who walks in",
    watch_id="aaaaaaaaaaaa",
    log_index=4,
)
REMOVED = finding(
    "支持识别人员的民族属性（维吾尔族、藏族、汉族等）",
    "云镜人脸分析平台提供年龄、性别、表情等二十余种属性的结构化输出。系统支持识别人员的民族属性"
    "（维吾尔族、藏族、汉族等），并可按民族进行布控与告警。适用于车站、社区、校园等场景。",
    url="https://yunjing.example/产品/人脸分析.html",
    title="人脸分析平台 - 云镜智能",
    actor="云镜智能 Yunjing Intelligence",
    lang="zh-Hans",
    score=0.97,
    watch_id="bbbbbbbbbbbb",
    log_index=5,
)
IN_HISTORY = finding(
    "/** 0: unknown, 1: Han, 2: Uyghur, 3: other */\n    private int minority;",
    "    private int age;\n    /** 0: unknown, 1: Han, 2: Uyghur, 3: other */\n"
    "    private int minority;\n    private float blur;\n",
    url="https://git.yunjing.example/open/face-sdk.git",
    actor="云镜智能 Yunjing Intelligence",
    lang="code",
    source=IN_GIT,
    watch_id="cccccccccccc",
    log_index=6,
)
WENT_ALONG = finding(
    'setMinorityEnabled(boolean on) // "民族" in the result',
    '    public void setMinorityEnabled(boolean on) // "民族" in the result\n    { use(on); }\n',
    url=IN_HISTORY.url,
    actor=IN_HISTORY.actor,
    lang="code",
    source=replace(IN_GIT, path="sdk/src/main/java/example/Options.java", line=112, end_line=112),
    watch_id="cccccccccccc",
    log_index=6,
)
UNREACHABLE = finding(
    "Vendor shall supply ethnicity classification with an accuracy of 85 % or better",
    "4.2.7 Vendor shall supply ethnicity classification with an accuracy of 85 % or better, "
    "measured on footage of the buyer.",
    url="http://tenders.northgate.example/2026/113.html",
    title="Tender 113: cameras for the ring road",
    actor="Northgate Transport Authority",
    watch_id="dddddddddddd",
    log_index=7,
)
UYGHUR = finding(
    "كامېرا سىستېمىسى كىشىلەرنىڭ مىللىتىنى ئايرىيدۇ",
    "خەۋەرگە قارىغاندا، Halcyon Gate 3.0 ناملىق كامېرا سىستېمىسى كىشىلەرنىڭ مىللىتىنى ئايرىيدۇ. "
    "شىركەت بۇ ھەقتە ئىنكاس قايتۇرمىدى.",
    url="https://xewer.example/2026/11/kamera",
    title="كامېرا ۋە مىللەت",
    actor="Xewer Daily",
    lang="ug",
    label="reports",
    log_index=8,
)
DENIAL = finding(
    "does not infer ethnicity, religion or political opinion",
    "Our software does not infer ethnicity, religion or political opinion, and never has.",
    url="https://halcyon-vision.example/about/ethics",
    title="Our principles",
    label="denies",
    score=0.81,
    watch_id="eeeeeeeeeeee",
    log_index=9,
)
DISCUSSION = finding(
    "「以臉部影像推斷族裔」應予禁止",
    "本委員會認為，「以臉部影像推斷族裔」應予禁止，並應建立申訴機制。",
    url="https://council.example/opinion/12",
    title="第十二號意見",
    lang="zh-Hant",
    label="discusses",
    actor=None,
    score=0.66,
    log_index=10,
)
HOSTILE = finding(
    "ethnicity \u202egnp.exe\u2066",
    HOSTILE_PASSAGE,
    url=HOSTILE_URL,
    title=f"</title><script>alert(4)</script>{OVERRIDE}",
    actor="<b onclick=alert(5)>Bad & Co</b>" + OVERRIDE,
    lang='en" onload="alert(6)',
    log_index=11,
    source=replace(
        IN_GIT,
        path="a'; touch /tmp/pwned; echo '\n<script>.py",
        left=None,
        entered=None,
        commit=replace(CITED, message="<script>alert(7)</script>" + OVERRIDE),
    ),
)

EDITED_TO = (
    "Halcyon Gate reads age, sex and mood at up to sixty faces a second. It recognises each "
    "registered visitor and raises an alarm within 0.3 seconds. Records are kept for ninety days."
)


def fates() -> dict[str, Fate]:
    seen = FIRST_LOOK + timedelta(days=16, minutes=3)
    return {
        EDITED.id: Fate(
            EDITED.id, Verdict.EDITED, 0.9, seen, SECOND_LOOK, EDITED_TO, 15,
            "reworded between 2026-11-18 08:03:00 and 2026-11-20 08:04:00 UTC: the page is there "
            "(HTTP 200), the sentence changed",
        ),
        REMOVED.id: Fate(
            REMOVED.id, Verdict.REMOVED, 0.8, seen, SECOND_LOOK + timedelta(seconds=9), None, 16,
            "gone between 2026-11-18 08:03:00 and 2026-11-20 08:04:09 UTC: the address answered "
            "HTTP 404",
        ),
        IN_HISTORY.id: Fate(
            IN_HISTORY.id, Verdict.QUOTE_REMOVED, 1.0, CITED.authored_at, LEFT.authored_at, None,
            6, f"left in commit {LEFT.id[:12]}",
        ),
        WENT_ALONG.id: Fate(
            WENT_ALONG.id, Verdict.QUOTE_REMOVED, 1.0, CITED.authored_at, LEFT.authored_at, None,
            6, f"left in commit {LEFT.id[:12]}",
        ),
        UNREACHABLE.id: Fate(
            UNREACHABLE.id, Verdict.UNREACHABLE, 0.9, seen, None, None, 17,
            "cannot be told since 2026-11-20 08:05 UTC: no answer within 30 seconds",
        ),
        DENIAL.id: Fate(DENIAL.id, Verdict.PRESENT, 0.95, SECOND_LOOK, None, None, None, ""),
    }  # fmt: skip


def held_fate() -> Fate:
    """The edit as it is told before it is confirmed."""
    return replace(
        fates()[EDITED.id],
        verdict=Verdict.UNKNOWN,
        confidence=0.3,
        evidence="last seen 2026-11-18 08:03:00, missing since 2026-11-20 08:04:00 UTC: the page"
        " has another sentence there (HTTP 200); held, since one answer proves nothing",
        pending=Verdict.EDITED,
        due=SECOND_LOOK + timedelta(days=2),
        looks_left=1,
    )


def watched(
    found: Finding, kind: WatchKind, last: Verdict, outcome: str, last_entry: int
) -> WatchReport:
    """A watch with nine quiet visits, a failed one, and `last`."""
    watch_id = found.watch_id or ""
    visits = [
        Visit(
            watch_id,
            FIRST_LOOK + timedelta(days=2 * number, minutes=number),
            Verdict.UNREACHABLE if number == 4 else Verdict.PRESENT,
            "name not found" if number == 4 else "HTTP 200",
            None if number == 4 else 200,
            (found.capture,) if number == 0 else (),
            number,
        )
        for number in range(9)
    ]
    visits.append(Visit(watch_id, SECOND_LOOK, last, outcome, None, (), last_entry))
    watch = Watch(watch_id, found.url, kind, 172_800, found.actor, FIRST_LOOK)
    return WatchReport(watch, tuple(visits))


def made_up_report() -> Report:
    """The whole made-up case: nine findings, five watches."""
    return Report(
        title="Gates that sort people: four vendors, eighteen days",
        operator="A made-up research desk",
        made_at=MADE_AT,
        software="sousveil 0.1.0",
        watches=(
            watched(EDITED, WatchKind.PAGE, Verdict.PRESENT, "HTTP 200", 15),
            watched(REMOVED, WatchKind.PAGE, Verdict.REMOVED, "HTTP 404", 16),
            watched(IN_HISTORY, WatchKind.REPOSITORY, Verdict.PRESENT, "412 commits read", 13),
            watched(UNREACHABLE, WatchKind.PAGE, Verdict.UNREACHABLE, "no answer in 30 s", 17),
            watched(DENIAL, WatchKind.PAGE, Verdict.PRESENT, "HTTP 200", 14),
        ),
        findings=(
            EDITED, REMOVED, IN_HISTORY, WENT_ALONG, UNREACHABLE, UYGHUR, DENIAL, DISCUSSION,
            HOSTILE,
        ),
        fates=fates(),
        log=LogHead(
            origin="sousveil.case/00112233aabbccdd",
            size=18,
            root="47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            key="sousveil.case/00112233aabbccdd+0a1b2c3d+AbcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ",
            checkpoint="sousveil.case/00112233aabbccdd\n18\n"
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
            "— sousveil.case/00112233aabbccdd Az3grl8Bn5Zr2pQ0\n",
        ),
        faults=(),
    )  # fmt: skip
