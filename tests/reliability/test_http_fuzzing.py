"""Schemathesis sends what `/docs.json` allows, and what it does not, to a really served service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from served import served

from sentiment.config import read_settings
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox

pytestmark = pytest.mark.slow
SECONDS = 20
CONFIGURATION = """
hooks = "schemathesis_hooks.py"
request-timeout = 5.0
continue-on-failure = true
[cache]
enabled = false
[generation]
max-examples = 60
"""


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory, store_with_champion):
    """The report of schemathesis, the server's log, and the feedback that came in."""
    folder = tmp_path_factory.mktemp("fuzzing")
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    with served(folder / "serve.log", workers=1, SENTIMENT_FEEDBACK_PER_MINUTE="0") as (address, _):
        report = _run_schemathesis(folder, address)
    inbox = list(read_inbox(Inbox(read_settings().feedback_address))["prediction_id"])
    return report, (folder / "serve.log").read_text(), inbox


def _run_schemathesis(folder, address):
    # A prediction id of the right type is not yet a good one, nor is a text; a check of ours knows
    # which texts are to be labelled.
    checks = ["--checks", "all", "--exclude-checks", "positive_data_acceptance"]
    command = ["--config-file", "schemathesis.toml", "run", f"{address}/docs.json", *checks]
    limits = ["--max-time", str(SECONDS), "--max-response-time", "2", "--seed", "7", "--no-color"]
    fixtures = Path(__file__).parents[1] / "fixtures"
    (folder / "schemathesis_hooks.py").write_text((fixtures / "schemathesis_hooks.py").read_text())
    return subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *command, *limits],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(fixtures.parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS + 60,
    )


def test_no_request_that_schemathesis_thinks_of_gets_an_answer_that_the_description_does_not_promise(fuzzed):
    report, log, _ = fuzzed

    assert report.returncode == 0, report.stdout[-6000:] + report.stderr[-2000:]
    assert re.search(r"Tested: +8", report.stdout), report.stdout
    assert "Traceback" not in log
    assert " failed with " not in log


def test_it_follows_predictions_to_their_feedback_and_each_is_recorded_once(fuzzed):
    report, _, inbox = fuzzed

    assert inbox, report.stdout
    assert len(set(inbox)) == len(inbox)
