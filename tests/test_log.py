"""Log lines: one JSON object each, no secret, nothing that moves a cursor, journald's priorities."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from monitor import log


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as pytest had it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.getLogger("monitor").setLevel(logging.NOTSET)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_json_object_a_line_with_a_stable_event() -> None:
    stream = io.StringIO()
    log.setup(stream=stream, environ={})
    structlog.get_logger().info("poll", source="bbc", new=3, milliseconds=12.5)
    structlog.get_logger("monitor.pipeline").debug("hidden")
    (line,) = lines(stream)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert line | {"timestamp": ""} == {
        "timestamp": "", "level": "info", "event": "poll", "source": "bbc", "new": 3, "milliseconds": 12.5,
    }  # fmt: skip


def test_a_traceback_is_part_of_its_line() -> None:
    stream = io.StringIO()
    log.setup(stream=stream, environ={})
    try:
        raise ValueError("boom https://u:geheim@x.example/")
    except ValueError:
        structlog.get_logger().exception("bug")
    (line,) = lines(stream)
    assert "ValueError: boom https://***@x.example/" in str(line["exception"])


def test_the_lines_of_libraries_join_from_warning_up() -> None:
    stream = io.StringIO()
    log.setup(stream=stream, environ={})
    logging.getLogger("aiohttp").info("chatter")
    logging.getLogger("aiohttp").warning("unclosed %s", "thing")
    (line,) = lines(stream)
    assert (line["event"], line["library"], line["message"], line["level"]) == (
        "library", "aiohttp", "unclosed thing", "warning",
    )  # fmt: skip


def test_the_level_can_be_lowered_and_changed_by_a_second_setup() -> None:
    stream = io.StringIO()
    logger = structlog.get_logger("monitor.app")
    log.setup("debug", stream=stream, environ={})
    logger.debug("one")
    log.setup("error", stream=stream, environ={})
    logger.warning("two")
    assert [line["event"] for line in lines(stream)] == ["one"]


def test_under_journald_a_priority_and_no_time(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+") as stream:
        found = os.fstat(stream.fileno())
        log.setup(stream=stream, environ={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        structlog.get_logger().warning("health", source="bbc")
        structlog.get_logger().info("poll")
        structlog.get_logger().error("bug")
        stream.seek(0)
        text = stream.read().splitlines()
    assert [line[:3] for line in text] == ["<4>", "<6>", "<3>"]
    assert json.loads(text[0][3:]) == {"level": "warning", "event": "health", "source": "bbc"}


def test_a_stream_that_is_not_the_journals_gets_times(tmp_path: Path) -> None:
    with (tmp_path / "redirected").open("w+") as stream:
        log.setup(stream=stream, environ={"JOURNAL_STREAM": "1:2"})
        structlog.get_logger().info("poll")
        stream.seek(0)
        assert "timestamp" in json.loads(stream.read())


def test_on_a_terminal_words_and_not_json() -> None:
    stream = io.StringIO()
    log.setup(form="console", stream=stream, environ={})
    structlog.get_logger().info("health", title="\x1b[31mred\x07")
    assert "health" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
    assert "\\x1b[31mred\\x07" in stream.getvalue()


def test_on_a_terminal_what_is_routine_is_left_out_unless_asked_for() -> None:
    def told(level: str) -> str:
        stream = io.StringIO()
        log.setup(level, form="console", stream=stream, environ={})
        logger = structlog.get_logger()
        logger.info("entry", outcome="done")
        logger.info("poll", source="a", outcome="unchanged", new=0)
        logger.info("poll", source="b", outcome="new", new=3, baseline=None)
        logger.warning("poll", source="c", outcome="failed", new=0)
        return stream.getvalue()

    shown = told("info")
    assert "source=b" in shown
    assert "source=c" in shown
    assert "None" not in shown
    assert "entry" not in shown
    assert "source=a" not in shown
    assert "entry" in told("debug")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://x.example/a?b=c&d=e", "https://x.example/a?b=c&d=e"),
        ("https://me:pass@x.example:8/a", "https://***@x.example:8/a"),
        ("https://x.example/f?key=abc&page=2", "https://x.example/f?key=***&page=2"),
        ("https://x.example/f?access_token=1&api-key=2&q=x", "https://x.example/f?access_token=***&api-key=***&q=x"),
        ("https://x.example/f?u=a1b2c3d4e5f6a1b2c3d4e5f6a1b2", "https://x.example/f?u=***"),
        ("https://x.example/f?q=%D9%83%D8%A7%D8%A8%D9%84", "https://x.example/f?q=%D9%83%D8%A7%D8%A8%D9%84"),
        ("https://[x/", "***"),
    ],
)
def test_addresses_are_shown_without_their_secrets(url: str, safe: str) -> None:
    assert log.safe_url(url) == safe
    assert log.safe_text(f"see {url} now") == f"see {safe} now"


def test_what_is_nested_is_scrubbed_too() -> None:
    stream = io.StringIO()
    log.setup(stream=stream, environ={})
    structlog.get_logger().info(
        "x", a=["https://u:p@h/"], b={"c": "\x1b"}, error=ValueError("https://u:p@h/"), path=Path("/tmp/\u202e")
    )
    (line,) = lines(stream)
    assert line["a"] == ["https://***@h/"]
    assert line["b"] == {"c": "\\x1b"}
    assert line["error"] == "ValueError: https://***@h/"
    assert line["path"] == "/tmp/\\u202e"


@pytest.mark.parametrize("text", ["\x1b]0;x\x07", "a\u2028b", "\u202eevil", "\x9b1m", "\r", "\x00"])
def test_nothing_that_moves_the_cursor_is_printed(text: str) -> None:
    assert log.printable(text).isprintable()


def test_words_of_every_script_stay_as_they_are() -> None:
    assert log.printable("كابل Kabul 喀布尔\tline\n") == "كابل Kabul 喀布尔\tline\n"
