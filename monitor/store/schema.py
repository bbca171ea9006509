"""The tables, and the chain of migrations that makes them. No business logic.

`PRAGMA user_version` counts the migrations a file has had. Each runs in one transaction with its new version number,
so a killed migration is simply run again. A file with a higher number than ours is refused: it was written by a newer
program, and guessing at it could lose something.
Tables have plain names and are documented in monitor/desk; the views people read stand in `views.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from monitor.errors import StoreTooNew
from monitor.store.views import create_views

Migration = Callable[[sqlite3.Connection], None]

# Times are ISO-8601 UTC text with milliseconds, so that they sort and read well. Lists and mappings are JSON.
VERSION_1 = """
-- What is watched ----------------------------------------------------------------------------------
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,                      -- feed, sitemap, folder
    address TEXT NOT NULL,                   -- URL or path, as configured
    outlet TEXT NOT NULL DEFAULT '',
    every_seconds REAL NOT NULL,
    tags TEXT NOT NULL DEFAULT '[]',
    options TEXT NOT NULL DEFAULT '{}',      -- no secrets: their names only
    baseline INTEGER NOT NULL DEFAULT 0,     -- 1: entries of the first successful poll raise no alert
    baseline_done_at TEXT,
    enabled INTEGER NOT NULL DEFAULT 1,
    retired_at TEXT,                         -- no longer in the configuration; never deleted
    paused_at TEXT,
    paused_because TEXT,
    cursor TEXT NOT NULL DEFAULT '{}',       -- validators, body hash, position: what the last pull handed back
    moved_to TEXT,                           -- a permanent redirect that was adopted
    next_poll_at TEXT NOT NULL,
    lease_run TEXT,                          -- the run that polls it now; another run's lease is void
    lease_until TEXT,
    last_poll_at TEXT,
    last_success_at TEXT,
    last_entry_at TEXT,                      -- when it last brought something new
    failures INTEGER NOT NULL DEFAULT 0,     -- in a row
    health TEXT NOT NULL DEFAULT 'new',      -- new, ok, failing, gone, quiet, barren
    health_because TEXT NOT NULL DEFAULT '',
    health_since TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX sources_due ON sources (next_poll_at) WHERE enabled = 1 AND retired_at IS NULL AND paused_at IS NULL;

CREATE TABLE polls (
    id INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    started_at TEXT NOT NULL,
    milliseconds REAL NOT NULL,
    outcome TEXT NOT NULL,                   -- new, unchanged, failed
    status INTEGER NOT NULL DEFAULT 0,       -- HTTP status; 0 where there is none
    received_bytes INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,      -- announced by this poll
    new_entries INTEGER NOT NULL DEFAULT 0,
    because TEXT NOT NULL DEFAULT ''
);
CREATE INDEX polls_source ON polls (source_id, started_at);
CREATE INDEX polls_started ON polls (started_at);

-- What was read ------------------------------------------------------------------------------------
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    guid TEXT NOT NULL,
    url TEXT,
    canonical_url TEXT,
    title TEXT NOT NULL DEFAULT '',
    author TEXT NOT NULL DEFAULT '',
    outlet TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    published_at TEXT,                       -- as announced; unknown stays NULL
    seen_at TEXT NOT NULL,                   -- when we were told of it
    announced_hash TEXT NOT NULL,
    state TEXT NOT NULL,                     -- pending, done, copy, revision, baseline, held, failed, skipped
    because TEXT NOT NULL DEFAULT '',
    baseline INTEGER NOT NULL DEFAULT 0,     -- came with the first poll of its source
    payload BLOB,                            -- zstd of the entry's own body or file; NULL once settled
    payload_meta TEXT,                       -- media type, charset, name, fragment
    document_sha256 TEXT,                    -- in raw.db
    article_id INTEGER REFERENCES articles (id),
    attempts INTEGER NOT NULL DEFAULT 0,
    try_at TEXT,                             -- pending: not before
    lease_run TEXT,
    lease_until TEXT,
    settled_at TEXT,
    UNIQUE (source_id, guid)
);
CREATE INDEX entries_pending ON entries (try_at, id) WHERE state = 'pending';
CREATE INDEX entries_held ON entries (source_id) WHERE state = 'held';
CREATE INDEX entries_article ON entries (article_id);
CREATE INDEX entries_canonical ON entries (canonical_url) WHERE canonical_url IS NOT NULL;
CREATE INDEX entries_source_seen ON entries (source_id, seen_at, state);

