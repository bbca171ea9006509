"""What a web address in a text says for itself: its host, and how much it looks thrown away. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from monitor.stages.clean import trades
from monitor.stages.clean.memory import remembered

_DIGITS_IN_NAME = re.compile(r"^[a-z]{2,}-?\d{2,4}(?:-?[a-z]{1,6})?$|^\d{2,4}-?[a-z]{2,}$")
# Where names cost next to nothing, or where an academy or office would hold its own name.
_CHEAP = frozenset(
    "xyz top vip site pro club online live win bet casino icu cyou buzz fun click loan shop store rest "  # noqa: SIM905
    "sbs cfd bond poker".split()
)
_BORROWED = re.compile(r"\.(?:ac|edu|gov|go|sch|or|mil|school)\.[a-z]{2}$|\.(?:edu|gov)$")
_REFERRAL = re.compile(
    r"[?&](?:ref|aff|affid|aff_id|partner|btag|clickid)=|/(?:slots?|login|daftar|register|casino|bonus|promo)\b", re.I
)


@remembered
def host_of(address: str) -> str:
    """The host of an address as written in text, lower case, '' where there is none."""
    if "://" not in address:
        address = "http://" + address
    try:
        return (urlsplit(address.replace("hxxp", "http", 1)).hostname or "").lower()
    except ValueError:
        return ""


def label_of(host: str) -> str:
    """The part of a host that somebody chose: 'markas303' of 'www.markas303.or.id'."""
    if nameless(host):
        return host
    labels = [label for label in host.split(".") if label and label != "www"]
    return max(labels[:-1] or labels, key=len, default="")


@remembered
def oddness(address: str) -> float:
    """How much an address looks thrown away, 0–4: digits in the name, a trade's word, a cheap ending."""
    host = host_of(address)
    label = label_of(host)
    score = 0.0
    if _DIGITS_IN_NAME.match(label):
        score += 2.0
    if trades.in_name(label):
        score += 1.5
    if host.rpartition(".")[2] in _CHEAP:
        score += 0.8
    if nameless(host):
        score = max(score, 1.5)
    if score and _BORROWED.search(host):
        score += 1.0
    if _REFERRAL.search(address):
        score += 0.7
    return min(score, 4.0)


def nameless(host: str) -> bool:
    """Whether a host is a number of the open network, or a name written in code as no reader would see it."""
    if any(label.startswith("xn--") for label in host.split(".")):
        return True
    if ":" not in host and not host[-1:].isdigit():  # most names: to find out by the error is slow
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return False
