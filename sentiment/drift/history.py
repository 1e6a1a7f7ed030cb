"""The measured weeks and the production texts that are known, kept in one file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from sentiment import durable
from sentiment.drift.two_sample import LEAST_TEXTS, Difference, distinct
from sentiment.drift.week import Group, Look, Week
from sentiment.drift.words import Word
from sentiment.errors import AlertError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FILE = "drift.json"
_WEEK = timedelta(days=7)
_MOST_WEEKS = 104


@dataclass(frozen=True)
class Known:
    """Production texts that are no news: masked, `distinct`, and since when they are known.

    `since` is the moment of the alarm that told of them, or when the training began that learned
    from reviewed texts of the time before; ISO 8601.
    """

    since: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """The measured weeks, the earliest first, and the production that is known, if any is."""

    weeks: tuple[Week, ...] = ()
    known: Known | None = None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the history kept in a folder; an empty one where there is none.

        Raises:
            AlertError: The file cannot be read.
        """
        path = folder / FILE
        try:
            content = json.loads(path.read_text("utf-8"))
            known = content["known"]
            weeks = tuple(_week(each) for each in content["weeks"])
            return cls(weeks, Known(known["since"], tuple(known["texts"])) if known else None)
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AlertError(
                f"{path} cannot be read ({type(error).__name__}): move it away; "
                "'python -m flows.drift' then begins anew"
            ) from error

    def write(self, folder: Path) -> None:
        """Keep the history in a folder, in one step; only its owner may read it."""
        durable.replace(folder / FILE, json.dumps(asdict(self), ensure_ascii=False).encode())

    def due(self, now: datetime, weeks: int) -> list[Look]:
        """Return the looks that are due at the last `weeks` weeks, this one included.

        A week begins on Monday, 0:00 UTC. A week that was measured after its end is done with.
        """
        monday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
        measured = {week.look.start: week for week in self.weeks}
        looks = []
        for number in range(weeks - 1, -1, -1):
            start = monday - number * _WEEK
            look = Look(start.isoformat(), min(now, start + _WEEK).isoformat())
            earlier = measured.get(look.start)
            if earlier is None:
                looks.append(look)
            elif earlier.look.until < (start + _WEEK).isoformat():
                looks.append(replace(look, number=earlier.look.number + 1, alarmed=earlier.alarmed))
        return looks

    def texts_of(self, start: str) -> int:
        """Return how many texts the latest look at a week saw; 0 if there was none."""
        return next((week.texts for week in self.weeks if week.look.start == start), 0)

    def after(self, week: Week, texts: Iterable[str]) -> History:
        """Return the history with a week that was measured by these texts.

        The texts of a week that raised the alarm are known from then on.
        """
        others = [each for each in self.weeks if each.look.start != week.look.start]
        weeks = tuple(sorted([*others, week], key=lambda each: each.look.start)[-_MOST_WEEKS:])
        is_told = self.known is not None and self.known.since == week.alarmed
        is_news = week.alarmed and (not week.look.alarmed or is_told)
        known = Known(week.alarmed, tuple(distinct(texts))) if is_news else self.known
        return History(weeks, known)

    def learned(self, began: str, texts: Sequence[str]) -> History:
        """Return the history after a training that began then, with these texts before it.

        Too few texts change nothing, nor does a training before what is known already.
        """
        sample = distinct(texts)
        is_older = self.known is not None and began <= self.known.since
        return (
            self
            if is_older or len(sample) < LEAST_TEXTS
            else replace(self, known=Known(began, tuple(sample)))
        )

    @property
    def last_alarm(self) -> datetime | None:
        """When drift was last found; None if never."""
        alarms = [datetime.fromisoformat(week.alarmed) for week in self.weeks if week.alarmed]
        return max(alarms, default=None)


def _week(content: dict[str, Any]) -> Week:
    groups = {name: Group(**content[name]) for name in ("answers", "expected")}
    differences = {name: _difference(content[name]) for name in ("training", "known")}
    words = {name: tuple(Word(**each) for each in content[name]) for name in ("new", "vanished")}
    rest = {
        "look": Look(**content["look"]),
        "unknown": tuple(content["unknown"]),
        "by_model": tuple(Group(**each) for each in content["by_model"]),
    }
    return Week(**{**content, **groups, **differences, **words, **rest})


def _difference(content: dict[str, Any] | None) -> Difference | None:
    return Difference(**{**content, "texts": tuple(content["texts"])}) if content else None


def as_moment(when: datetime) -> str:
    """Return a moment in UTC, to the second, as the history writes it."""
    return when.astimezone(UTC).isoformat(timespec="seconds")
