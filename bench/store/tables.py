"""What the invented store is made of: outlets, rules, columns, evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bench.store.texts import Report

OUTLETS = (
    "Karwan Courier", "Amara Daily", "The Selim Post", "Dasht Observer", "Highland Radio", "Border Gazette",
    "Radio Nimroz", "The Morning Ledger", "Agence Orient", "Valley Tribune", "Northern Wire", "City Examiner",
)  # fmt: skip
RULES = (
    ("ceasefire", "ceasefire OR talks", ("ceasefire", "talks"), "high"),
    ("border-crossings", '"border crossing" NEAR/8 (closed OR reopened)', ("border crossing",), "normal"),
    ("taliban", "Taliban", ("Taliban",), "normal"),
    ("disaster", "earthquake OR flood OR landslide", ("earthquake", "flood", "landslide"), "critical"),
    ("cholera", "cholera NOT vaccine*", ("cholera",), "high"),
    ("kandahar-power", "Kandahar AND power", ("power cut",), "low"),
    ("salma-noori", '"Salma Noori"', ("Salma Noori",), "low"),
)


COLUMNS = {
    "polls": "id, source_id, started_at, milliseconds, outcome, status, received_bytes, entries, new_entries, because",
    "stories": "id, title, first_article_id, first_seen_at, last_seen_at, size, pinned",
    "articles": "id, story_id, source_id, url, canonical_url, title, byline, outlet, text, language, published_at,"
    " seen_at, text_hash, shingles, extractor, cleaner, document_sha256, ruling, because, scores, revisions",
    "articles_fts": "rowid, text, title",
    "entries": "id, source_id, guid, url, canonical_url, title, author, outlet, language, published_at, seen_at,"
    " announced_hash, state, because, article_id, settled_at",
    "removed_blocks": "id, article_id, position, offset, at, text, reason, confidence, span",
    "revisions": "id, article_id, replaced_at, title, text, because",
    "matches": "id, rule, rule_version, entry_id, article_id, story_id, matched_at, suppressed, removed_block_id,"
    " outcome, because, field, sentence, evidence",
    "alerts": "id, key, rule, story_id, article_id, match_id, severity, created_at, because, mark, marked_at",
    "deliveries": "id, public_id, channel, target, state, created_at, try_at, attempts, last_attempt_at, sent_at,"
    " last_error",
    "delivery_alerts": "alert_id, channel, target, delivery_id",
}


def hits_of(report: Report, terms: tuple[str, ...]) -> Iterator[dict[str, object]]:
    """A match\'s evidence as the store keeps it: where the terms stand, with their sentences."""
    for field, value in (("title", report.title), ("text", report.text)):
        for term in terms:
            for found in islice(re.finditer(rf"\b{re.escape(term)}\b", value, re.IGNORECASE), 5):
                start = max((end.end() for end in re.finditer(r"[.\n] ?", value[: found.start()])), default=0)
                stop = value.find(".", found.end())
                sentence = value[start : stop + 1 if stop >= 0 else None] if field == "text" else value
                yield {
                    "term": term,
                    "field": field,
                    "start": found.start(),
                    "end": found.end(),
                    "sentence": sentence,
                    "sentence_start": start if field == "text" else 0,
                    "variant": "",
                }
