"""How often one sender may do something: a bucket of tokens for each, kept in this process alone.

A sender is what `client_address` tells of it. Behind a proxy that is not counted among
SENTIMENT_TRUSTED_PROXIES, all callers are one.
"""

from __future__ import annotations

import time
from collections import OrderedDict

_MOST_SENDERS = 10_000  # that are remembered; of more, those that were quiet for longest are forgotten


class SenderLimit:
    """Allows each sender `most` actions at once, and as many again in each `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._rate = most, most / seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when

    def take(self, sender: str) -> float:
        """Count an action; return 0 if it is allowed, else the seconds until the next one is."""
        now = time.monotonic()
        tokens, before = self._buckets.pop(sender, (float(self._most), now))
        tokens = min(self._most, tokens + (now - before) * self._rate)
        is_allowed = tokens >= 1
        self._buckets[sender] = (tokens - is_allowed, now)
        if len(self._buckets) > _MOST_SENDERS:
            self._buckets.popitem(last=False)
        return 0.0 if is_allowed else (1 - tokens) / self._rate
