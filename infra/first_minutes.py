"""The first minutes of a new revision under real traffic: how many requests fail, as users see it and as the revision counts it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.smoke import KNOWN, SmokeError
from sentiment.telemetry.metrics import REQUESTS

if TYPE_CHECKING:
    from infra.smoke import Service

_LEAST_REQUESTS = 20  # a share of fewer says nothing: at 5%, one failure alone never ends a release, two do
_FAULT = 500


@dataclass(frozen=True)
class Limits:
    """How long to watch, how often to look (both in seconds), and the share of requests that may fail."""

    seconds: float = 300.0
    every: float = 15.0
    error_rate: float = 0.05


@dataclass(frozen=True)
class Count:
    """Requests, and how many of them failed through no fault of the caller."""

    requests: int
    failures: int

    def is_over(self, rate: float) -> bool:
        """Return whether more failed than may."""
        return self.failures > rate * max(self.requests, _LEAST_REQUESTS)


def watch(public: Service, own: Service, limits: Limits) -> tuple[Count, Count]:
    """Look at a new revision for a while, and return what was counted: our own probes, and its busiest replica's requests.

    Each look asks a known tweet at the public address and reads the revision's own /metrics; both
    count as probes. /metrics is one replica's, another one each time, from its start on.

    Raises:
        SmokeError: More requests fail than may.
    """
    end = time.monotonic() + limits.seconds
    probes, served, last = Count(0, 0), Count(0, 0), ""
    while True:
        try:
            public.check_tweet(*next(iter(KNOWN.items())))
            seen = count_requests(own.metrics())
            probes = Count(probes.requests + 1, probes.failures)
        except SmokeError as error:
            seen, last = Count(0, 0), str(error)
            probes = Count(probes.requests + 1, probes.failures + 1)
        served = max(served, seen, key=lambda count: count.requests)
        if probes.is_over(limits.error_rate):
            raise SmokeError(
                f"{probes.failures} of {probes.requests} probes failed, more than {limits.error_rate:.0%} may; the last: {last}"
            )
        if seen.is_over(limits.error_rate):
            raise SmokeError(
                f"{seen.failures} of {seen.requests} requests to {own.address} failed, more than {limits.error_rate:.0%} may"
            )
        if time.monotonic() + limits.every > end:
            return probes, served
        time.sleep(limits.every)


def count_requests(metrics: str) -> Count:
    """Return the requests that a page of Prometheus metrics tells of; none where nobody has asked this replica yet."""
    from prometheus_client.parser import text_string_to_metric_families

    answered = [
        (int(sample.labels["status"]), int(sample.value))
        for family in text_string_to_metric_families(metrics)
        if family.name == REQUESTS.name
        for sample in family.samples
        if sample.name == f"{REQUESTS.name}_total"
    ]
    return Count(
        sum(number for _, number in answered), sum(number for status, number in answered if status >= _FAULT)
    )
