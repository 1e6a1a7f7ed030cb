"""How a monitor stops: nothing reads its file any more when that is closed."""

from __future__ import annotations

import asyncio
import time

from monitor.database import Database
from monitor.server import Monitor
from sentiment.config import Settings


def test_a_monitor_that_stops_at_once_waits_for_what_still_reads_the_file(tmp_path, monkeypatch):
    monitor = Monitor(Database(tmp_path / "telemetry.duckdb"), Settings(home=tmp_path), has_alerts=False)
    read = []

    def warm():
        time.sleep(0.5)
        monitor.database.cursor().close()
        read.append("to the end")

    async def start_and_stop():
        async with monitor.lifespan(None):
            pass

    monkeypatch.setattr(monitor.engine, "warm", warm)
    asyncio.run(start_and_stop())

    assert read == ["to the end"]
