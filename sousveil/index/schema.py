"""The index's tables (SQLite, STRICT but for the words of the search), and their version.

Statements end with a semicolon, and hold no other; triggers, which do, stand apart. An index of
another version is not mended but made again, from the case.
"""

SCHEMA_VERSION = 14

SCHEMA = """
CREATE TABLE event (idx INTEGER PRIMARY KEY, type TEXT NOT NULL, time TEXT NOT NULL,
    body BLOB NOT NULL, warc TEXT, warc_sha256 TEXT) STRICT;
CREATE INDEX event_by_type ON event (type);
CREATE TABLE watch (id TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE look (id INTEGER PRIMARY KEY, log_index INTEGER NOT NULL, watch_id TEXT,
    address TEXT NOT NULL, at TEXT NOT NULL, verdict TEXT NOT NULL, confidence REAL NOT NULL,
    outcome TEXT NOT NULL, status INTEGER, is_shown INTEGER NOT NULL, exit TEXT NOT NULL,
    dated TEXT, came BLOB) STRICT;
CREATE INDEX look_by_address ON look (address, at);
CREATE INDEX look_by_watch ON look (watch_id, log_index);
CREATE TABLE aside (id INTEGER PRIMARY KEY, look_id INTEGER NOT NULL, log_index INTEGER NOT NULL,
    role TEXT NOT NULL, url TEXT NOT NULL, host TEXT NOT NULL, exit TEXT NOT NULL, at TEXT NOT NULL,
    data BLOB NOT NULL, came BLOB, standing BLOB) STRICT;
CREATE INDEX aside_by_look ON aside (look_id);
CREATE INDEX aside_by_host ON aside (host, role, at);
CREATE TABLE standing (finding_id TEXT NOT NULL, look_id INTEGER NOT NULL, standing TEXT NOT NULL,
    after TEXT, is_sought INTEGER NOT NULL,
    PRIMARY KEY (finding_id, look_id)) STRICT, WITHOUT ROWID;
CREATE INDEX standing_by_look ON standing (look_id);
CREATE TABLE told (address TEXT NOT NULL, watch_id TEXT NOT NULL, data BLOB NOT NULL, due TEXT,
    looks_left INTEGER NOT NULL, is_quiet INTEGER NOT NULL,
    PRIMARY KEY (address, watch_id)) STRICT, WITHOUT ROWID;
CREATE INDEX told_by_due ON told (due) WHERE due NOT NULL;
CREATE TABLE stale (address TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE capture (id INTEGER PRIMARY KEY, look_id INTEGER NOT NULL, url TEXT NOT NULL,
    captured_at TEXT NOT NULL, status INTEGER, media_type TEXT NOT NULL, warc TEXT NOT NULL,
    offset INTEGER NOT NULL, length INTEGER NOT NULL, record_id TEXT NOT NULL, digest TEXT NOT NULL,
    engine TEXT, note TEXT, payload_digest TEXT NOT NULL, refers_to BLOB,
    former_engine TEXT) STRICT;
CREATE INDEX capture_by_look ON capture (look_id);
CREATE INDEX capture_by_time ON capture (captured_at, id);
CREATE TABLE original (watch_id TEXT NOT NULL, payload_digest TEXT NOT NULL, url TEXT NOT NULL,
    captured_at TEXT NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (watch_id, payload_digest, url)) STRICT, WITHOUT ROWID;
CREATE TABLE sighting (finding_id TEXT NOT NULL, capture_id INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (finding_id, capture_id)) STRICT;
CREATE INDEX sighting_by_capture ON sighting (capture_id);
CREATE TABLE fate (finding_id TEXT PRIMARY KEY, data BLOB NOT NULL, stood_at INTEGER) STRICT;
CREATE TABLE review (finding_id TEXT NOT NULL, log_index INTEGER NOT NULL, person TEXT NOT NULL,
    standing INTEGER NOT NULL, decision TEXT NOT NULL, label TEXT NOT NULL, trait TEXT NOT NULL,
    data BLOB NOT NULL, finding BLOB NOT NULL,
    PRIMARY KEY (finding_id, log_index)) STRICT, WITHOUT ROWID;
CREATE INDEX review_by_person ON review (person, standing, log_index);
CREATE INDEX review_by_entry ON review (log_index, standing, decision, label, trait, person);
CREATE TABLE translation (log_index INTEGER PRIMARY KEY, quote_sha256 TEXT NOT NULL,
    person TEXT NOT NULL, data BLOB NOT NULL) STRICT;
CREATE INDEX translation_by_quote ON translation (quote_sha256);
CREATE TABLE queue (finding_id TEXT PRIMARY KEY, kin TEXT NOT NULL, worth REAL NOT NULL,
    readings INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX queue_by_worth ON queue (readings, worth DESC, finding_id);
CREATE INDEX queue_by_kin ON queue (kin, readings, worth DESC, finding_id);
CREATE TABLE former (finding_id TEXT NOT NULL, capture_id INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (finding_id, capture_id)) STRICT, WITHOUT ROWID;
CREATE TABLE pace (watch_id TEXT PRIMARY KEY, data BLOB NOT NULL, base BLOB) STRICT;
CREATE TABLE retired (watch_id TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE unchanged (look_id INTEGER PRIMARY KEY, address TEXT NOT NULL, watch_id TEXT NOT NULL,
    at TEXT NOT NULL, log_index INTEGER NOT NULL, count INTEGER NOT NULL) STRICT;
CREATE TABLE notice (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    finding_id TEXT, watch_id TEXT, data BLOB NOT NULL) STRICT;
CREATE INDEX notice_by_finding ON notice (finding_id, number);
CREATE INDEX notice_by_kind ON notice (kind);
CREATE INDEX notice_by_watch ON notice (watch_id, number);
CREATE TABLE happening (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    watch_id TEXT NOT NULL, log_index INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE history (watch_id TEXT NOT NULL, subject TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (watch_id, subject)) STRICT, WITHOUT ROWID;
CREATE TABLE heard (upto INTEGER NOT NULL) STRICT;
CREATE TABLE passage (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, address TEXT NOT NULL,
    host TEXT NOT NULL, part TEXT, kind TEXT NOT NULL, lang TEXT NOT NULL,
    text TEXT NOT NULL) STRICT;
CREATE TABLE passage_in (passage_id INTEGER NOT NULL, capture_id INTEGER NOT NULL,
    start INTEGER NOT NULL, PRIMARY KEY (passage_id, capture_id)) STRICT, WITHOUT ROWID;
CREATE INDEX passage_in_by_capture ON passage_in (capture_id);
CREATE TABLE quoted_in (passage_id INTEGER NOT NULL, finding_id TEXT NOT NULL,
    capture_id INTEGER NOT NULL,
    PRIMARY KEY (passage_id, finding_id, capture_id)) STRICT, WITHOUT ROWID;
CREATE INDEX quoted_in_by_finding ON quoted_in (finding_id);
CREATE INDEX quoted_in_by_capture ON quoted_in (capture_id);
CREATE VIRTUAL TABLE word USING fts5 (said, content = '', tokenize = 'ascii');
CREATE TABLE finding (id TEXT PRIMARY KEY, capture_id INTEGER NOT NULL, address TEXT NOT NULL,
    host TEXT NOT NULL, topic TEXT NOT NULL, trait TEXT NOT NULL, label TEXT NOT NULL,
    score REAL NOT NULL, lang TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT, watch_id TEXT,
    first_seen TEXT NOT NULL, gone_by TEXT, state TEXT NOT NULL, decided TEXT NOT NULL,
    readings INTEGER NOT NULL, attribution BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX finding_by_time ON finding (first_seen, id, label, trait, actor, host, lang, kind,
    state, decided, readings, watch_id, topic);
CREATE INDEX finding_by_actor ON finding (actor, trait, label, state, decided, readings);
CREATE INDEX finding_by_watch ON finding (watch_id);
CREATE INDEX finding_by_lang ON finding (lang);
CREATE INDEX finding_by_host ON finding (host);
CREATE INDEX finding_by_loss ON finding (gone_by, id, state, label, trait, actor, host, lang, kind,
    decided, readings, watch_id) WHERE gone_by NOT NULL;
CREATE INDEX finding_by_trait ON finding (trait, label);
CREATE INDEX finding_disputed ON finding (id, readings) WHERE decided = 'disputed';
CREATE TABLE finding_count (actor TEXT NOT NULL, trait TEXT NOT NULL, label TEXT NOT NULL,
    state TEXT NOT NULL, decided TEXT NOT NULL, readings INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    PRIMARY KEY (actor, trait, label, state, decided, readings)) STRICT, WITHOUT ROWID;
CREATE TABLE finding_day (day TEXT PRIMARY KEY, claimed INTEGER NOT NULL,
    lost INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE unlisted (finding_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE listed_by (register TEXT NOT NULL) STRICT;
CREATE TABLE edition (capture_id INTEGER PRIMARY KEY, urls BLOB NOT NULL) STRICT;
CREATE TABLE candidate (fact_id TEXT NOT NULL, capture_id INTEGER NOT NULL, finding_id TEXT,
    data BLOB NOT NULL, PRIMARY KEY (fact_id, capture_id)) STRICT, WITHOUT ROWID;
CREATE INDEX candidate_by_capture ON candidate (capture_id);
CREATE TABLE fact (id TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE channel (name TEXT PRIMARY KEY, told INTEGER NOT NULL, tried INTEGER NOT NULL,
    tries INTEGER NOT NULL, next_try TEXT, problem TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

# Counts of all findings, kept with every row: to count a hundred thousand for each page takes as
# long as all else on it. "" is nobody.
_COUNT = """INSERT INTO finding_count VALUES (coalesce({0}.actor, ''), {0}.trait, {0}.label,
    {0}.state, {0}.decided, {0}.readings, {1}) ON CONFLICT DO UPDATE SET findings = findings + {1};