CREATE TABLE stories (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL DEFAULT '',
    first_article_id INTEGER,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    size INTEGER NOT NULL DEFAULT 1,         -- articles, copies not counted
    pinned INTEGER NOT NULL DEFAULT 0,       -- 1: split or joined by hand
    joined_to INTEGER REFERENCES stories (id)  -- by hand; this one is empty then
);
-- Without an index on what refers to it, deleting a row reads the whole table that may refer.
CREATE INDEX stories_joined ON stories (joined_to) WHERE joined_to IS NOT NULL;

CREATE TABLE articles (
    id INTEGER PRIMARY KEY,
    story_id INTEGER NOT NULL REFERENCES stories (id),
    source_id INTEGER NOT NULL REFERENCES sources (id),
    url TEXT,
    canonical_url TEXT,
    title TEXT NOT NULL DEFAULT '',
    byline TEXT NOT NULL DEFAULT '',
    outlet TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    published_at TEXT,                       -- unknown stays NULL, never 'now'
    seen_at TEXT NOT NULL,
    text_hash TEXT NOT NULL DEFAULT '',      -- of the normalised clean text
    shingles INTEGER NOT NULL DEFAULT 0,
    extractor TEXT NOT NULL DEFAULT '',
    cleaner TEXT NOT NULL DEFAULT '',
    document_sha256 TEXT NOT NULL DEFAULT '',
    ruling TEXT NOT NULL DEFAULT 'fresh',    -- fresh, echo, by hand
    because TEXT NOT NULL DEFAULT '',        -- why it founded or joined its story
    scores TEXT NOT NULL DEFAULT '{}',
    revisions INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL                       -- clean text; last, since columns behind a long one are slow to reach
);
CREATE INDEX articles_canonical ON articles (canonical_url) WHERE canonical_url IS NOT NULL;
CREATE INDEX articles_hash ON articles (text_hash) WHERE text_hash <> '';
CREATE INDEX articles_story ON articles (story_id);
CREATE INDEX articles_seen ON articles (seen_at);
CREATE INDEX articles_source ON articles (source_id, seen_at);

CREATE TABLE revisions (
    id INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    replaced_at TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,                      -- what it said before
    because TEXT NOT NULL DEFAULT ''
);
CREATE INDEX revisions_article ON revisions (article_id);

-- The sketch: which articles share rare word sequences. `month` is year*12+month-1 of first sight, 0 until the night.
CREATE TABLE sketches (
    month INTEGER NOT NULL,
    key INTEGER NOT NULL,
    article_id INTEGER NOT NULL,
    PRIMARY KEY (month, key, article_id)
) WITHOUT ROWID;

CREATE TABLE removed_blocks (
    id INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    position INTEGER NOT NULL,               -- order on the page
    offset INTEGER NOT NULL,                 -- characters into the document's plain text
    at INTEGER NOT NULL,                     -- characters into the clean text: where it would be folded in
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    confidence REAL NOT NULL,
    span INTEGER NOT NULL DEFAULT 0          -- 1: a piece of a block whose rest was kept
);
CREATE INDEX removed_blocks_article ON removed_blocks (article_id, position);

