"""Evaluate the alert rule, remember what was found, tell people once.

What the rule means is in `alerting`, how they hear in `channels`.
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from sentiment import durable
from sentiment.errors import AlertError, SentiloopError
from sentiment.supervision.alert_rule import AlertState, Change, advance, last_evaluation, measure_windows
from sentiment.supervision.notices import Notice

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sentiment.supervision.alert_rule import AlertRule
    from sentiment.supervision.channels import Channel

# A query and the window (start, end] of TimeGenerated.
Ask = Callable[[str, datetime, datetime], "pd.DataFrame"]

MOST_MISSED = 60  # evaluations that are made up for after a stop or a failure
GIVE_UP = timedelta(hours=24)  # after which a message that no one takes is dropped
_LOCK_SECONDS = 120
_logger = logging.getLogger("sentiment.alert")


class _Delivery(BaseModel):
    """A notice that one channel has not delivered yet."""

    channel: str
    change: Change
    fired: datetime
    at: datetime
    value: float | None
    most: float
    has_failed: bool = False

    @classmethod
    def of(cls, notice: Notice, channel: str) -> _Delivery:
        told = {name: getattr(notice, name) for name in ("change", "fired", "at", "value", "most")}
        return cls(channel=channel, **told)

    def notice(self, rule: AlertRule) -> Notice:
        return Notice(rule, self.change, self.fired, self.at, self.value, self.most)


class _Memory(BaseModel):
    """What is kept between two evaluations, by whichever process makes them."""

    evaluated: datetime | None = None
    value: float | None = None
    alert: AlertState = AlertState()
    could_not_ask: bool = False
    deliveries: list[_Delivery] = []


@dataclass(frozen=True)
class Evaluation:
    """What is known of the alert: the latest evaluation, the changes that this call found, and what went wrong with it.

    `at` and `value` are None as long as no evaluation could ask; `undelivered` counts messages that
    will be tried again.
    """

    at: datetime | None
    value: float | None
    state: AlertState
    changes: tuple[Notice, ...]
    error: Exception | None
    undelivered: int


class Watch:
    """Evaluates one rule; any number of them, in any processes that share a home, make one alert and one message of each change."""

    def __init__(self, rule: AlertRule, ask: Ask, channels: Sequence[Channel], home: Path) -> None:
        self._rule = rule
        self._ask = ask
        folder = home / "alerts"
        self._state_file = folder / f"{rule.name}.json"
        self._lock = FileLock(folder / f"{rule.name}.lock", timeout=_LOCK_SECONDS)
        self._channels: list[Channel] = [_History(folder / f"{rule.name}.jsonl"), *channels]

    def evaluate(self, now: datetime) -> Evaluation:
        """Make every evaluation that is due at `now` and not made yet, then deliver what there is to tell.

        Evaluations happen on the rule's grid of whole minutes, each on the rows that are there now;
        at most `MOST_MISSED` are made up for. One that cannot ask changes nothing and is tried
        again. A message is kept with the state before it is sent, so a crash loses none; it can
        come twice only when the process dies between the sending and the writing down of it.

        Raises:
            AlertError: The state cannot be read, or another watcher does not let go of it.
            OSError: The state cannot be written.
        """
        self._state_file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._lock:
                return self._evaluate(now)
        except Timeout as error:
            raise AlertError(
                f"another watcher has held {self._lock.lock_file} for {_LOCK_SECONDS} s: stop it, then run again"
            ) from error

    def _evaluate(self, now: datetime) -> Evaluation:
        memory = self._read()
        before = memory.model_copy(deep=True)
        changes: list[Notice] = []
        error: Exception | None = None
        try:
            for at in self._due(memory, now):
                changes += self._evaluate_at(memory, at)
        except Exception as caught:  # whatever the logs answer, the alert stays as it is
            error = caught
        self._note(memory, error)
        if memory != before:
            self._write(memory)
        self._deliver(memory, now)
        return Evaluation(
            memory.evaluated, memory.value, memory.alert, tuple(changes), error, len(memory.deliveries)
        )

    def _due(self, memory: _Memory, now: datetime) -> list[datetime]:
        """Return the moments to evaluate, oldest first."""
        step, at = self._rule.evaluation_frequency, last_evaluation(self._rule, now)
        if memory.evaluated is None:
            return [at]
        if memory.evaluated - at > self._rule.window_size:
            _logger.warning(
                "the clock went back from %s to %s: the alert goes on from there", memory.evaluated, at
            )
            memory.alert = AlertState(memory.alert.fired, memory.alert.most)
            return [at]
        missed = max((at - memory.evaluated) // step, 0)
        # What lies between is not known, so quiet before it does not add up with quiet after it.
        if missed > MOST_MISSED:
            memory.alert = AlertState(memory.alert.fired, memory.alert.most)
        return [at - n * step for n in reversed(range(min(missed, MOST_MISSED)))]

    def _evaluate_at(self, memory: _Memory, at: datetime) -> list[Notice]:
        rule, before = self._rule, memory.alert
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
        """Say once that the logs could not be asked, and once that they can be again."""
        if error is not None and not memory.could_not_ask:
            _logger.warning(
                "the alert %s cannot be evaluated: %s; it stays as it is until it can",
                self._rule.name,
                _words(error),
            )
        elif error is None and memory.could_not_ask:
            _logger.info("the alert %s is evaluated again", self._rule.name)
        memory.could_not_ask = error is not None

    def _deliver(self, memory: _Memory, now: datetime) -> None:
        """Hand each channel its notices in their order; one that fails stops its own later notices, nothing else."""
        for channel in self._channels:
            for delivery in [each for each in memory.deliveries if each.channel == channel.name]:
                if not self._is_delivered(channel, delivery, memory):
                    break
        for delivery in [each for each in memory.deliveries if now - each.at >= GIVE_UP]:
            _logger.error(
                "no message that the alert %s is %s left by %s",
                self._rule.name,
                delivery.change,
                delivery.channel,
            )
            memory.deliveries.remove(delivery)
            self._write(memory)

    def _is_delivered(self, channel: Channel, delivery: _Delivery, memory: _Memory) -> bool:
        try:
            channel.send(delivery.notice(self._rule))
        except Exception as error:  # a channel's fault, of whatever kind, must not stop the others
            if not delivery.has_failed:
                _logger.warning(
                    "the alert %s is not told by %s yet: %s", self._rule.name, channel.name, _words(error)
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


def last_fired(rule: AlertRule, home: Path) -> datetime | None:
    """Return when the alert fired last; None if it never did.

    Raises:
        AlertError: The history cannot be read.
    """
    path = home / "alerts" / f"{rule.name}.jsonl"
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        told = [json.loads(line) for line in lines if line.endswith("}")]  # a crash can leave half a line
        return max(
            (datetime.fromisoformat(one["fired"]) for one in told if one["change"] == "fired"), default=None
        )
    except (OSError, ValueError, KeyError) as error:
        raise AlertError(
            f"the history of the alert in {path} cannot be read ({type(error).__name__}): mend or move that file"
        ) from error


class _History:
    """The append-only file of what became of the alert, one line for each change; told the same twice, it keeps one line."""

    name = "history"

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, notice: Notice) -> None:
        told = {
            "fired": notice.fired.isoformat(),
            "at": notice.at.isoformat(),
            "value": notice.value,
            "most": notice.most,
        }
        line = json.dumps({"change": notice.change, **told})
        with self._path.open("a+", encoding="utf-8") as file:
            file.seek(0)
            text = file.read()
            if line not in text.splitlines():
                # A crash can leave half a line.
                file.write(f"{line}\n" if text.endswith("\n") or not text else f"\n{line}\n")
                file.flush()
                os.fsync(file.fileno())


def _words(error: Exception) -> str:
    """Return our own words for our own errors; what others write into theirs may be anything."""
    return str(error) if isinstance(error, SentiloopError) else type(error).__name__
