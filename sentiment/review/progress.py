"""The progress of the review and the agreement of annotators, from the counts alone."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sentiment.review.agreement import Agreement, agreement_of
from sentiment.review.items import UNCLEAR, AuditProgress, Progress
from sentiment.review.positions import DRAW, ITEM, JUDGED, PAIR, RATINGS, read_counts

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read_progress(connection: Connection, annotator: str | None) -> Progress:
    """Return the numbers of items by their state, and of those that an annotator judged."""
    items, draws = read_counts(connection, ITEM), read_counts(connection, DRAW)
    states = (draws.get(state, 0) for state in ("settled", UNCLEAR, "skipped", "waiting"))
    unclear = items.get(UNCLEAR, 0)
    return Progress(
        items=sum(items.values()),
        settled=items.get("settled", 0) + unclear,
        unclear=unclear,
        disagreements=items.get("disputed", 0),
        waiting=items.get("waiting", 0),
        mine=read_counts(connection, JUDGED, annotator).get(annotator, 0) if annotator else 0,
        audit=AuditProgress(sum(draws.values()), *states),
    )


def read_agreement(connection: Connection) -> Agreement:
    """Return how far annotators agree on the items that several of them judged."""
    pairs: defaultdict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for name, number in read_counts(connection, PAIR).items():
        first, second, label, other = name.split(";")
        pairs[first, second][label, other] = number
    ratings = {tuple(name.split(";")): number for name, number in read_counts(connection, RATINGS).items()}
    return agreement_of(pairs, ratings)
