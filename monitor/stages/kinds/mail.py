"""Mail messages → text and header. Pure. The standard library takes them apart; here is decided what tells the news.

What stands below a signature mark or a mailing list's line is marked as such, so that cleaning can account for it.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage, Message

from monitor.errors import Permanent
from monitor.model import Document, Metadata
from monitor.stages import dates, encodings, pages, plaintext
from monitor.stages.kinds import fields
from monitor.stages.kinds.opened import Opened, line, marked

_DEEP = 3  # messages within messages that are opened
_MAX_HEADER = 10_000  # characters of a header that is looked at
_STUB = 3  # an HTML part with this many times more text than the plain one is the message, the plain one a stand-in
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_ARMOUR = re.compile(r"\s*-----BEGIN PGP MESSAGE-----")
_FORWARD = re.compile(
    r"^(?:(?:re|fwd?|aw|wg|tr|rv|sv|vs|vb|antw|odp|pd|ynt|ilt|enc|res|回复|转发|答复|返信|転送)(?:\[\d+\])?\s*[:：]\s*)+",
    re.IGNORECASE,
)
_LIST_TAG = re.compile(r"^\[[^\]\n]{1,60}\]\s*(?=\S)")
# A line of its own that says: what follows is not of the message. RFC 3676, and mailing lists' own.
_SIGNATURE = re.compile(r"^(?:-- |_{20,}|-- ?\r?(?=\n[^\n]))[ \t]*$", re.MULTILINE)
_SIGNED_LINES = 12  # a signature is short: what is longer is more likely text
_INNER_HEAD = re.compile(
    r"\A\s*(?:[-_=>* ]*\b(?:forwarded|original|weitergeleitete|ursprüngliche|transféré|reenviado|inoltrato|"
    r"пересылаемое|doorgestuurd)\b[^\n]*\n\s*)?"
    r"(?P<head>(?:[*>]?\s*[^\W\d_][\w-]{1,15}\s?:\*?[ \t]+[^\n]+\n(?:[ \t]+\S[^\n]*\n)*){3,8})\s*\n",
    re.IGNORECASE,
)
_HEAD_LINE = re.compile(r"^[*>]?\s*([^\W\d_][\w-]{1,15})\s?:\*?[ \t]+(.+)$", re.MULTILINE)
_HEAD_NAMES = {
    "from": ["from", "von", "de", "da", "van", "от", "från", "fra"],
    "date": ["date", "sent", "datum", "gesendet", "envoyé", "fecha", "enviado", "data", "inviato", "verzonden", "дата"],
    "subject": ["subject", "betreff", "objet", "asunto", "oggetto", "onderwerp", "assunto", "тема"],
}


def opened(document: Document) -> Opened:
    """Text, title, author and date of a message. Raises Permanent 'broken', 'empty' or 'encrypted'."""
    body = document.body.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    message = email.message_from_bytes(body, policy=email.policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise Permanent("is no mail message: it has no header; name it .txt if it is a text", kind="broken")
    if message.get_content_type() in _ENCRYPTED:
        raise Permanent("is an encrypted mail message; decrypt it and save it again", kind="encrypted")
    try:
        return _opened(message, document.fetched_at, 0)
    except (KeyError, AttributeError, ValueError, LookupError, RecursionError) as error:
        raise Permanent("is a mail message whose parts cannot be read", kind="broken") from error


def _opened(message: EmailMessage, fetched_at: datetime | None, depth: int) -> Opened:
    text, form = _own_text(message)
    if _ARMOUR.match(text):
        raise Permanent("is an encrypted mail message; decrypt it and save it again", kind="encrypted")
    said = _header_fields(message, fetched_at)
    attached = [_attached(one, fetched_at, depth) for one in _messages(message)] if depth < _DEEP else []
    inner = [one for one in attached if one is not None]
    if not text.strip():
        if not inner:
            raise Permanent("is a mail message without a text part", kind="empty")
        return inner[0]  # sent on as an attachment, without a word
    if form == "fragment":
        for one in inner:
            text += f"\n<p>{one.metadata.title}</p>\n" + (one.text if one.form == "fragment" else _as_html(one.text))
        return Opened(text=text, form=form, metadata=said, method="mail")
    for one in inner:
        own = one.text if one.form == "text" else "\n\n".join(block.text for block in pages.fragment(one.text))
        text = f"{text.rstrip()}\n\n{one.metadata.title}\n\n{own}"
    text = plaintext.normalise(text)
    blocks = plaintext.split(text)
    if head := _INNER_HEAD.match(text):
        said = _sent_on(head["head"], said, fetched_at)
        blocks = marked(blocks, head.end("head"), "header")
    if (below := _signature(text)) is not None and not inner:
        blocks = marked(blocks, below, "signature", below=True)
    return Opened(text=text, form=form, metadata=said, method="mail", blocks=blocks)


def _own_text(message: EmailMessage) -> tuple[str, str]:
    """(text, form) of the part that is the message; ('', 'text') where there is none."""
    part = message.get_body(preferencelist=("plain", "html"))
    rich = message.get_body(preferencelist=("html",))
    if part is None and not any(_messages(message)):  # only an attachment, perhaps: a text is a text
        part = next((one for one in message.walk() if one.get_content_type() in ("text/plain", "text/html")), None)
    if part is None:
        return "", "text"
    text = _part_text(part)
    if part.get_content_type() == "text/html":
        return text, "fragment"
    if rich is not None and rich is not part:
        marked_up = _part_text(rich)
        if sum(len(one.text) for one in pages.fragment(marked_up)) > _STUB * max(len(text.strip()), 1):
            return marked_up, "fragment"
    return text, "text"


def _messages(message: EmailMessage) -> Iterator[Message]:
    """The messages that are attached, not those inside them."""
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            if isinstance(payload, list) and payload and isinstance(payload[0], Message):
                yield payload[0]


def _attached(message: Message, fetched_at: datetime | None, depth: int) -> Opened | None:
    if not isinstance(message, EmailMessage):
        return None
    try:
        return _opened(message, fetched_at, depth + 1)
    except Permanent:
        return None


def _header_fields(message: EmailMessage, fetched_at: datetime | None) -> Metadata:
    subject = line(_header(message, "Subject"))
    if message.get("List-Id") or message.get("List-Post"):
        subject = _LIST_TAG.sub("", _FORWARD.sub("", subject))
    return Metadata(
        title=_FORWARD.sub("", subject) or subject,
        byline=line(email.utils.parseaddr(_header(message, "From"))[0]),
        published_at=dates.of_field(_header(message, "Date") or None, fetched_at),
        language=fields.language(_header(message, "Content-Language")),
    )


def _header(message: EmailMessage, name: str) -> str:
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if len(raw) > _MAX_HEADER:
        return ""  # nobody's headline; the library would take minutes over it
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError, TypeError):
        return ""  # the standard library still stumbles over some broken headers


def _sent_on(head: str, outer: Metadata, fetched_at: datetime | None) -> Metadata:
    """The metadata of a message that begins with the header of the one it sends on, as that header has them."""
    found = {name.lower(): value.strip().strip("*") for name, value in _HEAD_LINE.findall(head)}
    said = {what: next((found[name] for name in names if name in found), "") for what, names in _HEAD_NAMES.items()}
    if not said["from"] or not said["subject"]:
        return outer
    subject = line(said["subject"])
    return Metadata(
        title=_FORWARD.sub("", subject) or subject,
        byline=line(email.utils.parseaddr(said["from"])[0]),
        published_at=dates.of_field(said["date"] or None, fetched_at),
        language=outer.language,
    )


def _signature(text: str) -> int | None:
    """Where the signature or list's footer begins that ends a text, None where there is none or much follows it."""
    since = len(text)
    for _ in range(_SIGNED_LINES + 1):
        since = text.rfind("\n", 0, max(since, 0))
    match = _SIGNATURE.search(text, max(since, 0))
    return match.start() if match and text[: match.start()].strip() else None


