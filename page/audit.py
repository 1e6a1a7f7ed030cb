"""What the audit says of production, for all viewers of the page: read at most twice a minute."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from page.cards import error_card
from page.production_card import production_card
from page.texts import say
from sentiment.errors import SentiloopError
from sentiment.evaluation.production_periods import ProductionHistory, next_midnight, production_history

if TYPE_CHECKING:
    from page.clock import Clock
    from sentiment.config import Settings

_FRESH = timedelta(seconds=30)


class Audit:
    """The standing of the champion and of the weeks before; thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, threading.Lock()
        self._read_at: datetime | None = None
        self._history = ProductionHistory(None, ())
        self._error: SentiloopError | None = None

    def card(self, clock: Clock, now: datetime) -> str:
        """Return the card of the tab "Monitor", or why there is none."""
        with self._lock:
            if self._read_at is None or now - self._read_at >= _FRESH:
                self._read(now)
                self._read_at = now
            if self._error:
                return error_card(say(clock.language, "production_failed"), str(self._error))
            return production_card(clock, self._history, self._settings.production_bound)

    def _read(self, now: datetime) -> None:
        from sentiment.champions import store
        from sentiment.review.audited import read_audited

        try:
            audited = read_audited(self._settings)
            self._history = production_history(audited, store.pointer(), next_midnight(now))
            self._error = None
        except SentiloopError as error:
            self._error = error
