"""The careful handling of files that strangers drop: found, claimed, read, put away.

Blocking calls, meant for a thread. Names are bytes; links are never followed; a file is opened without waiting on
FIFOs and looked at again once it is open. Nothing here knows what an entry is.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass

WORK, DONE, FAILED = b".work", b"done", b"failed"
MAX_DEPTH = 16
MAX_FOUND = 200_000
_PARTIAL = (b".part", b".partial", b".tmp", b".temp", b".crdownload", b".filepart", b".download", b".swp", b"~")
_SEPARATOR = b"@"
_CLAIMED = re.compile(rb"[0-9a-f]{12}@.")  # as `claim` names a file


class NotReadable(Exception):
    """A file that cannot become an entry; the message says why. `unsettled`: it is still being written."""

    def __init__(self, message: str, *, unsettled: bool = False):
        super().__init__(message)
        self.unsettled = unsettled


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file in a drop folder, as `lstat` saw it."""

    path: bytes
    name: bytes  # as it was dropped
    section: str  # sub-folder, '' at the top
    stamp: str  # changes when the file does
    size: int
    modified: float  # seconds since the epoch
    odd: str = ""  # why it is not an ordinary file
    claimed: bool = False  # found in `.work`: a visit was cut off

    @property
    def shown_name(self) -> str:
        """The name for people: no path, no control characters."""
        return printable(self.name)

    @property
    def shown(self) -> str:
        """Sub-folder and name for people."""
        return f"{self.section}/{self.shown_name}" if self.section else self.shown_name

    def is_unchanged(self) -> bool:
        """Whether the file still looks as it did."""
        try:
            now = os.lstat(self.path)
        except OSError:
            return False
        return _stamp(self.path, now) == self.stamp


def printable(name: bytes) -> str:
    """A file name made safe to show and to log."""
    text = name.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in text)[:255]


def find(root: bytes, deep: bool, claims: bool) -> list[Found]:
    """The files to consider: hidden and partial ones left out, odd ones marked. Raises OSError for the root.

    `claims`: `done` and `failed` at the top are ours and are left alone. Files in `.work` count, too: a visit that was
    to claim files was cut off there. Without `claims` they are only read, like any other file.
    """
    found = list(_walk(root, root, b"", deep, ours=claims))
    work = os.path.join(root, WORK)
    if os.path.isdir(work) and not os.path.islink(work):
        with contextlib.nullcontext() if claims else contextlib.suppress(OSError):
            left = _walk(work, work, b"", True, ours=False)
            found += [_as_claimed(file, claims) for file in left if claims or _CLAIMED.match(file.name)]
    return found


def _walk(root: bytes, folder: bytes, inside: bytes, deep: bool, *, ours: bool, depth: int = 0) -> Iterator[Found]:
    count = 0
    with os.scandir(folder) as listing:
        names = [entry.name for entry in listing]
    for name in names:
        if name.startswith(b".") or name.lower().endswith(_PARTIAL) or (name.startswith(b"#") and name.endswith(b"#")):
            continue
        path = os.path.join(folder, name)
        try:
            seen = os.lstat(path)
        except OSError:
            continue
        if stat.S_ISDIR(seen.st_mode):
            if deep and depth < MAX_DEPTH and not (ours and depth == 0 and name in (DONE, FAILED)):
                with contextlib.suppress(OSError):
                    yield from _walk(root, path, os.path.join(inside, name), deep, ours=ours, depth=depth + 1)
            continue
        count += 1
        if count > MAX_FOUND:
            return
        yield Found(
            path=path,
            name=name,
            section=printable(inside),
            stamp=_stamp(path, seen),
            size=seen.st_size,
            modified=seen.st_mtime,
            odd=_odd(seen),
        )


def _odd(seen: os.stat_result) -> str:
    if stat.S_ISLNK(seen.st_mode):
        return "is a link; links are not followed"
    if not stat.S_ISREG(seen.st_mode):
        return "is not an ordinary file"
    if seen.st_nlink > 1:
        return "has a second name (hard link) somewhere; copy it in instead"
    return ""


