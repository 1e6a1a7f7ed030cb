"""The error rate of a new revision in its first minutes under real traffic."""

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
STEPS = (10, 50, 100)


@dataclass(frozen=True)
class Limits:
    """How a new revision is watched.

    Attributes:
        seconds: How long, at each step.
        every: Seconds from look to look.
        error_rate: The share of requests that may fail.
        steps: Its shares of the traffic in percent, one after the other.
    """

    seconds: float = 180.0
    every: float = 15.0
    error_rate: float = 0.05
    steps: tuple[int, ...] = STEPS


@dataclass(frozen=True)
class Count:
    """Requests, and how many of them failed through no fault of the caller."""

    requests: int
    failures: int

    def is_over(self, rate: float) -> bool:
        """Return whether more requests failed than the rate allows."""
        return self.failures > rate * max(self.requests, _LEAST_REQUESTS)


def watch(public: Service, own: Service, limits: Limits) -> tuple[Count, Count]:
    """Watch a new revision, and return the counts of our probes and of its busiest replica.

    Each round predicts a known tweet at the public address, where an earlier revision may answer,
    and at the revision's own, and reads its /metrics; the three are one probe. /metrics is one
    replica's, a different one each time, since its start.

    Raises:
        SmokeError: More requests fail than the limits allow, or no probe succeeds, however few.
    """
    end = time.monotonic() + limits.seconds
    probes, served, last = Count(0, 0), Count(0, 0), ""
    while True:
        try:
            for service in (public, own):
                service.check_tweet(*next(iter(KNOWN.items())))
            seen = count_requests(own.metrics())
            probes = Count(probes.requests + 1, probes.failures)
        except SmokeError as error:
            seen, last = Count(0, 0), str(error)
            probes = Count(probes.requests + 1, probes.failures + 1)
        served = max(served, seen, key=lambda count: count.requests)
        is_last = time.monotonic() + limits.every > end
        if probes.is_over(limits.error_rate) or (is_last and probes.failures == probes.requests):
            raise SmokeError(
                f"{probes.failures} of {probes.requests} probes failed, "
                f"more than {limits.error_rate:.0%} may; the last: {last}"
            )
        if seen.is_over(limits.error_rate):
            raise SmokeError(
                f"{seen.failures} of {seen.requests} requests to {own.address} failed, "
                f"more than {limits.error_rate:.0%} may"
            )
        if is_last:
            return probes, served
        time.sleep(limits.every)


def count_requests(metrics: str) -> Count:
    """Return the requests counted in a page of Prometheus metrics; zero for an idle replica."""
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
