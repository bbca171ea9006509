"""TLS as this program speaks it: one context, made for the first https address.

aiohttp makes two as it is imported, each with every certificate authority of the system: 27 ms and a MiB a piece, and
nobody here uses them. This module imports it first and has them stay empty: a request that forgot ours trusts nobody.
"""

from __future__ import annotations

import ssl
import sys
from functools import cache

if "aiohttp" not in sys.modules:
    ssl.SSLContext.set_default_verify_paths = lambda self: None  # type: ignore[method-assign]
    try:
        import aiohttp  # noqa: F401
    finally:
        del ssl.SSLContext.set_default_verify_paths  # what it inherits is in sight again


@cache
def context() -> ssl.SSLContext:
    """The context that checks certificates against the authorities of the system, as they were when it was made."""
    made = ssl.create_default_context()
    made.set_alpn_protocols(("http/1.1",))
    return made
