"""The weekly report end to end: a real monitor, a real MLflow, a page; and each of them away."""

import argparse
import io
import re
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pandas as pd
import pytest
from monitor_fixtures import bad_prediction, message, request, served
from prefect.artifacts import Artifact

from flows import analyse as room
from flows.analyse import write_report
from flows.arguments.analyse import read_moment
from sentiment.command import run_command
from sentiment.config import EXPERIMENT_NAME, read_settings
from sentiment.errors import ConfigError, QueryError
from sentiment.training import runs as tracking

pytestmark = pytest.mark.usefixtures("prefect_server")

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
HOSTILE = "<script>alert(1)</script> late"


def ago(hours, minutes=0):
    return NOW - timedelta(hours=hours, minutes=minutes)


def good_prediction(feedback_id, *, at, **properties):
    given = {
        "tweet_text": "lovely crew",
        "predicted_label": "positive",
        "score": "0.9",
        "model": "tweet-sentiment:one",
        **properties,
    }
    return message(
        "Good prediction", time=at, feedback_id=feedback_id, prediction_id=f"p-{feedback_id}", **given
    )


def predict(at, *, duration="0.00:00:00.020", **properties):
    counts = {
        "texts": "2",
        "negative": "1",
        "neutral": "0",
        "positive": "1",
        "low_confidence": "1",
        "score_sum": "1.5",
    }
    return request(time=at, duration=duration, model="tweet-sentiment:one", **counts, **properties)


@pytest.fixture(scope="module")
def told_monitor_days(tmp_path_factory):
    """A monitor with two days: 4 of 6 wrong, three in one minute, and 1 of 3 the day before."""
    with pytest.MonkeyPatch.context() as patch, served(tmp_path_factory.mktemp("monitor")) as monitor:
        patch.setenv("SENTIMENT_LOGS_ENDPOINT", monitor.address)
        burst = [
            bad_prediction(f"b{n}", time=ago(5, -n), tweet_text=f"late 🙄 gate {n}", score=f"0.{9 - n}")
            for n in range(3)
        ]
        again = bad_prediction("b0", time=ago(4), tweet_text="late 🙄 gate 0")
        other = bad_prediction(
            "b3", time=ago(2), tweet_text=HOSTILE, predicted_label="neutral", model="tweet-sentiment:two"
        )
        lost = bad_prediction("late", time=ago(1), received_at=ago(30).isoformat(), predicted_label="neutral")
        envelopes = [
            *(*burst, again, other, lost, good_prediction("g0", at=ago(3)), good_prediction("g1", at=ago(3))),
            *(good_prediction("g2", at=ago(26)), good_prediction("g3", at=ago(40))),
            *(predict(ago(hours)) for hours in (1, 2, 3, 23, 24, 25, 46)),
            predict(ago(6), duration="0.00:00:00.200"),
            request(time=ago(7), status=503),
            request("POST /feedback", time=ago(7), status=400),
        ]
        answer = monitor.http.post("/v2.1/track", json=envelopes)
        assert answer.status_code == 200, answer.text
        yield monitor


@pytest.fixture(scope="module")
def written_report(told_monitor_days, tmp_path_factory, empty_mlflow):
    """The report of the last day: home, the page's path, report, its run in MLflow, its files."""
    home = tmp_path_factory.mktemp("written")
    shutil.copy(empty_mlflow, home / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        path, weekly = write_report(days=1, end=NOW)
        (run,) = runs()
        folder = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id))
        files = {
            str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()
        }
    return SimpleNamespace(home=home, path=path, weekly=weekly, run=run, files=files)


def runs():
    tracking.connect(read_settings())
    return mlflow.search_runs(experiment_names=[EXPERIMENT_NAME], output_format="list")


def test_report_reaches_mlflow_with_its_figures_tables_and_pictures(written_report):
    run = written_report.run

    assert (run.info.run_name, run.info.status) == (f"weekly-report {NOW:%Y-%m-%d}", "FINISHED")
    assert run.data.tags["kind"] == "weekly-report"
    expected = {
        "requests": 8,
        "requests_before": 2,
        "predictions": 12,
        "predictions_before": 4,
        "feedback": 6,
        "feedback_before": 3,
        "bad_predictions": 4,
        "bad_predictions_before": 1,
        "bad_share": 4 / 6,
        "server_error_share": 1 / 8,
        "refused_share": 1 / 8,
        "low_confidence_share": 0.5,
        "mean_score": 0.75,
        "latency_ms_p50": 20,
        "alerts": 1,
        "alerts_before": 0,
    }
    assert {key: run.data.metrics[key] for key in expected} == pytest.approx(expected)
    assert set(run.data.metrics) == set(written_report.weekly.metrics)
    tables = {f"tables/{name}.csv" for name in written_report.weekly.tables}
    pictures = {
        f"pictures/{name}.png"
        for name in ("feedback", "mistakes", "words", "models", "service", "confidence")
    }
    assert set(written_report.files) == {"report.html", "summary.md", *tables, *pictures}
    mistakes = pd.read_csv(io.BytesIO(written_report.files["tables/mistakes.csv"]))
    assert HOSTILE in set(mistakes["tweet_text"])


