"""JSON files → records with a text: one object, lists, JSON lines, and the answers of other programs. Pure.

What is broken costs itself alone: a bad line or element is named, the others are read.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from monitor.errors import Permanent
from monitor.stages.kinds import fields
from monitor.stages.kinds.opened import Opened

_LISTS = ("articles", "items", "docs", "records", "results", "entries", "posts", "hits", "graph", "data")
_MARKED_UP = re.compile(r"<(?:p|div|br|h\d|li|a|b|i|em|strong|span|blockquote|ul|ol|table)\b[^<>]*>", re.IGNORECASE)
_NO_TEXT = "has none of the text fields " + ", ".join((*fields.FULL[:4], "…"))
_MEND = "; mend it and drop the file again"


class Found(NamedTuple):
    """One record of a file, or what is wrong with it."""

    place: str  # 'line 3' or 'record 3'
    number: int
    value: Any
    fault: str = ""  # why it is no record, and what to do


def read(text: str, *, lines: bool) -> list[Found]:
    """All records of a JSON text, in order. `lines`: the file calls itself JSON lines.

    Raises Permanent('broken') where none can be read.
    """
    text = text.lstrip("\ufeff").strip()
    try:
        found = list(_of_whole(json.loads(text, strict=False)))
    except RecursionError as error:
        raise Permanent("is nested too deeply", kind="broken") from error
    except ValueError as error:
        found = list(_of_pieces(text, error, lines))
    if any(not one.fault for one in found):
        return found
    if len(found) == 1:
        raise Permanent(found[0].fault.removesuffix(_MEND), kind="broken")
    faults = f"; {found[0].place} {found[0].fault}" if found else " with fields such as title and text"
    raise Permanent(f"holds no JSON object{faults}", kind="broken")


def opened(value: Mapping[str, Any], fetched_at: datetime | None) -> Opened:
    """The text and the fields of one record. Raises Permanent('empty') where it has no text."""
    record = _unwrapped(value)
    text = fields.text_of(record)
    if not text.strip():
        raise Permanent(_NO_TEXT, kind="empty")
    is_html = bool(_MARKED_UP.search(text))
    if is_html:  # paragraphs that a list or blank lines divide are divided in HTML, too
        text = re.sub(r"\n[ \t\r]*\n\s*", "\n<p>", text)
    else:
        text = html.unescape(text)
    return Opened(
        text=text,
        form="fragment" if is_html else "text",
        metadata=fields.metadata_of(record, fetched_at),
        method="json",
    )


def _of_whole(value: Any) -> Iterator[Found]:
    """The records of a text that is JSON as a whole."""
    several = value if isinstance(value, list) else _list_in(value, 0)
    if several is None:
        yield _judged("record 1", 1, value)
        return
    for number, one in enumerate(several, 1):
        yield _judged(f"record {number}", number, one)


def _of_pieces(text: str, whole: ValueError, lines: bool) -> Iterator[Found]:
    """The records of a text that is JSON in parts only: lines, objects one after another, a list that breaks off."""
    if lines or _is_object(text.split("\n", 1)[0]):
        found = list(_of_lines(text))
        if any(not one.fault for one in found):
            yield from found
            return
    found = list(_one_by_one(text))
    if any(not one.fault for one in found):
        yield from found
        return
    yield Found("record 1", 1, None, f"is not JSON: {_where(whole)}")


def _of_lines(text: str) -> Iterator[Found]:
    for number, line in enumerate(text.split("\n"), 1):  # not splitlines: a JSON text may hold U+2028
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            value = json.loads(line, strict=False)
        except RecursionError:
            yield Found(place, number, None, f"is nested too deeply{_MEND}")
        except ValueError as error:
            said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            at = f" (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
            yield Found(place, number, None, f"is not JSON: {said}{at}{_MEND}")
        else:
            yield _judged(place, number, value)


def _one_by_one(text: str) -> Iterator[Found]:
    """Objects that follow each other, with or without a list around them, up to where it breaks."""
    decoder = json.JSONDecoder(strict=False)
    at, number = 1 if text[:1] == "[" else 0, 0
    while True:
        at = _skip(text, at)
        if at >= len(text) or text[at] == "]":
            return
        number += 1
        try:
            value, at = decoder.raw_decode(text, at)
        except RecursionError:
            yield Found(f"record {number}", number, None, f"is nested too deeply, and what follows it is lost{_MEND}")
            return
        except ValueError as error:
            because = f"is not JSON: {_where(error)}; it and what follows could not be read{_MEND}"
            yield Found(f"record {number}", number, None, because)
            return
        yield _judged(f"record {number}", number, value)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    return str(error)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line, strict=False), dict)
    except (ValueError, RecursionError):
        return False


def _judged(place: str, number: int, value: Any) -> Found:
    if not isinstance(value, dict):
        return Found(place, number, None, f"holds no JSON object with fields such as title and text{_MEND}")
    return Found(place, number, value)


def _list_in(value: Any, depth: int) -> list[Any] | None:
    """The list of records in an object that is none itself, such as the answer of a search; None where it is one."""
    if not isinstance(value, dict) or depth > fields.DEEP:
        return None
    record = fields.folded(value)
    if fields.text_of(record, fields.FULL).strip() and not isinstance(record.get("data"), list):
        return None
    names = [*_LISTS, *(name for name in record if name not in _LISTS)]
    lists = [record[name] for name in names if isinstance(record.get(name), list)]
    for found in lists:
        told = [one for one in found if isinstance(one, dict) and fields.text_of(_unwrapped(one)).strip()]
        if told:
            return told if found is record.get("graph") else found
    if fields.text_of(record).strip():
        return None
    for inner in record.values():
        if (found_inside := _list_in(inner, depth + 1)) is not None:
            return found_inside
    return None


def _unwrapped(value: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A record by the letters of its keys; where its text stands in an object inside it, with that one's fields."""
    record = fields.folded(value)
    if depth >= fields.DEEP or fields.text_of(record, fields.FULL).strip():
        return record
    for inner in record.values():
        if isinstance(inner, dict):
            deeper = _unwrapped(inner, depth + 1)
            if fields.text_of(deeper, fields.FULL).strip():
                return {**deeper, **{key: one for key, one in record.items() if one is not inner and _says(one)}}
    return record


def _says(value: Any) -> bool:
    return value not in (None, "", [], {})