-- What a site's pages repeat.
CREATE TABLE site_profiles (
    key TEXT PRIMARY KEY,                    -- page host, feed slug, or folder slug with its sub-folder
    source_id INTEGER REFERENCES sources (id),
    pages INTEGER NOT NULL DEFAULT 0,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE profile_blocks (
    key TEXT NOT NULL,
    block INTEGER NOT NULL,                  -- fingerprint of the block, digits normalised
    pages INTEGER NOT NULL,
    sample TEXT NOT NULL DEFAULT '',
    pinned INTEGER NOT NULL DEFAULT 0,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (key, block)
) WITHOUT ROWID;

CREATE TABLE spam_hosts (
    source_id INTEGER NOT NULL REFERENCES sources (id),
    host TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    article_id INTEGER,                      -- where it was seen first
    PRIMARY KEY (source_id, host)
) WITHOUT ROWID;

-- What is asked and said ---------------------------------------------------------------------------
CREATE TABLE rules (
    slug TEXT PRIMARY KEY,
    version INTEGER NOT NULL DEFAULT 1,      -- counts the changes of its meaning
    definition TEXT NOT NULL,                -- JSON as configured now
    working TEXT,                            -- JSON of the last version that compiled; NULL if none ever did
    state TEXT NOT NULL,                     -- on, off, stale (a broken change; the last good version works)
    error TEXT NOT NULL DEFAULT '',
    retired_at TEXT,
    paused_at TEXT,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    last_match_at TEXT
) WITHOUT ROWID;

CREATE TABLE matches (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL REFERENCES rules (slug),
    rule_version INTEGER NOT NULL,
    entry_id INTEGER NOT NULL REFERENCES entries (id),
    revision INTEGER NOT NULL DEFAULT 0,     -- of the article's text; 0 is the first
    article_id INTEGER NOT NULL REFERENCES articles (id),
    story_id INTEGER NOT NULL REFERENCES stories (id),
    matched_at TEXT NOT NULL,
    suppressed INTEGER NOT NULL DEFAULT 0,   -- 1: only in text that cleaning removed
    removed_block_id INTEGER REFERENCES removed_blocks (id),
    outcome TEXT NOT NULL DEFAULT '',        -- alert, repeat, baseline, held, too-old, silenced, suppressed
    because TEXT NOT NULL DEFAULT '',
    field TEXT NOT NULL DEFAULT '',          -- of the first hit
    sentence TEXT NOT NULL DEFAULT '',       -- of the first hit
    evidence TEXT NOT NULL DEFAULT '[]',     -- every hit: term, field, start, end, sentence, variant
    UNIQUE (rule, entry_id, rule_version, revision)
);
CREATE INDEX matches_article ON matches (article_id);
CREATE INDEX matches_entry ON matches (entry_id);
CREATE INDEX matches_rule ON matches (rule, matched_at);
CREATE INDEX matches_story ON matches (story_id);
CREATE INDEX matches_time ON matches (matched_at);
CREATE INDEX matches_removed ON matches (removed_block_id) WHERE removed_block_id IS NOT NULL;

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,                -- what decides that it is a repeat
    rule TEXT NOT NULL REFERENCES rules (slug),
    story_id INTEGER NOT NULL REFERENCES stories (id),
    article_id INTEGER NOT NULL REFERENCES articles (id),
    match_id INTEGER NOT NULL REFERENCES matches (id),
    update_of INTEGER REFERENCES alerts (id),
    severity TEXT NOT NULL,
    created_at TEXT NOT NULL,
    because TEXT NOT NULL DEFAULT '',
    mark TEXT,                               -- relevant, noise; NULL: nobody said
    marked_at TEXT
);
CREATE INDEX alerts_created ON alerts (created_at);
CREATE INDEX alerts_rule ON alerts (rule, created_at);
CREATE INDEX alerts_story ON alerts (story_id);
CREATE INDEX alerts_article ON alerts (article_id);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    public_id TEXT NOT NULL UNIQUE,          -- Message-ID, webhook-id: the same at every attempt
    channel TEXT NOT NULL,
    target TEXT NOT NULL DEFAULT '',         -- masked: the channel's configuration knows the address
    kind TEXT NOT NULL DEFAULT 'alert',      -- alert, digest, summary (over a cap), notice, test
    rule TEXT NOT NULL DEFAULT '',           -- of a message about one rule; '' for digests of several
    group_key TEXT NOT NULL DEFAULT '',      -- 'digest', 'quiet', 'day/RULE', 'cap/RULE': open, more may join
    state TEXT NOT NULL,                     -- pending, claimed, sent, uncertain, dead, dropped
    because TEXT NOT NULL DEFAULT '',
    subject TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL DEFAULT '',
    thread_id TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL DEFAULT '',         -- when it was first to be sent; later than created_at for a digest
    try_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease_run TEXT,
    lease_until TEXT,
    last_attempt_at TEXT,
    sent_at TEXT,
    receipt TEXT NOT NULL DEFAULT '',        -- what the other side said when it accepted
    last_error TEXT NOT NULL DEFAULT '',
    last_error_kind TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX deliveries_open ON deliveries (channel, target, group_key) WHERE group_key <> '';
