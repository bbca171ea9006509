"""Metrics are Prometheus text by its conventions, each one documented; health answers say what ails."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from build import NOON
from prometheus_client.parser import text_string_to_metric_families

from monitor.config import MetricsConfig
from monitor.errors import ConfigError, StoreError
from monitor.metrics import Files, Health, Telling, families, look_at_files, render
from monitor.store.overview import Lane, Overview, RuleRate

HOUR = timedelta(hours=1)
VIEW = Overview(
    at=NOON,
    sources={"ok": 3, "failing": 1},
    troubles=(),
    rules=(RuleRate(slug="envoy", state="on", matches=4, alerts=2, last_match_at=NOON),),
    lanes=(
        Lane(
            channel="mail", pending=2, claimed=1, uncertain=0, dead=5, sent=7, oldest_at=NOON - HOUR, next_at=NOON,
            failing_since=None, last_error="",
        ),
    ),
    notices=(),
    stages={"gather": NOON - HOUR, "settle": None, "deliver": NOON},
    pending=6,
    oldest_pending_at=NOON - 2 * HOUR,
    held=1,
    entries={"done": 9},
    polls={"new": 8},
    articles=100,
    stories=50,
    alerts=2,
    next_poll_at=None,
    next_delivery_at=None,
    silences=0,
)  # fmt: skip
FILES = Files(sizes={"monitor.db": 4096}, free=10**9)
WELL = Health(checked_at=NOON - timedelta(seconds=3))


def samples(text: bytes) -> dict[str, float]:
    out = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            out[f"{sample.name}{{{labels}}}"] = sample.value
    return out


def test_the_text_is_what_prometheus_reads() -> None:
    found = samples(render(VIEW, FILES, WELL, NOON))
    assert found["monitor_sources{health=failing}"] == 1
    assert found["monitor_stage_last_success_timestamp_seconds{stage=gather}"] == (NOON - HOUR).timestamp()
    assert "monitor_stage_last_success_timestamp_seconds{stage=settle}" not in found, "unknown is not 1970"
    assert found["monitor_entries{state=pending}"] == 6
    assert found["monitor_entries_oldest_pending_seconds{}"] == 7200
    assert found["monitor_deliveries{channel=mail,state=dead}"] == 5
    assert found["monitor_deliveries_oldest_pending_seconds{}"] == 3600
    assert found["monitor_matches{rule=envoy}"] == 4
    assert found["monitor_store_bytes{file=monitor.db}"] == 4096
    assert found["monitor_disk_free_bytes{}"] == 10**9
    assert found["monitor_watchdog_age_seconds{}"] == 3


def test_every_metric_is_documented_and_no_other() -> None:
    page = (Path(__file__).parents[1] / "docs" / "operations.md").read_text("utf-8")
    documented = re.findall(r"^\| `(monitor_\w+)` \| (.*?) \|", page, re.MULTILINE)
    made = {}
    for family in families(VIEW, FILES, WELL, NOON):
        name = f"{family.name}_info" if family.type == "info" else family.name
        labels = sorted({label for sample in family.samples for label in sample.labels})
        made[name] = labels
    assert {name: sorted(re.findall(r"`(\w+)`", labels)) for name, labels in documented} == made


def test_files_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").write_bytes(b"x" * 10)
    found = look_at_files(tmp_path)
    assert found.sizes == {"monitor.db": 10}
    assert found.free is not None
    assert look_at_files(tmp_path / "none") == Files(sizes={}, free=None)


def told(
    config: MetricsConfig,
    tmp_path: Path,
    check: Callable[[Telling], object],
    *,
    health: Health = WELL,
    fault: bool = False,
) -> None:
    async def view() -> Overview:
        if fault:
            raise StoreError("the store is gone")
        return VIEW

    async def main() -> None:
        async with Telling(config, tmp_path, view, lambda: health, NOON).open() as telling:
            await check(telling)  # type: ignore[misc]

    asyncio.run(main())


async def get(telling: Telling, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://{telling.address}{path}") as answer:
        return answer.status, await answer.text()


def test_a_scrape(tmp_path: Path) -> None:
    async def check(telling: Telling) -> None:
        status, text = await get(telling, "/metrics")
        assert status == 200
        assert 'monitor_entries{state="pending"} 6.0' in text
        assert (await get(telling, "/"))[0] == 404

    told(MetricsConfig(listen="127.0.0.1:0"), tmp_path, check)


@pytest.mark.parametrize(
    ("health", "healthy", "ready"),
    [
        (Health(), 200, 200),
        (Health(ailments=("the writer does not answer",)), 503, 200),
        (Health(ready=False), 200, 503),
    ],
)
def test_health_answers(tmp_path: Path, health: Health, healthy: int, ready: int) -> None:
    async def check(telling: Telling) -> None:
        status, text = await get(telling, "/-/healthy")
        assert status == healthy
        assert all(ailment in text for ailment in health.ailments)
        assert (await get(telling, "/-/ready"))[0] == ready

    told(MetricsConfig(listen="127.0.0.1:0"), tmp_path, check, health=health)


def test_a_store_that_does_not_answer_is_a_failed_scrape(tmp_path: Path) -> None:
    async def check(telling: Telling) -> None:
        assert await get(telling, "/metrics") == (503, "the store is gone\n")

    told(MetricsConfig(listen="127.0.0.1:0"), tmp_path, check, fault=True)


def test_an_address_that_is_taken_is_the_configurations_fault(tmp_path: Path) -> None:
    async def check(telling: Telling) -> None:
        other = Telling(MetricsConfig(listen=telling.address), tmp_path, telling._view, lambda: WELL, NOON)
        with pytest.raises(ConfigError, match=r"metrics.listen: cannot listen at 127.0.0.1:\d+"):
            async with other.open():
                pass

    told(MetricsConfig(listen="127.0.0.1:0"), tmp_path, check)


def test_the_text_file_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "monitor.prom"

    async def check(telling: Telling) -> None:
        for _ in range(200):
            if target.exists():
                break
            await asyncio.sleep(0.01)
        assert samples(target.read_bytes())["monitor_articles{}"] == 100
        assert target.stat().st_mode & 0o777 == 0o644
        assert [path.name for path in tmp_path.iterdir()] == ["monitor.prom"]

    told(MetricsConfig(textfile=target), tmp_path, check)
