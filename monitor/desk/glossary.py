"""What every table, view and column means, and in which unit: the one place, from which Datasette's metadata is made.

A column name means the same wherever it stands, so most are told once in COMMON; a table or a view tells only what is
its own. A test holds this against the schema: nothing undescribed, nothing described that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds, and its unit; '' where there is none (names, texts, keys)."""

    text: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a row is. `hidden`: machinery, left out of Datasette's list but readable."""

    text: str
    columns: dict[str, Column] = field(default_factory=dict)
    hidden: bool = False


def _columns(**told: str) -> dict[str, Column]:
    # 'text | unit' keeps the table below readable.
    return {name: Column(*(part.strip() for part in text.split("|"))) for name, text in told.items()}


COMMON = _columns(
    id="Number of the row",
    slug="Short name, as in the configuration",
    kind="What kind it is",
    title="Title, plain text",
    url="Address, as announced or fetched",
    canonical_url="Address without tracking parameters and print or AMP forms: the identity across copies",
    author="Author, as announced",
    byline="Who signed it, as found on the page",
    outlet="Publisher named for this appearance; empty if unknown",
    first_outlet="Publisher that we saw it from first",
    language="Language, ISO 639-1 where there is one; empty if unknown",
    tags="Tags | JSON",
    text="Text",
    because="Why: the reason that was written down when it was decided",
    severity="How urgent: low, normal, high, critical",
    rule="Rule, by its short name",
    rule_version="Version of the rule that matched",
    source="Source, by its short name",
    source_id="Source",
    article_id="Article",
    story_id="Story",
    entry_id="Entry: the announcement it comes from",
    alert_id="Alert",
    match_id="Match",
    delivery_id="Delivery",
    removed_block_id="The removed block that holds the words, for a suppressed match",
    published_at="When the publisher says it was published; empty if unknown, never guessed | UTC, ISO 8601",
    first_published_at="When its first publisher says it was published | UTC, ISO 8601",
    seen_at="When we were told of it | UTC, ISO 8601",
    first_seen_at="When it was seen first | UTC, ISO 8601",
    last_seen_at="When it was seen last | UTC, ISO 8601",
    created_at="When the row was made | UTC, ISO 8601",
    matched_at="When the match was found | UTC, ISO 8601",
    settled_at="When it reached its final state | UTC, ISO 8601",
    updated_at="When it changed last | UTC, ISO 8601",
    began_at="When it began | UTC, ISO 8601",
    ended_at="When it ended; empty while it lasts | UTC, ISO 8601",
    retired_at="When it disappeared from the configuration | UTC, ISO 8601",
    paused_at="When it was paused; empty while it works | UTC, ISO 8601",
    next_poll_at="When it is polled next | UTC, ISO 8601",
    last_success_at="When a poll succeeded last | UTC, ISO 8601",
    last_entry_at="When it last brought something new | UTC, ISO 8601",
    last_match_at="When the rule last matched | UTC, ISO 8601",
    sent_at="When the other side accepted it | UTC, ISO 8601",
    try_at="Not tried before | UTC, ISO 8601",
    lease_run="Run of the daemon that works on it; a lease of another run is void",
    lease_until="Until when that lease holds | UTC, ISO 8601",
    attempts="Attempts so far | count",
    failures="Failures in a row | count",
    health="new, ok, failing, gone, quiet, barren",
    health_because="Why its health is what it is",
    channel="Channel, by its short name",
    target="Where to, masked: addresses and secrets stay in the configuration",
    last_error="What the last failed attempt met",
    public_id="The id that travels with it and stays the same at every attempt: Message-ID, webhook-id",
    field="Where the first hit stands: title, text, author …",
    sentence="The sentence around the first hit",
    evidence="Every hit: term, field, start and end in characters, sentence, variant | JSON",
    suppressed="1: the words stand only in text that cleaning removed, so no alert was raised | 0 or 1",
    reason="Why cleaning removed it",
    confidence="How sure cleaning was | 0–1",
    position="Order on the page | count",
    at="Where it would stand in the clean text | characters",
    span="1: a piece of a paragraph whose rest was kept | 0 or 1",
    version="Version, counted up at each change | count",
    definition="As configured now | JSON",
    query="The rule's text",
    error="What is wrong with it",
    size="Articles in the story, copies not counted | count",
    articles="Articles, copies not counted | count",
    story_size="Articles in the story | count",
    mark="What the desk said of it: relevant, noise; empty: nothing yet",
    update_of="First alert of the same story, for one that tells of an update",
    document_sha256="Identity of the raw document in raw.db | SHA-256, hex",
    baseline="Came with the first poll of its source: stored and matched, no alert | 0 or 1",
    received_bytes="Over the wire | bytes",
    milliseconds="How long it took | milliseconds",
    new_entries="Entries that were new | count",
    host="Host that the spam links to",
    times="How often it was seen | count",
    comment="Why, in the words of whoever made it",
    until="Until when it holds | UTC, ISO 8601",
    remedy="What to do about it",
    pages="Pages that had it | count",
    day="Day | UTC date",
    failed="How many failed | count",
    delay_seconds="From when it was due to acknowledgement | seconds",
)

