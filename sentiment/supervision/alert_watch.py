"""The watch over an alert: evaluates its rule, keeps its state, delivers each change once.

The decisions are in `alert_rule`, the ways to people in `channels`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from sentiment import durable
from sentiment.errors import AlertError, SentiloopError
from sentiment.supervision.alert_history import AlertHistory
from sentiment.supervision.alert_state import AlertState, Change, advance, last_evaluation, measure_windows
from sentiment.supervision.notices import Notice

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sentiment.supervision.alert_rule import AlertRule
    from sentiment.supervision.channels import Channel

# Runs a query over the window (start, end] of TimeGenerated.
Ask = Callable[[str, datetime, datetime], "pd.DataFrame"]

MOST_MISSED = 60  # evaluations that are made up for after a stop or a failure
GIVE_UP = timedelta(hours=24)  # after which a message that no one takes is dropped
_LOCK_SECONDS = 120
_logger = logging.getLogger("sentiment.alert")


class _Delivery(BaseModel):
    """A notice that a channel has not delivered yet."""

    channel: str
    change: Change
    fired: datetime
    at: datetime
    value: float | None
    most: float
    has_failed: bool = False

    @classmethod
    def of(cls, notice: Notice, channel: str) -> _Delivery:
        facts = {name: getattr(notice, name) for name in ("change", "fired", "at", "value", "most")}
        return cls(channel=channel, **facts)

    def notice(self, rule: AlertRule) -> Notice:
        return Notice(rule, self.change, self.fired, self.at, self.value, self.most)


class _Memory(BaseModel):
    """The state of a watch between two evaluations, shared by all processes of a home."""

    evaluated: datetime | None = None
    value: float | None = None
    alert: AlertState = AlertState()
    could_not_ask: bool = False
    deliveries: list[_Delivery] = []


@dataclass(frozen=True)
class Evaluation:
    """The result of a call: the latest evaluation, the changes since the last call, any error.

    `at` and `value` are None as long as no query has succeeded; `undelivered` counts messages that
    will be tried again.
    """

    at: datetime | None
    value: float | None
    state: AlertState
    changes: tuple[Notice, ...]
    error: Exception | None
    undelivered: int


class Watch:
    """Evaluates a rule; all watches that share a home make one alert and one message per change."""

    def __init__(self, rule: AlertRule, ask: Ask, channels: Sequence[Channel], home: Path) -> None:
        self.rule = rule
        self._ask = ask
        folder = home / "alerts"
        self._state_file = folder / f"{rule.name}.json"
        self._lock = FileLock(folder / f"{rule.name}.lock", timeout=_LOCK_SECONDS)
        self._channels: list[Channel] = [AlertHistory(folder / f"{rule.name}.jsonl"), *channels]

    def evaluate(self, now: datetime) -> Evaluation:
        """Make every evaluation that is due at `now`, then deliver the notices of all changes.

        Evaluations happen on the rule's grid of whole minutes, each on the rows that are there now;
        at most `MOST_MISSED` missed ones are made. One whose query fails changes nothing and is
        tried again. A message is saved with the state before it is sent, so a crash loses none; it
        is sent twice only if the process dies before it has saved that it was sent.

        Raises:
            AlertError: The state cannot be read, or another watcher does not release its lock.
            OSError: The state cannot be written.
        """
        self._state_file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._lock:
                return self._evaluate(now)
        except Timeout as error:
            raise AlertError(
                f"another watcher has held {self._lock.lock_file} for {_LOCK_SECONDS} s: "
                "stop it, then run again"
            ) from error

    def _evaluate(self, now: datetime) -> Evaluation:
        memory = self._read()
        before = memory.model_copy(deep=True)
        changes: list[Notice] = []
        error: Exception | None = None
        try:
            for at in self._due(memory, now):
                changes += self._evaluate_at(memory, at)
        except Exception as caught:  # however the query fails, the alert stays as it is
            error = caught
        self._note(memory, error)
        if memory != before:
            self._write(memory)
        self._deliver(memory, now)
        return Evaluation(
            memory.evaluated, memory.value, memory.alert, tuple(changes), error, len(memory.deliveries)
        )

    def _due(self, memory: _Memory, now: datetime) -> list[datetime]:
        """Return the times of the evaluations to make, oldest first."""
        step, at = self.rule.evaluation_frequency, last_evaluation(self.rule, now)
        if memory.evaluated is None:
            return [at]
        if memory.evaluated - at > self.rule.window_size:
            _logger.warning(
                "the clock went back from %s to %s: the alert continues from there", memory.evaluated, at
            )
            memory.alert = AlertState(memory.alert.fired, memory.alert.most)
            return [at]
        missed = max((at - memory.evaluated) // step, 0)
        # The gap is unknown, so quiet evaluations before it do not add up with those after it.
        if missed > MOST_MISSED:
            memory.alert = AlertState(memory.alert.fired, memory.alert.most)
        return [at - n * step for n in reversed(range(min(missed, MOST_MISSED)))]

    def _evaluate_at(self, memory: _Memory, at: datetime) -> list[Notice]:
        rule, before = self.rule, memory.alert
        values = measure_windows(rule, self._ask(rule.criterion.query, at - rule.lookback, at), at)
        value = None if math.isnan(values[0]) else values[0]
        memory.alert, change = advance(rule, before, at, values)
        memory.evaluated, memory.value = at, value
        if change is None:
            return []
        alert = memory.alert if change == "fired" else before
        notice = Notice(rule, change, alert.fired or at, at, value, alert.most)
        memory.deliveries += [_Delivery.of(notice, channel.name) for channel in self._channels]
        return [notice]

    def _note(self, memory: _Memory, error: Exception | None) -> None:
        """Log once that evaluations fail, and once that they succeed again."""
        if error is not None and not memory.could_not_ask:
            _logger.warning(
                "the alert %s cannot be evaluated: %s; it stays as it is until it can",
                self.rule.name,
                _message(error),
            )
        elif error is None and memory.could_not_ask:
            _logger.info("the alert %s is evaluated again", self.rule.name)
        memory.could_not_ask = error is not None

    def _deliver(self, memory: _Memory, now: datetime) -> None:
        """Send each channel its notices in order; a failure delays only its own later notices."""
        for channel in self._channels:
            for delivery in [each for each in memory.deliveries if each.channel == channel.name]:
                if not self._is_delivered(channel, delivery, memory):
                    break
        for delivery in [each for each in memory.deliveries if now - each.at >= GIVE_UP]:
            _logger.error(
                "no message that the alert %s is %s left by %s",
                self.rule.name,
                delivery.change,
                delivery.channel,
            )
            memory.deliveries.remove(delivery)
            self._write(memory)

    def _is_delivered(self, channel: Channel, delivery: _Delivery, memory: _Memory) -> bool:
        try:
            channel.send(delivery.notice(self.rule))
        except Exception as error:  # a channel's fault, of whatever kind, must not stop the others
            if not delivery.has_failed:
                _logger.warning(
                    "the alert %s is not told by %s yet: %s", self.rule.name, channel.name, _message(error)
                )
                delivery.has_failed = True
                self._write(memory)
            return False
        memory.deliveries.remove(delivery)
        self._write(memory)
        return True

    def _read(self) -> _Memory:
        try:
            return _Memory.model_validate_json(self._state_file.read_bytes())
        except FileNotFoundError:
            return _Memory()
        except (OSError, ValidationError) as error:
            raise AlertError(
                f"the state of the alert in {self._state_file} cannot be read: repair it or delete it"
            ) from error

    def _write(self, memory: _Memory) -> None:
        durable.replace(self._state_file, memory.model_dump_json(indent=1).encode())


def _message(error: Exception) -> str:
    """Return the message of our own errors, of others the type alone: theirs may hold anything."""
    return str(error) if isinstance(error, SentiloopError) else type(error).__name__
