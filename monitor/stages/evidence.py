"""A bundle of evidence: what an alert rests on, as one zip file that can be checked without this program. Pure."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from monitor.model import Document

_README = """\
Evidence of alert {number}: {key}

document/body.*      the bytes as they were fetched or found; SHA-256 {sha256}
document/about.json  where they came from: address, headers, time, media type
article/clean.txt    the text that the rules saw, in UTF-8
article/article.json title, outlet, dates, language, and how the text was made
article/removed.json what cleaning took out: text, place, reason, confidence; `at` is the offset in clean.txt
match.json           the rule's version and every hit: `start` and `end` are characters of the named field
rule.json            the rule as configured when this bundle was made
entry.json           what the source announced
story.json           every appearance of the story
deliveries.json      who was told, when, after how many attempts, and what the other side answered
alert.json           the alert
SHA256SUMS           check with: sha256sum --check SHA256SUMS
{notes}"""
_ENDINGS = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "txt",
    "application/pdf": "pdf",
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}


def bundle(gathered: Mapping[str, Any], document: Document | None) -> bytes:
    """Return the zip file. The same values make the same bytes. `document`: None once it was pruned."""
    article = dict(gathered["article"])
    text = article.pop("text", "")
    files: dict[str, bytes] = {
        "article/clean.txt": text.encode(),
        "article/article.json": _json(article),
        "article/removed.json": _json(gathered["removed"]),
    }
    for name in ("alert", "match", "rule", "entry", "story", "deliveries"):
        files[f"{name}.json"] = _json(gathered[name])
    if document is not None:
        ending = _ENDINGS.get(document.media_type, "bin")
        files[f"document/body.{ending}"] = document.body
        files["document/about.json"] = _json(
            {
                "sha256": document.sha256,
                "url": document.url,
                "name": document.name,
                "media_type": document.media_type,
                "charset": document.charset,
                "headers": dict(document.headers),
                "fetched_at": document.fetched_at.isoformat() if document.fetched_at else None,
                "fragment": document.fragment,
            }
        )
    readme = _README.format(
        number=gathered["alert"]["id"],
        key=gathered["alert"]["key"],
        sha256=gathered["document_sha256"] or "unknown",
        notes="".join(f"\nNote: {note}\n" for note in notes(gathered, text, document)),
    )
    files["README.txt"] = readme.encode()
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return _zipped({**files, "SHA256SUMS": sums.encode()}, str(gathered["alert"]["created_at"]))


def notes(gathered: Mapping[str, Any], text: str, document: Document | None) -> list[str]:
    """Return what a reader must know: what is missing, and what changed since the alert."""
    told = []
    if document is None:
        told.append("the document's bytes are kept no more: the age limit of raw documents was shorter.")
    elif document.sha256 != gathered["document_sha256"]:
        told.append("the document's hash is not the one recorded: the file was altered.")
    rule, match, article = gathered["rule"], gathered["match"], gathered["article"]
    if rule and rule.get("version") != match.get("rule_version"):
        told.append(f"the rule changed since: version {match['rule_version']} matched, {rule['version']} is shown.")
    if article.get("revisions"):
        told.append(f"the article changed {article['revisions']} times since it was first read.")
    for hit in match.get("evidence") or ():
        if hit["field"] == "text" and hit["end"] > len(text):
            told.append("a hit lies beyond the end of the clean text: it was found in an earlier text.")
            break
    return told


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def _zipped(files: Mapping[str, bytes], created_at: str) -> bytes:
    """Members bear the alert's time, so that the same evidence is the same file."""
    date, _, clock = created_at.partition("T")
    year, month, day = (int(part) for part in date.split("-"))
    hour, minute, second = (int(part) for part in clock[:8].split(":"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, (max(year, 1980), month, day, hour, minute, second))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, files[name])
    return packed.getvalue()
