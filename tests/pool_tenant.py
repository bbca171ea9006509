"""A tenant for the pool's tests: a book that is a dictionary, and functions that behave badly on request."""

from __future__ import annotations

import ctypes
import os
import signal
import time

from monitor.errors import Permanent, Temporary

WARMED: list[int] = []


def open_book():
    return {}


def apply(book, changes):
    faults = {}
    for change in changes:
        if change.rule is None:
            book.pop(change.slug, None)
        elif change.rule.query == "(":
            faults[change.slug] = "a parenthesis is not closed"
        else:
            book[change.slug] = change.rule.query
    return faults


def warm(book):
    WARMED.append(len(book))


def add(a, b):
    return a + b


def whoami():
    return os.getpid()


def looked_up(book):
    return dict(book)


def warmed():
    return list(WARMED)


def spin():
    while True:
        pass


def spin_in_c():
    ctypes.CDLL(None).pause()


def hog(megabytes):
    return len(bytearray(megabytes * 1024 * 1024))


def segfault():
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)


def die_once(path):
    if not os.path.exists(path):
        open(path, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


def refuse():
    raise Permanent("not a feed", kind="not-a-feed")


def later():
    raise Temporary("busy", retry_after=7.5, kind="http-503")


def bug():
    return {}["missing"]


class Trick:
    def __reduce__(self):
        return (os.system, ("true",))


def trick():
    return Trick()


def echo(value):
    return value


def slow(seconds):
    time.sleep(seconds)
    return os.getpid()