def test_the_page_is_in_a_file_that_holds_what_mlflow_holds(written_report):
    assert written_report.path == written_report.home / "reports" / f"weekly-{NOW:%Y-%m-%d}.html"
    assert written_report.path.read_bytes() == written_report.files["report.html"]
    assert [path.name for path in written_report.path.parent.iterdir()] == [written_report.path.name]


def test_the_summary_is_shown_in_prefect(written_report):
    artifact = Artifact.get(key="weekly-report")

    assert artifact.data.encode() == written_report.files["summary.md"]
    assert "4 of 6 feedbacks say wrong: too few to tell a trend" in artifact.data


def test_feedback_sent_again_counts_once_and_where_it_was_given(written_report):
    windows = written_report.weekly.tables["by_window"].set_index("start")

    assert windows.loc[ago(30), "wrong"] == 1
    assert windows.loc[ago(5), "wrong"] == 3
    assert windows.loc[ago(4), "wrong"] == 0
    assert list(written_report.weekly.tables["mistakes"]["tweet_text"]).count("late 🙄 gate 0") == 1
    assert written_report.weekly.tables["words"].set_index("word").loc["🙄", "wrong"] == 3
    assert [episode.most for episode in written_report.weekly.alerts] == [3]


def test_a_tweet_cannot_put_markup_on_the_page(written_report):
    page = written_report.path.read_text("utf-8")

    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; late" in page


def test_the_same_logs_make_the_same_page_but_for_the_time_it_was_made(written_report, loop_home, tmp_path):
    path, _ = write_report(days=1, end=NOW, output=tmp_path / "elsewhere" / "again.html")

    one, other = (
        re.sub(r"Made on [^<]* from the logs", "", page.read_text("utf-8"))
        for page in (written_report.path, path)
    )
    assert one == other
    assert not (loop_home / "reports").exists()


def test_command_prints_the_headline_figures_and_the_path(loop_home, told_monitor_days, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["analyse", "--days", "1", "--end", NOW.isoformat()])

    assert run_command(room.main) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == str(loop_home / "reports" / f"weekly-{NOW:%Y-%m-%d}.html")
    assert re.search(r"Feedback that says wrong +67% +before: +33% +too few to tell", "\n".join(lines))


def test_an_empty_period_makes_a_report_that_says_so(loop_home, told_monitor_days, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["analyse", "--end", "2026-01-05"])

    assert run_command(room.main) == 0

    assert (
        "Nothing was recorded from 29 Dec 2025, 00:00 UTC to 5 Jan 2026, 00:00 UTC" in capsys.readouterr().out
    )
    assert "Nothing was recorded" in (loop_home / "reports" / "weekly-2026-01-05.html").read_text("utf-8")
    (run,) = runs()
    assert run.data.metrics["requests"] == 0


def test_without_a_monitor_there_is_one_clear_line_and_nothing_half_written(loop_home, monkeypatch, capfd):
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(sys, "argv", ["analyse"])
    monkeypatch.setattr(room.read_answer, "retry_delay_seconds", [0, 0])

    assert run_command(room.main) == 1

    error = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(error) == 1
    assert "http://127.0.0.1:9 do not answer" in error[0]
    assert runs() == []
    assert not (loop_home / "reports").exists()


def test_a_monitor_that_is_busy_for_a_moment_is_asked_again(loop_home, told_monitor_days, monkeypatch):
    monkeypatch.setattr(room.read_answer, "retry_delay_seconds", [0, 0])
    told_monitor_days.set_faults(query={"status": 429, "times": 4, "retry_after": 0})

    _, weekly = write_report(days=1, end=NOW)

    assert weekly.measures["feedback"].now == 6


def test_a_query_that_is_refused_is_not_asked_again(loop_home, told_monitor_days, monkeypatch):
    asked = []

    def refuse(name, **parameters):
        asked.append(name)
        return "AppTraces | where Nonsense == 1"

    monkeypatch.setattr(room.queries, "read", refuse)

    with pytest.raises(QueryError) as error:
        write_report(days=1, end=NOW)

    assert error.value.reason == "query"
    assert asked == ["bad_predictions"]
    assert runs() == []


def test_a_page_that_cannot_be_written_fails_the_run_and_names_the_remedy(
    loop_home, told_monitor_days, tmp_path
):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match=r"the report cannot be written to .*page\.html .*--output"):
        write_report(days=1, end=NOW, output=tmp_path / "file" / "page.html")

    (run,) = runs()
    assert run.info.status == "FAILED"


@pytest.mark.parametrize(
    "wrong", [["--days", "0"], ["--days", "32"], ["--days", "-1"], ["--days", "x"], ["--end", "yesterday"]]
)
def test_a_wrong_argument_is_refused_before_anything_is_asked(wrong, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["analyse", *wrong])

    with pytest.raises(SystemExit) as stop:
        room.main()

    assert stop.value.code == 2
    assert wrong[1] in capsys.readouterr().err


def test_an_end_without_a_time_zone_is_utc():
    assert read_moment("2026-11-23") == datetime(2026, 11, 23, tzinfo=UTC)
    assert read_moment("2026-11-23T01:00+01:00") == datetime(2026, 11, 23, tzinfo=UTC)
    with pytest.raises(argparse.ArgumentTypeError):
        read_moment("")


def test_help_names_the_options(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["analyse", "--help"])

    with pytest.raises(SystemExit) as stop:
        room.main()

    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--days", "--end", "--output"))