TABLES: dict[str, Table] = {
    # ── what is read ───────────────────────────────────────────────────────────────────────────
    "sources": Table(
        "What is watched: feeds, sitemaps, folders. One row for each in the configuration; none is ever deleted.",
        _columns(
            kind="feed, sitemap or folder",
            address="URL or path, as configured",
            outlet="Publisher to assume where an entry names none",
            every_seconds="Wanted time between polls | seconds",
            options="Further settings; secrets by name only | JSON",
            baseline="1: the first poll raises no alert | 0 or 1",
            baseline_done_at="When that first poll was done | UTC, ISO 8601",
            enabled="1: polled | 0 or 1",
            paused_because="Why it was paused",
            cursor="What the last poll handed to the next: validators, body hash, position | JSON",
            moved_to="Permanent redirect that was adopted",
            last_poll_at="When it was polled last | UTC, ISO 8601",
            health_since="Since when its health is what it is | UTC, ISO 8601",
        ),
    ),
    "polls": Table(
        "Visits to sources: when, how long, with what outcome.",
        _columns(
            started_at="When it began | UTC, ISO 8601",
            outcome="new, unchanged or failed",
            status="HTTP status; 0 where there is none",
            entries="Entries announced | count",
        ),
    ),
    "entries": Table(
        "What sources announced, and what became of it. A copy is an entry that points to the article it repeats.",
        _columns(
            guid="The source's own id for it",
            state="pending, done, copy, revision, baseline, held, failed, skipped",
            announced_hash="Hash of what was announced, so that an edit is seen",
            payload="The entry's own body while it is pending; empty afterwards | zstd",
            payload_meta="What is known of that body: media type, charset, name | JSON",
            article_id="The article it became, or repeats",
        ),
    ),
    "articles": Table(
        "Clean text, once for each distinct article. Search looks at the words that rules see: 'U.S.' finds 'US', "
        '"border crossing" is a phrase, Tali* a beginning, a NEAR/5 b nearness.',
        _columns(
            text="Clean text; paragraphs are parted by a blank line",
            text_hash="Hash of the normalised text: equal texts have equal hashes",
            shingles="Distinct word triples in the text | count",
            extractor="How text was taken from the document",
            cleaner="Version of the cleaner",
            ruling="fresh: founded its story; echo: joined one; by hand: split or joined by an operator",
            because="Why it founded or joined its story",
            scores="Measured likenesses behind that ruling | JSON",
            revisions="How often the text changed after it was stored | count",
        ),
    ),
    "stories": Table(
        "Articles that tell the same.",
        _columns(
            title="Title of its first article",
            first_article_id="The article seen first",
            pinned="1: split or joined by hand",
            joined_to="The story that took in its articles, by hand",
        ),
    ),
    "revisions": Table(
        "What an article said before it was changed.",
        _columns(
            replaced_at="When this wording gave way to the next | UTC, ISO 8601",
            title="Title until then",
            text="Text until then",
        ),
    ),
    "removed_blocks": Table(
        "Every passage that cleaning took out of an article, with its reason: nothing disappears silently.",
        _columns(text="What was removed", offset="Where it stood in the document's plain text | characters"),
    ),
    "spam_hosts": Table(
        "Hosts of link spam that was found inside a source's pages: a sign that its server was broken into.",
        _columns(article_id="Where it was seen first"),
    ),
    "site_profiles": Table(
        "Sites whose repeated blocks are known.",
        _columns(key="Page host, feed, or folder", pages="Pages read from it | count"),
        hidden=True,
    ),
    "profile_blocks": Table(
        "Blocks that a site's pages repeat: its furniture.",
        _columns(
            key="Site",
            block="Fingerprint of the block",
            sample="How it reads",
            pinned="1: the operator says that this is furniture | 0 or 1",
            seen_at="When it was seen last | UTC, ISO 8601",
            below="Pages, of those, that had it below their text only | count",
        ),
        hidden=True,
    ),
    "sketches": Table(
        "Hashes of rare word sequences, by which likely copies are found.",
        _columns(month="Month of first sight, 0 for today | year × 12 + month - 1", key="Hash of a word triple"),
        hidden=True,
    ),
    # ── what is asked and said ─────────────────────────────────────────────────────────────────
    "rules": Table(
        "What is looked for. A rule whose change does not compile keeps working in its last good version.",
        _columns(
            working="The last version that compiled; empty if none ever did | JSON",
            state="on, off, stale (a broken change; the last good version works)",
            error="What keeps the newest change from working",
            changed_at="When its meaning changed last | UTC, ISO 8601",
        ),
    ),
    "matches": Table(
        "A rule found in an article, with its evidence, whether it raised an alert or not.",
        _columns(
            outcome="alert, repeat, baseline, held, too-old, silenced, suppressed",
            revision="Wording of the article it was found in; 0 is the first | count",
        ),
    ),
    "alerts": Table(
        "What was worth saying, once. The key decides what a repeat is, and the database holds to it.",
        _columns(
            key="rule/story or rule/article: unique",
            marked_at="When the desk judged it | UTC, ISO 8601",
        ),
    ),
    "deliveries": Table(
        "Messages to one target of one channel, with every attempt until it is acknowledged or given up.",
        _columns(
            kind="alert, digest, summary (over a cap), notice, test",
            rule="Rule, for a message about one; empty for a digest of several",
            group_key="What others may join before it is sent; empty once it is closed",
            state="pending, claimed, sent, uncertain, dead, dropped",
            due_at="When it was first to be sent; later than its making for a digest | UTC, ISO 8601",
            receipt="What the other side said when it accepted",
            last_error_kind="The kind of that failure, a stable short name",
            subject="Subject of a notice; messages of alerts are written from their alerts",
            body="Text of a notice",
            thread_id="The first message of the story to this target, for threading",
            last_attempt_at="When it was tried last | UTC, ISO 8601",
        ),
    ),
    "delivery_alerts": Table(
        "Which message told of which alert: one for each alert, channel and target, unless it was sent again by hand.",
        _columns(again="How often it was sent again by hand | count"),
    ),
    "targets": Table(
        "Targets that failed or were switched off.",
        _columns(
            disabled_at="When it was switched off | UTC, ISO 8601",
            disabled_because="Why",
            failing_since="Since when every attempt fails | UTC, ISO 8601",
            hold_until="Nothing is sent there before | UTC, ISO 8601",
            last_success_at="When something was accepted there last | UTC, ISO 8601",
        ),
    ),
    "silences": Table(
        "Rules or sources kept quiet for a while: matched and stored, no alert.",
        _columns(
            rule="Rule; empty: every rule",
            source="Source; empty: every source",
            expired_at="When it was lifted or ran out | UTC, ISO 8601",
        ),
    ),
    "notices": Table(
        "What the program told its operator: each trouble once when it begins, once when it ends.",
        _columns(key="What it is about", text="What is wrong"),
    ),
    "state": Table(
        "Small facts that survive a restart.", _columns(key="Name of the fact", value="The fact"), hidden=True
    ),
}