def _part_text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        return ""
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64" and payload.isascii():
        payload = _cut_base64(payload) or payload
    declared = part.get_content_charset() or encodings.declared_in(payload)
    text = encodings.decode(payload, declared)[0]
    if part.get_param("format") == "flowed":
        text = _unflowed(text, str(part.get_param("delsp") or "").lower() == "yes")
    return text


def _cut_base64(payload: bytes) -> bytes | None:
    """What base64 that breaks off holds; the library gives such back as it stands. None where it was decoded."""
    letters = b"".join(payload.split())
    if len(letters) < 40 or not re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", letters):
        return None
    import binascii

    try:
        return binascii.a2b_base64(letters.rstrip(b"=")[: len(letters.rstrip(b"=")) // 4 * 4])
    except binascii.Error:
        return None


def _unflowed(text: str, without_space: bool) -> str:
    """Paragraphs of RFC 3676 put together again: a line that ends with a space goes on in the next."""
    out: list[str] = []
    flowing, depth = False, 0
    for whole in text.replace("\r\n", "\n").split("\n"):
        quoted = len(whole) - len(whole.lstrip(">"))
        said = whole[quoted:].removeprefix(" ")
        if flowing and quoted == depth and said != "-- ":
            out[-1] += said
        else:
            out.append("> " * bool(quoted) + said)
        depth, flowing = quoted, said.endswith(" ") and said != "-- "
        if flowing and without_space:
            out[-1] = out[-1][:-1]
    return "\n".join(out)


def _as_html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return "<p>" + re.sub(r"\n\s*\n", "</p>\n<p>", escaped) + "</p>"
