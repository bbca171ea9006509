"""One tree of errors; the type says whether to try again.

    MonitorError
    ├── ConfigError        the configuration is at fault: exit 78, or keep the old one
    ├── StoreError         the database cannot be trusted or written: end the process
    │   ├── StoreBusy      another process holds the store: exit 75
    │   ├── StoreFull      no room on the disk: nothing is lost, wait and try again, exit 75
    │   └── StoreTooNew    written by a newer version: exit 78
    ├── Temporary          the world is at fault and may mend: try again
    │   └── Uncertain      it broke after the hand-over: try again under the same id
    └── Permanent          trying again cannot help: make it visible
        └── Gone           the other side says: never again (HTTP 410)

They are caught at four edges only: one poll, one entry, one delivery, one command.
Anything that is not in this tree is a bug and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MonitorError(Exception):
    """Root of all errors of this program. The message says what is wrong and what to do."""


class ConfigError(MonitorError):
    """The configuration is at fault. `faults` lists every fault found, one line each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StoreError(MonitorError):
    """The database cannot be read or written; the process ends and systemd starts it again."""


class StoreBusy(StoreError):
    """Another process holds the store; the message names it."""


class StoreFull(StoreError):
    """No room to write. The transaction was rolled back; what was pending is still pending."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of monitor."""


class Temporary(MonitorError):
    """May work later.

    `retry_after`: seconds the other side asked us to wait, or None.
    `kind`: a stable short name of the cause, e.g. 'timeout', 'http-503', 'greylisted'.
    `cursor`: what a source wants remembered although the visit failed, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        kind: str = "temporary",
        cursor: Mapping[str, Any] | None = None,
    ):
        super().__init__(message)
        self.retry_after = retry_after
        self.kind = kind
        self.cursor = cursor


class Uncertain(Temporary):
    """The connection broke after the message was handed over: it may have been accepted."""


class Permanent(MonitorError):
    """Trying the same again cannot help.

    `kind`: a stable short name, e.g. 'http-404', 'not-a-feed'.
    `cursor`: what a source wants remembered although the visit failed, or None.
    """

    def __init__(self, message: str, *, kind: str = "permanent", cursor: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.kind = kind
        self.cursor = cursor


class Gone(Permanent):
    """The other side asked never to be called again (HTTP 410)."""
