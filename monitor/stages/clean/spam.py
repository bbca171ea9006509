"""Link spam put into a text by whoever broke into the site. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from monitor.stages.clean import shapes

_ODD = re.compile(r"[a-z]{2,}-?\d{2,4}$|^\d{2,4}[a-z]{2,}$|[a-z]\d{2,}[a-z]")


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
    labels = [label for label in host.split(".") if label and label != "www"]
    return max(labels[:-1] or labels, key=len, default="")


def hosts(texts: Sequence[str]) -> tuple[str, ...]:
    """The distinct hosts in texts that were found to be spam, in order."""
    found = (host_of(address) for text in texts for address in shapes.addresses(text))
    return tuple(dict.fromkeys(host for host in found if "." in host))


def clusters(text: str) -> list[tuple[int, int, float]]:
    """Runs of two or more bare addresses of thrown-together hosts: (start, end, confidence)."""
    runs: list[list[re.Match[str]]] = []
    for match in shapes.URL.finditer(text):
        if runs and not text[runs[-1][-1].end() : match.start()].strip(" \n,;|·•-"):
            runs[-1].append(match)
        else:
            runs.append([match])
    found: list[tuple[int, int, float]] = []
    for run in runs:
        labels = [label_of(host_of(match.group())) for match in run]
        odd = sum(bool(_ODD.search(label)) for label in labels)
        if len(run) >= 2 and odd * 2 >= len(run):
            found.append((run[0].start(), run[-1].end(), 0.95))
    return found
