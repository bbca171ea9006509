"""Drop folders: only complete files, nothing lost, nothing doubled, nothing followed."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from feedmaking import run_here

from monitor.errors import Temporary
from monitor.ports import Pull, SourceRow
from monitor.sources.folder import FolderSource

LATER = datetime.now(UTC) + timedelta(hours=1)  # every file has been still for long


class Sleeper:
    """Sleeps by doing something instead."""

    def __init__(self, action: Any = None):
        self.slept: list[float] = []
        self.action = action

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.action:
            self.action()


def a_folder(path: Path, after: str = "keep", cursor: Any = None, **options: Any) -> SourceRow:
    return SourceRow(
        slug="drop",
        kind="folder",
        address=str(path),
        every=10,
        options={"after": after, **options},
        cursor=cursor or {},
    )


def pull(
    path: Path, after: str = "keep", cursor: Any = None, *, now: datetime = LATER, sleep: Any = None, **options: Any
) -> Pull:
    source = FolderSource(run_here, max_bytes=10_000, sleep=sleep or Sleeper())
    return asyncio.run(source.pull(a_folder(path, after, cursor, **options), now))


def acknowledge(path: Path, after: str, found: Pull) -> None:
    asyncio.run(FolderSource(run_here).acknowledge(a_folder(path, after), found))


def texts(found: Pull) -> list[bytes]:
    return sorted(entry.content.body for entry in found.entries if entry.content)


def tree(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if not file.is_dir())


def test_keep_reads_each_file_once_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "b.html").write_bytes(b"<p>two</p>")
    before = tree(tmp_path)
    first = pull(tmp_path)
    assert texts(first) == [b"<p>two</p>", b"one"]
    assert {entry.content.media_type for entry in first.entries if entry.content} == {"text/plain", "text/html"}
    assert first.entries[0].guid.startswith("sha256:")
    second = pull(tmp_path, cursor=first.cursor)
    assert second.unchanged
    assert not second.entries
    (tmp_path / "a.txt").write_bytes(b"one, edited")
    third = pull(tmp_path, cursor=second.cursor)
    assert texts(third) == [b"one, edited"]
    acknowledge(tmp_path, "keep", third)
    assert tree(tmp_path) == before


def test_keep_works_in_a_folder_we_may_not_write(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one")
    tmp_path.chmod(0o555)
    try:
        assert texts(pull(tmp_path)) == [b"one"]
    finally:
        tmp_path.chmod(0o755)


def test_the_cursor_forgets_files_that_are_gone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "b.txt").write_bytes(b"two")
    first = pull(tmp_path)
    (tmp_path / "a.txt").unlink()
    assert len(pull(tmp_path, cursor=first.cursor).cursor["seen"]) == 1


def test_a_file_still_being_written_waits(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"half")
    growing = Sleeper(lambda: file.write_bytes(b"half and more"))
    now = datetime.now(UTC)
    first = pull(tmp_path, now=now, sleep=growing)
    assert growing.slept == [2.0]
    assert not first.entries
    assert "seen" not in first.cursor
    second = pull(tmp_path, now=datetime.now(UTC), sleep=Sleeper(), cursor=first.cursor)
    assert texts(second) == [b"half and more"]  # it stayed still while we waited


def test_a_file_renamed_in_is_taken_at_once(tmp_path: Path) -> None:
    hidden = tmp_path / ".a.txt"
    hidden.write_bytes(b"whole")
    os.utime(hidden, (1_700_000_000, 1_700_000_000))
    hidden.rename(tmp_path / "a.txt")
    sleeper = Sleeper()
    assert texts(pull(tmp_path, now=datetime.now(UTC), sleep=sleeper)) == [b"whole"]
    assert sleeper.slept == []


def test_a_file_from_the_future_is_taken_when_it_stays_still(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"whole")
    os.utime(tmp_path / "a.txt", (4_000_000_000, 4_000_000_000))
    assert texts(pull(tmp_path)) == [b"whole"]


@pytest.mark.parametrize("name", [".hidden.txt", "a.txt.part", "a.tmp", "a.txt~", "a.crdownload", "#a.txt#", ".#a.txt"])
def test_hidden_and_partial_files_are_ignored(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    found = pull(tmp_path)
    assert not found.entries
    assert not found.refused


def test_odd_files_are_named_once_and_not_touched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "passwords").write_bytes(b"hunter2")
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "link.txt").symlink_to(secret / "passwords")
    (drop / "folder").symlink_to(secret, target_is_directory=True)
    os.mkfifo(drop / "pipe.txt")
    os.link(secret / "passwords", drop / "second.txt")
    found = pull(drop)
    assert not found.entries
    assert {name: reason.split(";")[0] for name, reason in found.refused} == {
        "link.txt": "is a link",
        "folder": "is a link",
        "pipe.txt": "is not an ordinary file",
        "second.txt": "has a second name (hard link) somewhere",
    }
    assert not pull(drop, cursor=found.cursor).refused


def test_a_link_put_in_place_after_the_look_is_not_followed(tmp_path: Path) -> None:
    from monitor.sources.disk import NotReadable, read

    (tmp_path / "target").write_bytes(b"secret")
    (tmp_path / "a.txt").symlink_to(tmp_path / "target")
    with pytest.raises(NotReadable, match="link"):
        read(os.fsencode(tmp_path / "a.txt"), 1000)


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", b" \n\0", "is empty"),
        ("a.txt", b"x" * 10_001, "has 10,001 bytes; the limit is 10,000"),
        ("a.docx", b"PK", "is of a kind that is not read"),
        ("a.pdf", b"%PDF-1.4 garbage", "is a PDF that cannot be read"),
        ("a.json", b"{]", "is not JSON"),
        ("a.txt", b"\x7fELF\0\0\1\2", "is a program"),
    ],
)
def test_move_puts_what_cannot_be_read_aside_with_the_reason(
    tmp_path: Path, name: str, body: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(body)
    (tmp_path / "good.txt").write_bytes(b"good")
    found = pull(tmp_path, "move")
    assert texts(found) == [b"good"]
    assert found.refused[0][0] == name
    assert found.refused[0][1].startswith(reason)
    acknowledge(tmp_path, "move", found)
    assert tree(tmp_path) == ["done/good.txt", f"failed/{name}", f"failed/{name}.reason"]
    assert (tmp_path / "failed" / f"{name}.reason").read_text().startswith(reason)
    acknowledge(tmp_path, "move", found)  # may be repeated
    assert not pull(tmp_path, "move", found.cursor).entries


def test_delete_removes_what_was_read_and_keeps_what_was_not(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_bytes(b"good")
    (tmp_path / "bad.txt").write_bytes(b"")
    found = pull(tmp_path, "delete")
    assert (tmp_path / ".work").exists()
    acknowledge(tmp_path, "delete", found)
    assert tree(tmp_path) == ["failed/bad.txt", "failed/bad.txt.reason"]


def test_what_a_cut_off_visit_left_is_read_where_files_are_kept_from_now_on(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_bytes(b"one")
    claimed = pull(tmp_path, "move")  # killed before the commit; then somebody sets after = "keep"
    (tmp_path / ".work" / "mine.txt").write_bytes(b"not ours")
    before = tree(tmp_path)
    found = pull(tmp_path, "keep")
    assert texts(found) == [b"one"]
    assert [entry.guid for entry in found.entries] == [entry.guid for entry in claimed.entries]
    assert (found.entries[0].section, found.entries[0].content and found.entries[0].content.name) == ("sub", "a.txt")
    acknowledge(tmp_path, "keep", found)
    assert not pull(tmp_path, "keep", found.cursor).entries
    assert tree(tmp_path) == before, "keep changes nothing"
    assert sorted(texts(pull(tmp_path, "move", found.cursor))) == [b"not ours", b"one"]


def test_a_kill_between_claim_and_commit_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_bytes(b"one")
    first = pull(tmp_path, "move")
    assert not (tmp_path / "sub" / "a.txt").exists()
    again = pull(tmp_path, "move")  # nothing was committed, nothing acknowledged
    assert texts(again) == [b"one"]
    assert [entry.guid for entry in again.entries] == [entry.guid for entry in first.entries]
    assert again.entries[0].section == "sub"
    assert again.entries[0].content is not None
    assert again.entries[0].content.name == "a.txt"
    acknowledge(tmp_path, "move", again)
    assert tree(tmp_path) == ["done/sub/a.txt"]


def test_done_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for body in (b"one", b"two"):
        (tmp_path / "a.txt").write_bytes(body)
        acknowledge(tmp_path, "move", pull(tmp_path, "move"))
    assert sorted(file.read_bytes() for file in (tmp_path / "done").iterdir()) == [b"one", b"two"]


def test_names_are_bytes_and_never_trusted(tmp_path: Path) -> None:
    names = [b"caf\xe9.txt", "naïve → x.txt".encode(), b"new\nline.txt", b"a" * 251 + b".txt", b"-rf.txt", b"no-ending"]
    for number, name in enumerate(names):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(b"text %d" % number)
    found = pull(tmp_path, "move")
    assert len(found.entries) == len(names)
    for entry in found.entries:
        assert entry.content is not None
        assert entry.content.name.isprintable()
        assert "/" not in entry.content.name
    acknowledge(tmp_path, "move", found)
    assert len(list((tmp_path / "done").iterdir())) == len(names)


def test_sub_folders_are_sections(tmp_path: Path) -> None:
    (tmp_path / "site" / "deep").mkdir(parents=True)
    (tmp_path / "site" / "deep" / "a.txt").write_bytes(b"one")
    (tmp_path / "b.txt").write_bytes(b"two")
    assert {entry.section for entry in pull(tmp_path).entries} == {"", "site/deep"}
    assert texts(pull(tmp_path, recursive=False)) == [b"two"]


def test_records_of_a_json_lines_file_are_entries_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"title": "A", "text": "one"}\n{"title": "B", "text": "two"}\n')
    found = pull(tmp_path, "move")
    assert len({entry.guid for entry in found.entries}) == 2
    acknowledge(tmp_path, "move", found)
    assert tree(tmp_path) == ["done/a.jsonl"]


@pytest.mark.parametrize("after", ["keep", "move"])
def test_bad_lines_are_named_and_the_good_ones_are_taken(tmp_path: Path, after: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"title": "A", "text": "one"}\n{"title": \n{"title": "B", "text": "two"}\n')
    found = pull(tmp_path, after)
    assert len(found.entries) == 2
    ((name, reason),) = found.refused
    assert name == "a.jsonl"
    assert reason.startswith("line 2: is not JSON")
    acknowledge(tmp_path, after, found)
    if after == "move":
        assert tree(tmp_path) == ["failed/a.jsonl", "failed/a.jsonl.reason"]
        note = (tmp_path / "failed" / "a.jsonl.reason").read_text().splitlines()
        assert note[0] == "1 of 3 records could not be read; the others were taken"
        assert note[1] == reason
    else:
        assert not pull(tmp_path, after, found.cursor).refused  # told once


def test_of_many_bad_lines_a_few_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "one"}\n' + b"bad\n" * 30)
    found = pull(tmp_path)
    assert (len(found.entries), len(found.refused)) == (1, 21)
    assert found.refused[-1] == ("a.jsonl", "and 10 more")


def test_the_outlet_of_the_configuration_goes_with_the_entry(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one")
    entry = pull(tmp_path, outlet="At news", language="fa").entries[0]
    assert (entry.outlet, entry.language, entry.source) == ("At news", "fa", "drop")


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Temporary, match=r"does not exist; create it"):
        pull(tmp_path / "nowhere")


def test_move_needs_the_right_to_write_and_says_so(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "a.txt").write_bytes(b"one")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(Temporary, match='set after = "keep"'):
            pull(tmp_path, "move")
    finally:
        tmp_path.chmod(0o755)


def test_a_visit_is_bounded_and_says_there_is_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sources.folder.MAX_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_bytes(b"text %d" % number)
    first = pull(tmp_path)
    assert (len(first.entries), first.more) == (3, True)
    second = pull(tmp_path, cursor=first.cursor)
    assert (len(second.entries), second.more) == (2, False)
    assert len({entry.guid for entry in (*first.entries, *second.entries)}) == 5


def test_a_folder_stirs_when_a_file_comes_and_not_before(tmp_path):
    async def main():
        source = FolderSource(run_here, settle=0.0)
        row = SourceRow(slug="drop", kind="folder", address=str(tmp_path), every=3600.0)
        quiet = await source.stirring()
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "old.txt").write_text("The envoy met the minister.")
        for _ in range(2):  # the second visit knows the sub-folder
            await source.pull(row, datetime.now(UTC))
        settled = await source.stirring()
        (tmp_path / "sub" / "new.txt").write_text("The envoy resigned.")
        return quiet, settled, await source.stirring()

    assert asyncio.run(main()) == ((), (), ("drop",))


def test_a_file_that_is_being_written_is_come_back_for_at_once(tmp_path):
    path = tmp_path / "growing.txt"
    path.write_text("The envoy met")

    async def still_writing(seconds):
        path.write_text(path.read_text() + " the minister.")

    source = FolderSource(run_here, settle=2.0, sleep=still_writing)
    row = SourceRow(slug="drop", kind="folder", address=str(tmp_path), every=3600.0)

    pull = asyncio.run(source.pull(row, datetime.now(UTC)))

    assert pull.entries == ()
    assert pull.more


def test_a_file_named_as_a_later_folder_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    acknowledge(tmp_path, "move", pull(tmp_path, "move"))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").write_bytes(b"two")
    (tmp_path / "c.txt").write_bytes(b"three")
    found = pull(tmp_path, "move")
    assert texts(found) == [b"three", b"two"]
    acknowledge(tmp_path, "move", found)
    assert tree(tmp_path) == ["done/a", "done/b.txt", "done/c.txt"]


def test_one_file_that_cannot_be_put_away_holds_up_no_other(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(name.encode())
    found = pull(tmp_path, "delete")
    stuck = Path(found.cursor["done"][0])
    stuck.unlink()
    stuck.mkdir()  # cannot be unlinked
    with pytest.raises(Temporary):
        acknowledge(tmp_path, "delete", found)
    assert tree(tmp_path) == []


def test_a_file_that_cannot_be_claimed_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(name.encode())
        os.utime(tmp_path / name, (1, 1))
    honest = os.rename

    def rename(source: bytes, target: bytes) -> None:
        if source.endswith(b"/a.txt"):
            raise PermissionError(13, "Permission denied")
        honest(source, target)

    monkeypatch.setattr("os.rename", rename)
    found = pull(tmp_path, "move")
    assert texts(found) == [b"b.txt"]
    assert found.refused[0][0] == "a.txt"
    assert "give the right to write" in found.refused[0][1]
    acknowledge(tmp_path, "move", found)
    with pytest.raises(Temporary, match="cannot be written"):
        pull(tmp_path, "move")


def test_a_path_with_dots_is_put_away_too(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(b"one")
    crooked = tmp_path / "in" / ".." / "in"
    source = FolderSource(run_here)
    row = SourceRow(slug="drop", kind="folder", address=f"{tmp_path}/in/../in", every=10, options={"after": "move"})
    found = asyncio.run(source.pull(row, LATER))
    asyncio.run(source.acknowledge(row, found))
    assert tree(crooked.resolve()) == ["done/a.txt"]


def test_a_reason_overwrites_no_dropped_file(tmp_path: Path) -> None:
    (tmp_path / "bad.xyz.reason").write_bytes(b"dropped")
    acknowledge(tmp_path, "move", pull(tmp_path, "move"))
    (tmp_path / "bad.xyz").write_bytes(b"x")
    acknowledge(tmp_path, "move", pull(tmp_path, "move"))
    assert (tmp_path / "failed" / "bad.xyz.reason").read_bytes() == b"dropped"


@pytest.mark.parametrize("after", ["move", "delete"])
def test_workers_send_back_only_what_the_parent_knows(tmp_path: Path, after: str) -> None:
    sent: list[Any] = []

    async def run(function: Any, *args: Any, deadline: float) -> Any:
        sent.append(await run_here(function, *args, deadline=deadline))
        return sent[-1]

    (tmp_path / "a.jsonl").write_bytes(b'{"text": "one"}\n{"text": "two"}\n')
    (tmp_path / "b.md").write_bytes(b"# Three\n\nfour")
    found = asyncio.run(FolderSource(run, sleep=Sleeper()).pull(a_folder(tmp_path, after), LATER))
    assert (len(found.entries), found.refused) == (3, ())
    flat = [value for one in sent for value in (one if isinstance(one, tuple) else (one,))]
    assert {type(value).__module__ for value in flat} == {"builtins", "monitor.model"}  # the parent imports no other
