"""What a message says: subject, marked headline and sentence, groups, and the JSON of a delivery.

Pure functions of a Delivery. The markup around it is made in channels/render.py, the envelope in
channels/mime.py. Feed text is hostile here: every line that leaves this room has no control characters and no
direction overrides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlsplit

from monitor.model import AlertView, Delivery, Hit

SCHEMA_VERSION = 1
SUBJECT_LIMIT = 300
SNIPPET_LIMIT = 420

# Overrides, embeddings and isolates can make a line read as something else; tags and fillers hide text.
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of text, marked where a rule hit."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The alerts of one rule in a digest, a line per story."""

    rule: str
    severity: str
    stories: tuple[AlertView, ...]  # the first alert of each story
    alerts: int  # how many alerts they stand for


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses in the research desk; every one is '' without a `base_url`."""

    base_url: str = ""

    def alert(self, number: int) -> str:
        """Page of an alert's article, at the alert."""
        return self._at(f"alert/{number}")

    def story(self, number: int) -> str:
        """Page of a story."""
        return self._at(f"story/{number}")

    def rule(self, slug: str) -> str:
        """The canned query of a rule's newest matches."""
        return self._at(f"monitor/rule_last_30_days?rule={quote(slug, safe='')}")

    def _at(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{path}" if self.base_url else ""


def one_line(text: str, limit: int = SUBJECT_LIMIT) -> str:
    """Return `text` as one safe line of at most `limit` characters: no controls, no hidden characters."""
    text = _HIDDEN.sub("", text)
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    text = _SPACES.sub(" ", text).strip()
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "…"


def many_lines(text: str) -> str:
    """Return `text` without controls and hidden characters; line breaks are kept."""
    return "\n".join(one_line(line, 20_000) for line in re.split(r"\r\n|[\r\n\v\f\x85\u2028\u2029]", text))


def web_link(url: str | None) -> str:
    """Return `url` if it is a plain http(s) address, else ''."""
    if not url or len(url) > 4000 or re.search(r"[\s\x00-\x1f\x7f<>\"]", url) or _HIDDEN.search(url):
        return ""
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""


def when(moment: datetime | None, zone: tzinfo) -> str:
    """Return a time as people read it, '21 Nov 2026, 18:04 CET', or 'unknown'."""
    if moment is None:
        return "unknown"
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname() or ''}".strip()


def times(alert: AlertView, zone: tzinfo) -> tuple[str, str]:
    """Return when an article was published and seen, for people; the date once where it is the same."""
    seen = alert.first_seen_at.astimezone(zone)
    if alert.published_at is None:
        return "publication time unknown", f"seen {when(seen, zone)}"
    published = alert.published_at.astimezone(zone)
    if published.date() == seen.date() and published.tzname() == seen.tzname():
        told = f"{published.day} {published:%b %Y, %H:%M}"
        return f"published {told}", f"seen {seen:%H:%M} {seen.tzname() or ''}".strip()
    return f"published {when(published, zone)}", f"seen {when(seen, zone)}"


# ── subjects ────────────────────────────────────────────────────────────────────────────────────


def subject(delivery: Delivery) -> str:
    """Return the one-line subject of a delivery, at most 300 characters."""
    alerts = delivery.alerts
    if delivery.kind in ("notice", "test") and delivery.subject:
        return one_line(delivery.subject)
    if not alerts:
        return one_line(delivery.subject or "monitor")
    total = len(alerts) + delivery.more
    if delivery.kind == "summary":
        return one_line(f"[{alerts[0].rule}] and {total} more {_plural(total, 'alert')}")
    if delivery.kind == "digest" and total > 1:
        rules = list(dict.fromkeys(alert.rule for alert in alerts))
        if len(rules) == 1:
            return one_line(f"[{rules[0]}] {total} alerts: {_headline(alerts[0])}")
        return one_line(f"{total} alerts: {', '.join(rules)}")
    alert = alerts[0]
    prefix = "Update: " if alert.update_of is not None else ""
    outlet = f" ({alert.outlet})" if alert.outlet else ""
    mark = "[test] " if delivery.kind == "test" else ""
    return one_line(f"{mark}[{alert.rule}] {prefix}{_headline(alert)}"[: SUBJECT_LIMIT - 60] + outlet)


