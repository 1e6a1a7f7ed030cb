"""A finding of the weekly report: what a topic's headline and text hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.reports.wording import percent

if TYPE_CHECKING:
    from sentiment.reports.weekly_shares import Measure


@dataclass(frozen=True)
class Finding:
    """The headline of a topic, which its picture shows too, and the text below it."""

    headline: str
    text: str = ""


def both_shares(share: Measure) -> dict[str, str]:
    """Return the shares of this period and of the one before, as sentences take them."""
    return {"now": percent(share.now), "before": percent(share.before)}