VIEWS: dict[str, Table] = {
    "alerts_today": Table("Alerts raised since midnight (UTC), with the sentence that hit."),
    "alert_list": Table("Every alert with its article and its evidence."),
    "rule_matches": Table(
        "Every match with the appearance it was found in.",
        _columns(
            outcome="alert, repeat, baseline, held, too-old, silenced, suppressed",
            outlet="Publisher of the appearance",
        ),
    ),
    "suppressed_matches": Table(
        "Matches without an alert, for their words stand only in removed text: where to look for a cleaning mistake.",
        _columns(removed_text="The removed passage that holds the words"),
    ),
    "rule_overview": Table(
        "Rules with what they brought lately.",
        _columns(alerts_7_days="Alerts in the last seven days | count", state="on, off, stale"),
    ),
    "story_timeline": Table(
        "Every appearance of a story's articles, copies included, in the order we were told of them.",
        _columns(state="done, copy, revision, baseline …"),
    ),
    "who_was_first": Table(
        "Stories with the outlet that had them first and how long they ran.",
        _columns(hours="From first to last sight | hours", article_id="The article seen first"),
    ),
    "source_overlap": Table(
        "How much of what each source brought in the last 30 days nobody else had.",
        _columns(
            entries="Entries that became or repeat an article | count",
            remark="What follows from it",
            own="In stories that no other source told | count",
            copied="In stories that another source told first | count",
            first_told="Opened a story | count",
            own_share="own / entries",
        ),
    ),
    "removed_text": Table("Removed passages with the article and the source they come from."),
    "spam_found": Table(
        "Link spam by host and source.",
        _columns(first_title="Title of the page where it was seen first", article_id="Where it was seen first"),
    ),
    "source_health": Table("How each source is doing."),
    "quiet_sources": Table(
        "Sources that have brought nothing for two days, or less than they used to.",
        _columns(days_silent="Since the last new entry | days"),
    ),
    "poll_days": Table(
        "Polls by source and day, for the last 30 days.",
        _columns(polls="Visits | count", milliseconds="Mean length of a visit | milliseconds"),
    ),
    "funnel_of_a_day": Table(
        "What became of what was announced, by day and source, for the last 30 days.",
        _columns(
            announced="Entries announced | count",
            articles="Became articles | count",
            copies="Were copies | count",
            revisions="Changed an article | count",
            baseline="Older than our watch | count",
            held="Held as part of a flood | count",
            skipped="Not wanted | count",
            pending="Not digested yet | count",
        ),
    ),
    "outbox": Table("Messages that have not been acknowledged.", _columns(state="pending, claimed, uncertain, dead")),
    "delivery_list": Table(
        "Every message with how long it took.", _columns(state="pending, claimed, sent, uncertain, dead, dropped")
    ),
    "open_notices": Table("Troubles that last.", _columns(text="What is wrong", key="What it is about")),
}

DESCRIBED: dict[str, Table] = {**TABLES, **VIEWS}


def column(table: str, name: str) -> Column | None:
    """What a column of a table or view means; None if nobody described it, which a test holds against us."""
    return DESCRIBED[table].columns.get(name) or COMMON.get(name)