def _headline(alert: AlertView) -> str:
    return one_line(alert.title) or one_line(alert.excerpt, 120) or "(without a title)"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else noun + "s"


# ── marked text ─────────────────────────────────────────────────────────────────────────────────


def headline(alert: AlertView) -> tuple[Segment, ...]:
    """Return the headline, cut at the title's hits."""
    spans = [(hit.start, hit.end) for hit in alert.hits if hit.field == "title" and hit.end > hit.start]
    title = alert.title
    if len(title) > SUBJECT_LIMIT:  # whole paragraphs come as titles, too
        title = title[: SUBJECT_LIMIT - 1].rstrip() + "…"
        spans = [(start, end) for start, end in spans if end < len(title)]
    return _segments(title, spans) or (Segment(text=_headline(alert)),)


def sentences(alert: AlertView, limit: int = 3) -> tuple[tuple[Segment, ...], ...]:
    """Return the first `limit` distinct sentences that hold hits, each cut at its hits.

    Where a text begins with its own headline, that is passed over if there is anything else.
    """
    title = _letters(alert.title)
    found: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for hit in alert.hits:
        if hit.field == "title" or not hit.sentence:
            continue
        spans = found.setdefault((hit.sentence_start, hit.sentence), [])
        spans.append((hit.start - hit.sentence_start, hit.end - hit.sentence_start))
    others = [one for one in found.items() if _letters(one[0][1]) != title]
    chosen = (others or list(found.items()))[:limit]
    return tuple(_segments(*_clip(text, spans)) for (_, text), spans in chosen)


def other_hits(alert: AlertView) -> tuple[Hit, ...]:
    """Return the hits outside title and text: author, tags and the like."""
    return tuple(hit for hit in alert.hits if hit.field not in ("title", "text"))


def terms(alert: AlertView) -> tuple[str, ...]:
    """Return the terms that hit, each once, in order."""
    return tuple(dict.fromkeys(_unquoted(one_line(hit.term, 80)) for hit in alert.hits))


def why(alert: AlertView) -> str:
    """Return why an alert was raised, in a line: what the rule said, else each term and the fields it hit."""
    if alert.because:
        return one_line(alert.because, 600)
    fields: dict[str, dict[str, None]] = {}
    for hit in alert.hits:
        name = f"“{_unquoted(one_line(hit.variant or hit.term, 80))}”"
        fields.setdefault(name, {})[one_line(hit.field, 40)] = None
    found = "; ".join(f"{term} in {' and '.join(places)}" for term, places in fields.items())
    return one_line(f"rule {alert.rule}" + (f": {found}" if found else ""), 600)