def _stamp(path: bytes, seen: os.stat_result) -> str:
    said = b"\0".join((path, b"%d %d %d %o" % (seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_mode)))
    return base64.urlsafe_b64encode(hashlib.blake2b(said, digest_size=9).digest()).decode()


def _as_claimed(file: Found, claims: bool) -> Found:
    """A file in `.work` under its original name, which stands behind the mark that made it unique."""
    return Found(
        path=file.path,
        name=file.name.partition(_SEPARATOR)[2] or file.name,
        section=file.section,
        stamp=file.stamp,
        size=file.size,
        modified=file.modified,
        odd=file.odd,
        claimed=claims,
    )


def claim(root: bytes, file: Found) -> bytes:
    """Rename a file into `.work`, where no other program touches it. Returns its path there. Raises OSError."""
    inside = os.path.relpath(os.path.dirname(file.path), root)
    folder = os.path.normpath(os.path.join(root, WORK, inside))
    os.makedirs(folder, mode=0o770, exist_ok=True)
    mark = hashlib.blake2b(file.stamp.encode(), digest_size=6).hexdigest().encode()
    target = os.path.join(folder, mark + _SEPARATOR + file.name[-200:])
    os.rename(file.path, target)
    return target


def read(path: bytes, limit: int) -> bytes:
    """The bytes of a regular file. Raises NotReadable, FileNotFoundError, or NotReadable for other OS errors."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotReadable("is a link; links are not followed") from None
        raise NotReadable(f"cannot be opened: {error.strerror}") from None
    try:
        before = os.fstat(handle)
        if reason := _odd(before):
            raise NotReadable(reason)
        if before.st_size > limit:
            raise NotReadable(f"has {before.st_size:,} bytes; the limit is {limit:,}")
        pieces, size = [], 0
        while size <= limit and (piece := os.read(handle, 1 << 20)):
            pieces.append(piece)
            size += len(piece)
        after = os.fstat(handle)
    except OSError as error:
        raise NotReadable(f"cannot be read: {error.strerror}") from None
    finally:
        os.close(handle)
    if size > limit or (after.st_size, after.st_mtime_ns) != (size, before.st_mtime_ns):
        raise NotReadable("is still being written", unsettled=True)
    return b"".join(pieces)


def put_away(root: bytes, done: list[bytes], failed: list[tuple[bytes, str]], delete: bool) -> None:
    """Finish claimed files: `done` to done/ (or deleted), `failed` to failed/ with a `.reason`. Repeatable.

    Raises the first OSError, once every other file has been put away.
    """
    trouble: OSError | None = None
    for path, reason in [*((path, None) for path in done), *failed]:
        try:
            if reason is not None:
                _fail(root, path, reason)
            elif delete:
                os.unlink(path)
            else:
                _move(root, path, DONE)
        except FileNotFoundError:
            continue  # put away before
        except OSError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble


def _fail(root: bytes, path: bytes, reason: str) -> None:
    moved = _move(root, path, FAILED)
    if moved is not None:
        note = os.open(moved + b".reason", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
        with os.fdopen(note, "w", encoding="utf-8") as file:
            file.write(reason + "\n")


def _move(root: bytes, path: bytes, where: bytes) -> bytes | None:
    work = os.path.join(root, WORK)
    inside = os.path.relpath(os.path.dirname(path), work)
    if inside.split(b"/")[0] == b"..":
        return None  # a path that is not in `.work` is none of ours
    folder = os.path.join(root, where, inside)
    try:
        os.makedirs(folder, mode=0o770, exist_ok=True)
    except (FileExistsError, NotADirectoryError):  # an earlier file had the name of this folder
        folder = os.path.join(root, where)
    mark, _, name = os.path.basename(path).partition(_SEPARATOR)
    target = os.path.join(folder, name or mark)
    if os.path.lexists(target) or os.path.lexists(target + b".reason"):
        target = os.path.join(folder, os.path.basename(path))
    try:
        os.rename(path, target)
    except FileNotFoundError:
        return None  # put away before
    return target
