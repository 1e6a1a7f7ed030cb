"""The alert evaluator inside the monitor: a thread that evaluates the rule at its schedule.

Rules, state and channels are in `sentiment`.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sentiment.supervision import channels
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_state import last_evaluation
from sentiment.supervision.alert_watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.query import QueryEngine
    from sentiment.config import Settings
    from sentiment.supervision.alert_rule import AlertRule

SETTLE = timedelta(seconds=2)  # after the full minute, so that what exporters batch for a second has arrived
_AT_MOST_SECONDS = 60.0  # between two looks at the clock: it may be set meanwhile
_STOP_SECONDS = 5.0
_logger = logging.getLogger("sentiment.alert")


def start_evaluator(engine: QueryEngine, settings: Settings) -> Callable[[], None]:
    """Evaluate the rule at each of its moments, in a thread; return a function that stops it.

    Raises:
        AlertError: The rule cannot be read.
        ConfigError: A channel is set up by half.
    """
    rule = read_rule()
    watch = Watch(rule, engine.frame, channels.from_settings(settings), settings.alert_home)
    stopped = threading.Event()
    thread = threading.Thread(target=_run, args=(watch, rule, stopped), name="alert-evaluator", daemon=True)
    thread.start()

    def stop() -> None:
        stopped.set()
        thread.join(_STOP_SECONDS)

    return stop


def seconds_to_next(rule: AlertRule, now: datetime) -> float:
    """Return the seconds to wait until the rule's next evaluation or the next look at the clock."""
    upcoming = last_evaluation(rule, now - SETTLE) + rule.evaluation_frequency + SETTLE
    return min((upcoming - now).total_seconds(), _AT_MOST_SECONDS)


def _run(watch: Watch, rule: AlertRule, stopped: threading.Event) -> None:
    told = ""
    while True:
        try:
            watch.evaluate(datetime.now(UTC))
            told = ""
        except Exception as error:  # the monitor goes on whatever becomes of its alert
            if str(error) != told:
                _logger.exception("the alert cannot be evaluated")
            told = str(error)
        if stopped.wait(seconds_to_next(rule, datetime.now(UTC))):
            return