CREATE INDEX deliveries_rule ON deliveries (channel, target, rule, created_at) WHERE kind = 'alert';
CREATE INDEX deliveries_due ON deliveries (channel, target, try_at) WHERE state IN ('pending', 'uncertain');
CREATE INDEX deliveries_claimed ON deliveries (lease_until) WHERE state = 'claimed';
CREATE INDEX deliveries_state ON deliveries (state, created_at);

CREATE TABLE delivery_alerts (
    alert_id INTEGER NOT NULL REFERENCES alerts (id),
    channel TEXT NOT NULL,
    target TEXT NOT NULL DEFAULT '',
    again INTEGER NOT NULL DEFAULT 0,        -- counts the times it was sent again by hand
    delivery_id INTEGER NOT NULL REFERENCES deliveries (id),
    PRIMARY KEY (alert_id, channel, target, again)
) WITHOUT ROWID;
CREATE INDEX delivery_alerts_delivery ON delivery_alerts (delivery_id);

-- A channel's target that must not be used any more (HTTP 410), or whose trouble was reported.
CREATE TABLE targets (
    channel TEXT NOT NULL,
    target TEXT NOT NULL DEFAULT '',
    disabled_at TEXT,
    disabled_because TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0,     -- in a row
    failing_since TEXT,
    hold_until TEXT,                         -- nothing is sent there before
    last_error TEXT NOT NULL DEFAULT '',
    last_success_at TEXT,
    PRIMARY KEY (channel, target)
) WITHOUT ROWID;

CREATE TABLE silences (
    id INTEGER PRIMARY KEY,
    rule TEXT,                               -- NULL: every rule
    source TEXT,                             -- NULL: every source
    comment TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    until TEXT NOT NULL,
    expired_at TEXT
);

-- What the program has to tell its operator, once when it begins and once when it ends.
CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,                       -- 'source-failing/at-news'
    severity TEXT NOT NULL DEFAULT 'normal',
    text TEXT NOT NULL,
    remedy TEXT NOT NULL DEFAULT '',
    began_at TEXT NOT NULL,
    ended_at TEXT
);
CREATE UNIQUE INDEX notices_open ON notices (key) WHERE ended_at IS NULL;

-- Small facts that must survive a restart: the run's id, the last time a stage succeeded.
CREATE TABLE state (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;

-- Full text over the words that rules see. Contentless: the clean text stands in articles, and the normalised words
-- can be made again from it, which is also how a row is taken out. The ascii tokenizer leaves every other script whole:
-- words.index_text has already decided what a word is.
CREATE VIRTUAL TABLE articles_fts USING fts5 (text, title, content='', tokenize="ascii tokenchars '.'");
"""


def version_1(db: sqlite3.Connection) -> None:
    """The first schema."""
    _run_script(db, VERSION_1)


def version_2(db: sqlite3.Connection) -> None:
    """What a site has below its texts is learned: where a text ends shows on the next page, too."""
    db.execute("ALTER TABLE profile_blocks ADD COLUMN below INTEGER NOT NULL DEFAULT 0")


MIGRATIONS: tuple[Migration, ...] = (version_1, version_2)
VERSION = len(MIGRATIONS)


def version_of(db: sqlite3.Connection) -> int:
    """Number of migrations this file has had."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def pending(db: sqlite3.Connection) -> tuple[Migration, ...]:
    """Migrations still to run. Raises StoreTooNew for a file of a newer program."""
    version = version_of(db)
    if version > VERSION:
        raise StoreTooNew(
            f"the store has schema {version}, this program knows {VERSION}: "
            "install the newer version again, or restore a backup made before the upgrade"
        )
    return MIGRATIONS[version:]


def migrate(db: sqlite3.Connection) -> int:
    """Bring the file to VERSION, one transaction a step. Returns how many steps were made."""
    steps = pending(db)
    for step in steps:
        db.execute("BEGIN IMMEDIATE")
        try:
            step(db)
            db.execute(f"PRAGMA user_version = {version_of(db) + 1}")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    if steps:
        create_views(db)
    return len(steps)


def _run_script(db: sqlite3.Connection, script: str) -> None:
    # executescript() would commit the transaction we stand in.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
