"""Old telemetry is deleted, at the start and later, and its space is used again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor_fixtures import message, rows_of_feedback, served
from waiting import wait_for

from monitor.database import Database
from monitor.retention import forget, start_retention
from monitor.writer import Writer

FILE = "monitor/telemetry.duckdb"


def test_what_is_older_than_the_setting_is_forgotten_at_the_start(tmp_path):
    with served(tmp_path) as monitor:
        monitor.track(message("old", time=datetime.now(UTC) - timedelta(hours=30)), message("young"))

    with served(tmp_path, monitor_retention_days=1) as monitor:
        wait_for(lambda: monitor.rows("AppTraces | project Message") == [["young"]])


def test_the_space_of_what_is_forgotten_is_used_again(tmp_path):
    database = Database(tmp_path / FILE)
    writer = Writer(database, {}).start()
    sizes = []

    for day in range(6):
        moment = datetime(2026, 1, 1 + day, tzinfo=UTC)
        writer.submit(rows_of_feedback(5000, moment)).result(20)
        writer.call(lambda connection, moment=moment: forget(connection, moment)).result(20)
        sizes.append(sum(file.stat().st_size for file in (tmp_path / "monitor").iterdir() if file.is_file()))
    left = database.cursor().execute('SELECT count(*) FROM "AppTraces"').fetchone()
    writer.close()
    database.close()

    assert left == (5000,)
    assert max(sizes[3:]) <= 1.2 * max(sizes[:3])


def test_forgetting_goes_on_in_the_background(tmp_path):
    database = Database(tmp_path / FILE)
    writer = Writer(database, {}).start()
    stop = start_retention(writer, 1, every=timedelta(seconds=0.05))
    moment = datetime.now(UTC) - timedelta(hours=40)

    writer.submit(rows_of_feedback(3, moment)).result(5)

    wait_for(lambda: database.cursor().execute('SELECT count(*) FROM "AppTraces"').fetchone() == (0,))
    stop()
    writer.close()
    database.close()