def _unquoted(term: str) -> str:
    """A phrase without its quotation marks: it gets others."""
    inner = term[1:-1]
    return inner if len(term) > 2 and term == f'"{inner}"' and '"' not in inner else term


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _clip(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Cut a very long sentence down to the surroundings of its first hit."""
    if len(text) <= SNIPPET_LIMIT:
        return text, list(spans)
    first = max(0, min((start for start, _ in spans), default=0))
    begin = max(0, first - SNIPPET_LIMIT // 3)
    if begin:
        begin = text.find(" ", begin, first) + 1 or begin
    end = min(len(text), begin + SNIPPET_LIMIT)
    if end < len(text):
        space = text.rfind(" ", first + 1, end)
        end = space if space > begin else end
    head, tail = ("… " if begin else ""), (" …" if end < len(text) else "")
    shift = len(head) - begin
    kept = [(max(s, begin) + shift, min(e, end) + shift) for s, e in spans if s < end and e > begin]
    return head + text[begin:end] + tail, kept


def _segments(text: str, spans: Iterable[tuple[int, int]]) -> tuple[Segment, ...]:
    """Cut `text` at `spans`; overlapping spans are joined, spans outside the text are ignored."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((max(s, 0), min(e, len(text))) for s, e in spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif start < end:
            joined.append((start, end))
    pieces: list[Segment] = []
    at = 0
    for start, end in joined:
        pieces += [Segment(text=text[at:start]), Segment(text=text[start:end], marked=True)]
        at = end
    return _tidy([*pieces, Segment(text=text[at:])])


def _tidy(pieces: Iterable[Segment]) -> tuple[Segment, ...]:
    """Make every piece safe for one line; spaces between the pieces are kept, outer ones are not."""
    safe: list[Segment] = []
    for piece in pieces:
        text = _HIDDEN.sub("", piece.text)
        text = _SPACES.sub(" ", "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text))
        if text:
            safe.append(Segment(text=text, marked=piece.marked))
    if safe:
        safe[0] = Segment(text=safe[0].text.lstrip(), marked=safe[0].marked)
        safe[-1] = Segment(text=safe[-1].text.rstrip(), marked=safe[-1].marked)
    return tuple(piece for piece in safe if piece.text)


def plain(segments: Iterable[Segment], before: str = "", after: str = "") -> str:
    """Return segments as text, with `before` and `after` around the marked ones."""
    return "".join(f"{before}{s.text}{after}" if s.marked else s.text for s in segments)


def groups(alerts: Iterable[AlertView]) -> tuple[Group, ...]:
    """Group alerts by rule in order of appearance; a story that a rule found twice is listed once."""
    by_rule: dict[str, list[AlertView]] = {}
    for alert in alerts:
        by_rule.setdefault(alert.rule, []).append(alert)
    made = []
    for rule, members in by_rule.items():
        stories: dict[int, AlertView] = {}
        for alert in members:
            stories.setdefault(alert.story, alert)
        made.append(
            Group(rule=rule, severity=members[0].severity, stories=tuple(stories.values()), alerts=len(members))
        )
    return tuple(made)


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────

_TYPES = {"alert": "alert.created", "digest": "alert.digest", "summary": "alert.summary"}


def payload(delivery: Delivery, links: Links = Links()) -> dict[str, Any]:
    """Return the versioned JSON object of a delivery, as docs/webhook.md describes it.

    A function of stored values only, so that a retry sends the same bytes under the same id.
    """
    notice = None
    if delivery.subject or delivery.body:
        notice = {"subject": one_line(delivery.subject), "body": many_lines(delivery.body)}
    rule = delivery.alerts[0].rule if delivery.alerts else ""
    return {
        "type": _TYPES.get(delivery.kind, delivery.kind),
        "timestamp": _iso(delivery.created_at),
        "version": SCHEMA_VERSION,
        "data": {
            "delivery": {
                "id": delivery.public_id,
                "channel": delivery.channel,
                "thread": delivery.thread_id or None,
            },
            "alerts": [_alert(alert, links) for alert in delivery.alerts],
            "more": delivery.more,
            "more_url": (links.rule(rule) or None) if delivery.more else None,
            "notice": notice,
        },
    }


def _alert(alert: AlertView, links: Links) -> Mapping[str, Any]:
    return {
        "id": alert.number,
        "key": alert.key,
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "severity": alert.severity,
        "created_at": _iso(alert.created_at),
        "because": why(alert),
        "update_of": alert.update_of,
        "article": {
            "id": alert.article,
            "title": one_line(alert.title, 2000),
            "url": web_link(alert.url) or None,
            "outlet": one_line(alert.outlet),
            "byline": one_line(alert.byline),
            "language": alert.language,
            "published_at": _iso(alert.published_at),
            "first_seen_at": _iso(alert.first_seen_at),
            "excerpt": alert.excerpt,
        },
        "story": {"id": alert.story, "other_outlets": list(alert.story_outlets)},
        "hits": [
            {
                "term": hit.term,
                "variant": hit.variant or None,
                "field": hit.field,
                "start": hit.start,
                "end": hit.end,
                "sentence": hit.sentence,
                "sentence_start": hit.sentence_start,
            }
            for hit in alert.hits
        ],
        "links": {"alert": links.alert(alert.number) or None, "story": links.story(alert.story) or None},
    }


def _iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
