"""The quality in production today and week by week, by model: pure functions of values."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sentiment.evaluation.production import CONFIDENCE, ProductionQuality, production_quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sentiment.data.audited import AuditedPrediction

_SHOWN = timedelta(weeks=12)
RECENT = timedelta(weeks=4)  # what counts as today: long enough for labels, short enough to change


@dataclass(frozen=True)
class Standing:
    """What the audit says of one model from `start` up to but not including `end`.

    Attributes:
        quality: None with too few labels.
        states: The number of audited predictions by state.
    """

    model: str
    start: datetime
    end: datetime
    quality: ProductionQuality | None
    states: Mapping[str, int]

    @property
    def drawn(self) -> int:
        """The number of audited predictions."""
        return sum(self.states.values())

    @property
    def judged(self) -> int:
        """The number of those that people have looked at."""
        return self.drawn - self.states.get("waiting", 0)


@dataclass(frozen=True)
class ProductionHistory:
    """The champion's standing today, None where nothing was audited, and the weeks before."""

    today: Standing | None
    weeks: tuple[Standing, ...]


def production_history(
    audited: Sequence[AuditedPrediction], champion: str | None, end: datetime
) -> ProductionHistory:
    """Return the standing at `end` and that of twelve weeks, each model for itself.

    Without a known champion it is the model that answered last.
    """
    model = champion or latest_model(audited)
    return ProductionHistory(
        recent_standing(audited, model, end) if model else None,
        tuple(weekly_standings(audited, end - _SHOWN, end)),
    )


def recent_standing(
    audited: Iterable[AuditedPrediction], model: str, now: datetime, *, confidence: float = CONFIDENCE
) -> Standing:
    """Return the standing of a model over the last four weeks."""
    start = now - RECENT
    rows = [row for row in audited if row.model == model and start <= row.predicted_at < now]
    return _standing(rows, model, (start, now), confidence)


def weekly_standings(audited: Iterable[AuditedPrediction], start: datetime, end: datetime) -> list[Standing]:
    """Return the standing of each model in each week, counted back from `end`, the oldest first.

    Weeks of a model without any audited prediction are left out, and so is a part of a week.
    """
    week, groups = timedelta(weeks=1), defaultdict[tuple[datetime, str], list["AuditedPrediction"]](list)
    first = end - (end - start) // week * week
    for row in audited:
        if first <= row.predicted_at < end:
            begin = first + (row.predicted_at - first) // week * week
            groups[begin, row.model].append(row)
    return [
        _standing(rows, model, (begin, begin + week), CONFIDENCE)
        for (begin, model), rows in sorted(groups.items())
    ]


def latest_model(audited: Iterable[AuditedPrediction]) -> str | None:
    """Return the model of the latest audited prediction; None without any."""
    latest = max(audited, key=lambda row: row.predicted_at, default=None)
    return latest.model if latest else None


def _standing(
    rows: Sequence[AuditedPrediction], model: str, period: tuple[datetime, datetime], confidence: float
) -> Standing:
    quality = production_quality(rows, confidence=confidence)
    return Standing(model, *period, quality, dict(Counter(row.state for row in rows)))


def next_midnight(now: datetime) -> datetime:
    """Return the end of a day in UTC, to which weeks are counted back."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
