"""The nouns: what the stages hand each other.

Frozen values, checked where they are made and trusted afterwards. Times are aware and in UTC.
Digests are text, `sha256:` and 64 hexadecimal digits, as WARC 1.1 and CDXJ write them. Text
offsets count Unicode code points (W3C Web Annotation, TextPositionSelector).
"""

from sousveil.model.capture import (
    RENDERING_TYPE,
    SNAPSHOT_URN,
    Capture,
    Exchange,
    Failure,
    FailureKind,
    Picture,
    RecordRef,
    Rendering,
    TlsSession,
)
from sousveil.model.claims import (
    LABELS,
    Attribution,
    Claim,
    Commit,
    Finding,
    Imprint,
    Label,
    Listing,
    Origin,
    Region,
    Review,
    Source,
    Translation,
)
from sousveil.model.events import Event, Happening, Inquiry, Json, Notice, Turn, Visit
from sousveil.model.fates import GONE, Copy, Fate, Trace, Verdict
from sousveil.model.reports import (
    Area,
    Fault,
    LogHead,
    PictureFile,
    Report,
    Shown,
    Stamp,
    WatchReport,
)
from sousveil.model.text import Block, BlockKind, Box, Document, Run
from sousveil.model.watch import Bounds, Watch, WatchKind

__all__ = [
    "GONE",
    "LABELS",
    "RENDERING_TYPE",
    "SNAPSHOT_URN",
    "Area",
    "Attribution",
    "Block",
    "BlockKind",
    "Bounds",
    "Box",
    "Capture",
    "Claim",
    "Commit",
    "Copy",
    "Document",
    "Event",
    "Exchange",
    "Failure",
    "FailureKind",
    "Fate",
    "Fault",
    "Finding",
    "Happening",
    "Imprint",
    "Inquiry",
    "Json",
    "Label",
    "Listing",
    "LogHead",
    "Notice",
    "Origin",
    "Picture",
    "PictureFile",
    "RecordRef",
    "Region",
    "Rendering",
    "Report",
    "Review",
    "Run",
    "Shown",
    "Source",
    "Stamp",
    "TlsSession",
    "Trace",
    "Translation",
    "Turn",
    "Verdict",
    "Visit",
    "Watch",
    "WatchKind",
    "WatchReport",
]
