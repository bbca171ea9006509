"""From a complete file to the server's acceptance, with the real daemon under load.

    python bench/delivery/latency.py [PER_SECOND] [SECONDS] [MATCHING]

Drops PER_SECOND text files of 3 KB a second into a folder; one in MATCHING (5) is told by mail and webhook. Prints one
JSON line: percentiles in seconds of the time from the rename of the file to the acceptance.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from servers import SmtpServer, WebhookServer  # noqa: E402 - the path is set above

CONFIG = """
[monitor]
state = "state"
[folders.drop]
path = "drop"
every = "1s"
[rules.kestrel]
query = "kestrel"
[channels.mail]
kind = "email"
host = "127.0.0.1"
port = {smtp}
security = "plain"
from = "monitor@example.net"
to = ["reader@example.org"]
cap = ""
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{web}/hook"
allow_private = true
cap = ""
"""
SYLLABLES = [a + b + c for a in "bdfgklmnprstvz" for b in "aeiou" for c in "lmnrst"]


def article(chance: random.Random, number: int, matching: bool) -> str:
    """Text of 3 KB that resembles no other."""
    words = [chance.choice(SYLLABLES) + chance.choice(SYLLABLES) for _ in range(430)]
    words[200:200] = ["kestrel", f"report{number}"] if matching else ["sparrow"]
    sentences = [" ".join(words[at : at + 14]).capitalize() + "." for at in range(0, len(words), 14)]
    body = "\n\n".join(" ".join(sentences[at : at + 5]) for at in range(0, len(sentences), 5))
    return f"Report {number} of the birds\n\n{body}"


async def measure(folder: Path, per_second: int, seconds: int, matching: int) -> dict[str, object]:
    chance = random.Random(1)
    async with SmtpServer() as smtp, WebhookServer(answers=[204]) as web:
        (folder / "drop").mkdir()
        (folder / "config.toml").write_text(CONFIG.format(smtp=smtp.port, web=web.port))
        with (folder / "daemon.log").open("wb") as log:
            daemon = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "monitor", "--config", str(folder / "config.toml"), "run", cwd=ROOT, stderr=log
            )
        while b'"daemon.ready"' not in (folder / "daemon.log").read_bytes():
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)  # the workers import
        dropped: dict[int, float] = {}
        began = time.time()
        for number in range(per_second * seconds):
            await asyncio.sleep(max(0.0, began + number / per_second - time.time()))
            told = number % matching == 0
            made = folder / f"{number:06}.txt"
            made.write_text(article(chance, number, told))
            os.utime(made, (time.time() - 60, time.time() - 60))  # it has been still for long
            made.rename(folder / "drop" / made.name)
            if told:
                dropped[number] = time.time()
        end = time.time() + 60
        while time.time() < end and (len(smtp.accepted) < len(dropped) or len(web.accepted) < len(dropped)):
            await asyncio.sleep(0.2)
        daemon.send_signal(signal.SIGTERM)
        await daemon.wait()
    mails = [one.at - dropped[_number(_text(one.message))] for one in smtp.accepted]
    calls = [one.at - dropped[_number(one.body)] for one in web.accepted]
    return {
        "articles_per_second": per_second,
        "articles": per_second * seconds,
        "alerts": len(dropped),
        "mail": _percentiles(mails, len(dropped)),
        "webhook": _percentiles(calls, len(dropped)),
    }


def _text(mail: Message) -> bytes:
    text = mail.get_payload()[0].get_payload(decode=True)
    assert isinstance(text, bytes)
    return text


def _number(text: bytes) -> int:
    found = re.search(rb"report(\d+)", text, re.IGNORECASE)
    assert found, text[:600]
    return int(found[1])


def _percentiles(spans: list[float], expected: int) -> dict[str, float]:
    cuts = statistics.quantiles(spans, n=100)
    found = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(spans)}
    return {name: round(value, 2) for name, value in found.items()} | {"missing": expected - len(spans)}


def main(per_second: int = 50, seconds: int = 20, matching: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder), per_second, seconds, matching))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