INSERT INTO finding_day VALUES (substr({0}.first_seen, 1, 10), {1}, 0)
    ON CONFLICT DO UPDATE SET claimed = claimed + {1};
INSERT INTO finding_day SELECT substr({0}.gone_by, 1, 10), 0, {1} WHERE {0}.gone_by NOT NULL
    ON CONFLICT DO UPDATE SET lost = lost + {1};"""
# A sort or a day of which nothing is left has no row, as in an index that never knew it.
_NONE_LEFT = """DELETE FROM finding_count WHERE (actor, trait, label, state, decided, readings) =
    (coalesce(old.actor, ''), old.trait, old.label, old.state, old.decided, old.readings)
    AND findings = 0;
DELETE FROM finding_day WHERE day IN (substr(old.first_seen, 1, 10), substr(old.gone_by, 1, 10))
    AND claimed = 0 AND lost = 0;"""
_COUNTED = "actor, trait, label, state, decided, readings, first_seen, gone_by"

TRIGGERS = tuple(
    f"CREATE TRIGGER finding_{name} AFTER {event} ON finding BEGIN {statements} END"
    for name, event, statements in (
        ("came", "INSERT", _COUNT.format("new", 1)),
        ("went", "DELETE", _COUNT.format("old", -1) + _NONE_LEFT),
        (
            "changed",
            f"UPDATE OF {_COUNTED}",
            _COUNT.format("old", -1) + _COUNT.format("new", 1) + _NONE_LEFT,
        ),
    )
)
