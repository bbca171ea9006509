"""Markdown → HTML in pieces, and what its front matter says. Pure; markdown-it reads it as CommonMark does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from monitor.stages import plaintext
from monitor.stages.kinds import fields
from monitor.stages.kinds.opened import Opened, line

_FRONT_MATTER = re.compile(
    r"\A(?P<mark>---|\+\+\+)[ \t]*\n(?P<head>.{0,20000}?)^(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M
)
_FIELD = re.compile(r"^([A-Za-z_][\w -]*?)\s*:(?:\s+(.*))?$")
_ITEM = re.compile(r"^\s*-\s+(.*)$")
_INNER_FIELD = re.compile(r"^\s+([A-Za-z_][\w-]*)\s*:\s+(.*)$")
_NOTE = re.compile(r"\[\^[^\]\s]{1,40}\]:?")
_NOTE_AT = re.compile(r"^ {0,3}\[\^[^\]\s]{1,40}\]:[ \t]+", re.MULTILINE)
_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def opened(text: str, fetched_at: datetime | None) -> Opened:
    """The document as HTML in pieces, with its front matter's fields; its first heading is its title."""
    text = plaintext.normalise(text)
    record: dict[str, Any] = {}
    if match := _FRONT_MATTER.match(text):
        record = _toml(match["head"]) if match["mark"] == "+++" else _yaml(match["head"])
        text = text[match.end() :]
    metadata = fields.metadata_of(fields.folded(record), fetched_at)
    tokens = _READER.parse(_NOTE_AT.sub("", text))
    if not metadata.title:
        metadata = replace(metadata, title=_title(tokens))
    for token in tokens:
        if token.type == "inline":
            _tidied(token)
    html = _READER.renderer.render(tokens, _READER.options, {})
    return Opened(text=html, form="fragment", metadata=metadata, method="markdown")


def _title(tokens: Sequence[Token]) -> str:
    """The heading a document begins with, '' where it begins with something else."""
    if len(tokens) < 2 or tokens[0].type != "heading_open" or tokens[0].tag != "h1":
        return ""
    return line("".join(one.content if one.content else " " for one in tokens[1].children or () if _is_said(one)))


def _is_said(token: Token) -> bool:
    return token.type in ("text", "code_inline", "softbreak", "hardbreak")


def _tidied(inline: Token) -> None:
    """Takes marks of footnotes out, and divides lines that are paragraphs though no blank line stands between them."""
    divided = "\n" in inline.content and len(plaintext.split(inline.content)) > 1
    for child in inline.children or ():
        if child.type == "text":
            child.content = _NOTE.sub("", child.content)
        elif child.type == "softbreak" and divided:
            child.type, child.content = "html_inline", "</p>\n<p>"


def _toml(head: str) -> dict[str, Any]:
    try:
        return {
            key: value if isinstance(value, list | dict) else str(value) for key, value in tomllib.loads(head).items()
        }
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _yaml(head: str) -> dict[str, Any]:
    """The fields of YAML as people write it above a text: values, lists, folded lines and names within names.

    Whatever else YAML can say is no field that we know; `title: Why: a story`, which is no YAML, is understood.
    """
    record: dict[str, Any] = {}
    key = ""
    for row in head.split("\n"):
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        if found := _FIELD.match(row):
            key, value = found[1], _scalar(found[2] or "")
            record[key] = "" if value in (">", ">-", ">+", "|", "|-", "|+") else value
        elif key and (item := _ITEM.match(row)):
            said = _scalar(item[1].partition("name:")[2] or item[1])
            record[key] = [*(record[key] if isinstance(record[key], list) else ()), said]
        elif key and (inner := _INNER_FIELD.match(row)) and isinstance(record[key] or {}, dict):
            record[key] = {**(record[key] or {}), inner[1]: _scalar(inner[2])}
        elif key and row[:1] in " \t" and isinstance(record[key], str):
            record[key] = f"{record[key]} {row.strip()}".strip()
    return record


def _scalar(text: str) -> Any:
    text = re.sub(r"\s+#.*$", "", text).strip() if text[:1] not in "\"'" else text.strip()
    if text[:1] == "[" and text[-1:] == "]":
        return [_scalar(one) for one in text[1:-1].split(",") if one.strip()]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        inner = text[1:-1]
        return inner.replace("''", "'") if text[0] == "'" else inner.replace('\\"', '"')
    return text
