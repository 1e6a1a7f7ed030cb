"""Closing settled items to further judgements, before they go into the dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from sentiment.review.items import to_text
from sentiment.review.positions import changing
from sentiment.review.standings import read_settled
from sentiment.review.tables import ITEMS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from sentiment.review.items import Settled


def close_settled(connection: Connection, item_ids: Sequence[str], now: datetime) -> list[Settled]:
    """Close those of the items that are settled, and return them."""
    settled = read_settled(connection, ITEMS.c.item_id.in_(item_ids))
    for each in settled:
        item_id = each.item.item_id
        is_open = (ITEMS.c.item_id == item_id) & ITEMS.c.exported_at.is_(None)
        with changing(connection, item_id):
            connection.execute(update(ITEMS).where(is_open).values(exported_at=to_text(now)))
    return settled
