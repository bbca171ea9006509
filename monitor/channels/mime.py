"""The envelope: turns a rendered delivery into the bytes of one mail to one recipient.

No feed text can add a header or a recipient: values are made one safe line, encoded words in them are broken
(before Python 3.11.10 the email package writes a decoded CRLF out as a new header, CVE-2024-6923), and the
finished bytes are parsed again and their header names compared with what was meant. Nothing is sent here.
"""

from __future__ import annotations

import email
import email.policy
from binascii import b2a_qp
from datetime import datetime
from email.charset import QP, Charset
from email.errors import HeaderParseError
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime, formataddr

from monitor.channels.render import Rendered
from monitor.errors import Permanent
from monitor.model import Delivery
from monitor.stages.message import one_line

LINE_LIMIT = 998
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = QP
_URGENT = {"high": ("high", "2 (High)"), "critical": ("high", "1 (Highest)")}


def build(delivery: Delivery, content: Rendered, *, sender: str, sender_name: str, domain: str) -> bytes:
    """Return the finished message with CRLF line ends and no line over 998 octets.

    Raises Permanent when the message does not read back as it was meant.
    """
    outer = MIMEMultipart("alternative", boundary=f"=_{delivery.public_id}")
    headers: list[tuple[str, str]] = [
        ("From", formataddr((_safe(sender_name, 100), sender), charset="utf-8")),
        ("To", delivery.target),
        ("Subject", _encoded(content.subject)),
        ("Date", format_datetime(_sent_for(delivery))),
        ("Message-ID", f"<{delivery.public_id}@{domain}>"),
    ]
    if delivery.thread_id and delivery.thread_id != delivery.public_id:
        thread = f"<{delivery.thread_id}@{domain}>"
        headers += [("In-Reply-To", thread), ("References", thread)]
    rules = list(dict.fromkeys(_token(alert.rule) for alert in delivery.alerts))
    list_name = rules[0] if len(rules) == 1 else _token(delivery.channel)
    headers += [
        ("List-Id", f"<{list_name}.monitor.{domain}>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("X-Monitor-Delivery", delivery.public_id),
    ]
    if rules:
        headers.append(("X-Monitor-Rule", _joined(rules)))
        headers.append(("X-Monitor-Alert", _joined([str(alert.number) for alert in delivery.alerts])))
    severity = max((alert.severity for alert in delivery.alerts), key=_rank, default="normal")
    if severity in _URGENT:
        importance, priority = _URGENT[severity]
        headers += [("Importance", importance), ("X-Priority", priority)]
    for name, value in headers:
        outer[name] = value
    outer.attach(_part("plain", content.text))
    outer.attach(_part("html", content.html))
    try:
        raw = outer.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n", max_line_length=None))
    except HeaderParseError as error:
        raise _injection() from error
    _verify(raw, [name for name, _ in headers])
    return raw


def _verify(raw: bytes, names: list[str]) -> None:
    """Raise Permanent unless `raw` reads back with just the headers that were meant."""
    back = email.message_from_bytes(raw)
    if sorted(back.keys()) != sorted(["Content-Type", "MIME-Version", *names]):
        raise _injection()
    if not back.is_multipart() or len(back.get_payload()) != 2:
        raise Permanent("the mail does not read back in two parts", kind="mime")
    if max(map(len, raw.split(b"\r\n"))) > LINE_LIMIT:
        raise Permanent(f"a line of the mail is longer than {LINE_LIMIT} octets", kind="mime")


def _injection() -> Permanent:
    return Permanent("the mail would have carried a header that was not meant", kind="header-injection")


def _part(subtype: str, text: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part["Content-Transfer-Encoding"] = "quoted-printable"
    encoded = b2a_qp(text.encode("utf-8", "replace"), istext=True).decode("ascii")
    part.set_payload(encoded.replace("\r\n", "\n"))
    return part


def _safe(text: str, limit: int = 300) -> str:
    """One safe line in which no encoded word can begin."""
    return one_line(text, limit).replace("=?", "= ?")


def _encoded(text: str) -> str:
    """Return a subject for the wire: as it is where it is ASCII, else in short encoded words."""
    text = _safe(text)
    if text.isascii():
        return Header(text, header_name="Subject", maxlinelen=76).encode()
    return Header(text, charset=_UTF8, header_name="Subject", maxlinelen=76).encode(splitchars=" ")


def _token(text: str) -> str:
    """Return `text` reduced to what may stand in a List-Id or a plain header."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in text[:80])
    return kept.strip(".-") or "rule"


def _joined(names: list[str]) -> str:
    """Return the first twenty names on one line: a header is no place for a long list."""
    return ", ".join(names[:20])


def _rank(severity: str) -> int:
    order = ("low", "normal", "high", "critical")
    return order.index(severity) if severity in order else 1


def _sent_for(delivery: Delivery) -> datetime:
    return delivery.due_at or delivery.created_at
