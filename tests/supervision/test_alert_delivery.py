"""The delivery of alert messages: channels that fail, processes that die, watches that race."""

import logging
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from alert_fixtures import BURST, FIRED, MINUTE, NAME, NOON, RESOLVED, ROOT, Inbox, Logs, evaluate, lines

from sentiment.errors import AlertError
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_watch import GIVE_UP, Watch


def test_a_channel_that_fails_stops_nothing_and_is_tried_again_in_order(tmp_path, caplog):
    broken, whole = Inbox("broken"), Inbox("whole")
    watch = Watch(read_rule(), Logs(*BURST), [broken, whole], tmp_path)

    broken.fault = AlertError("the webhook answered 500: check its receiver")
    evaluation = evaluate(watch, *range(20))
    assert whole.got == [FIRED, RESOLVED]
    assert (broken.got, evaluation.undelivered, evaluation.error) == ([], 2, None)
    broken.fault = None
    evaluation = evaluate(watch, 20)

    assert broken.got == whole.got
    assert evaluation.undelivered == 0
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"the alert {NAME} is not told by broken yet: the webhook answered 500: check its receiver"
    ]


def test_what_is_not_our_own_error_is_not_written_to_the_log(tmp_path, caplog, mailbox):
    mailbox.fault = RuntimeError("canary4711")

    evaluate(Watch(read_rule(), Logs(*BURST), [mailbox], tmp_path), 1)

    assert "RuntimeError" in caplog.text
    assert "canary4711" not in caplog.text


def test_a_message_is_tried_for_a_day_and_not_longer(tmp_path, mailbox, caplog):
    watch = Watch(read_rule(), Logs(*BURST), [mailbox], tmp_path)
    mailbox.fault = AlertError("down")
    evaluate(watch, 1)

    kept = watch.evaluate(NOON + MINUTE + GIVE_UP - MINUTE).undelivered
    evaluation = watch.evaluate(NOON + MINUTE + GIVE_UP)
    mailbox.fault = None
    watch.evaluate(NOON + MINUTE + GIVE_UP + MINUTE)

    assert kept == 2  # that it fired, and that it was over
    assert evaluation.undelivered == 1
    assert [change for change, _ in mailbox.got] == ["resolved"]
    assert "no message that the alert bad-predictions is fired left by inbox" in caplog.text


def test_two_watchers_at_once_make_one_message(tmp_path):
    boxes = [Inbox(), Inbox()]
    watches = [Watch(read_rule(), Logs(*BURST), [box], tmp_path) for box in boxes]

    with ThreadPoolExecutor(2) as pool:
        for minute in range(20):
            barrier = threading.Barrier(2)
            list(
                pool.map(
                    lambda watch, barrier=barrier, minute=minute: (barrier.wait(), evaluate(watch, minute)),
                    watches,
                )
            )

    assert sorted(boxes[0].got + boxes[1].got) == [FIRED, RESOLVED]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import pandas as pd
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_watch import Watch

class Deadly:
    name = "inbox"
    def send(self, notice):
        os.kill(os.getpid(), signal.SIGKILL)

noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
rows = pd.DataFrame({"TimeGenerated": [noon] * 3})
watch = Watch(read_rule(), lambda query, start, end: rows, [Deadly()], Path(sys.argv[1]))
watch.evaluate(noon + timedelta(minutes=1))
"""


def test_a_message_survives_kill_9_between_the_state_and_its_delivery(tmp_path, mailbox):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], env=environment, check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL

    watch = Watch(read_rule(), Logs(), [mailbox], tmp_path)  # the rows are gone, so only the state can know
    evaluate(watch, 1.1)
    assert mailbox.got == [FIRED]
    evaluate(watch, *range(2, 20))

    assert mailbox.got == [FIRED, ("resolved", NOON + 11 * MINUTE)]
    assert [line["change"] for line in lines(tmp_path)] == ["fired", "resolved"]
