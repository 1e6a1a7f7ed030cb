"""Makes the champion before the present one the champion again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sentiment.champions import store
from sentiment.errors import TrackingError
from sentiment.promotion.alignment import align, mark_fallen
from sentiment.training import runs

if TYPE_CHECKING:
    from sentiment.config import Settings

_logger = logging.getLogger(__name__)


def roll_back_champion(settings: Settings, because: str = "") -> str:
    """Make the champion before this one the champion again, also without MLflow; return its tag.

    Raises:
        StoreError: There is no earlier champion, or the store holds it no longer.
    """
    tag = store.roll_back(expected=store.pointer(), because=because or "no reason given")
    try:
        runs.connect(settings)
        mark_fallen()
        align()
    except TrackingError as error:  # no reason to fail: whoever ran this again would roll back twice
        _logger.warning("rolled back; MLflow will be told by the next run (%s)", error)
    return tag
