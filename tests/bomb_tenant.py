"""The real tenant, with documents that harm their reader."""

from __future__ import annotations

import os
import signal

from monitor.pool.tenant import apply, open_book, warm
from monitor.stages.digest import digest

__all__ = ["apply", "digest_or_explode", "open_book", "warm"]


def digest_or_explode(work, book):
    body = work.entry.content.body
    while b"it hangs" in body:
        pass
    if b"it crashes" in body:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)
    hoard = []
    while b"it devours" in body:
        hoard.append(bytearray(64 * 1024 * 1024))
    return digest(work, book)
