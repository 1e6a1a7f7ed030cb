"""The alert evaluator inside the monitor: a thread that evaluates each rule at its schedule.

Rules, state and channels are in `sentiment`.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sentiment.champions import store
from sentiment.review.audited import read_audited
from sentiment.supervision import channels
from sentiment.supervision.alert_rule import read_rules
from sentiment.supervision.alert_state import last_evaluation
from sentiment.supervision.alert_watch import Watch
from sentiment.supervision.production_alert import watch_production

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.query import QueryEngine
    from sentiment.config import Settings
    from sentiment.supervision.alert_rule import AlertRule

SETTLE = timedelta(seconds=2)  # after the full minute, so that what exporters batch for a second has arrived
_AT_MOST_SECONDS = 60.0  # between two looks at the clock: it may be set meanwhile
_STOP_SECONDS = 5.0
_logger = logging.getLogger("sentiment.alert")


def start_evaluator(engine: QueryEngine, settings: Settings) -> Callable[[], None]:
    """Evaluate the rules at each of their moments, in a thread; return a function that stops it.

    Raises:
        AlertError: A rule cannot be read.
        ConfigError: A channel is set up by half.
    """
    rules, tell = read_rules(), channels.from_settings(settings)
    watches = [Watch(rule, engine.frame, tell, settings.alert_home) for rule in rules]
    production = watch_production(settings, tell, lambda: read_audited(settings), store.pointer)
    watches += [production] if production else []
    stopped = threading.Event()
    thread = threading.Thread(
        target=_run, args=(watches, rules[0], stopped), name="alert-evaluator", daemon=True
    )
    thread.start()

    def stop() -> None:
        stopped.set()
        thread.join(_STOP_SECONDS)

    return stop


def seconds_to_next(rule: AlertRule, now: datetime) -> float:
    """Return the seconds to wait until the rule's next evaluation or the next look at the clock."""
    upcoming = last_evaluation(rule, now - SETTLE) + rule.evaluation_frequency + SETTLE
    return min((upcoming - now).total_seconds(), _AT_MOST_SECONDS)


def _run(watches: Sequence[Watch], fastest: AlertRule, stopped: threading.Event) -> None:
    told: dict[Watch, str] = {}
    while True:
        for watch in watches:
            try:
                watch.evaluate(datetime.now(UTC))
                told.pop(watch, None)
            except Exception as error:  # the monitor goes on whatever becomes of its alerts
                if str(error) != told.get(watch):
                    _logger.exception("the alert cannot be evaluated: %s", watch.rule.name)
                told[watch] = str(error)
        if stopped.wait(seconds_to_next(fastest, datetime.now(UTC))):
            return
