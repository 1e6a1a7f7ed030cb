"""Shares, their Wilson intervals, and the verdicts on shares and response times."""

import math

import pytest

from sentiment.reports.weekly_shares import (
    HIGHER,
    LOWER,
    NOTHING_BEFORE,
    TOO_FEW,
    UNCLEAR,
    Share,
    compare_shares,
    latency_measure,
)


def test_wilson_interval_is_that_of_the_literature():
    assert Share(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert Share(0, 10).interval == pytest.approx((0, 0.2775), abs=1e-4)
    assert Share(10, 10).interval == pytest.approx((0.7225, 1), abs=1e-4)
    assert Share(0, 0).interval == (0, 1)
    assert math.isnan(Share(0, 0).value)


@pytest.mark.parametrize(
    ("share", "other", "verdict"),
    [
        # 50 to 69% against 31 to 50%: they end where the other begins.
        (Share(60, 100), Share(40, 100), HIGHER),
        (Share(40, 100), Share(60, 100), LOWER),
        (Share(58, 100), Share(42, 100), UNCLEAR),
        (Share(29, 29), Share(0, 1000), TOO_FEW),
        (Share(30, 30), Share(0, 1000), HIGHER),
        (Share(0, 100), Share(0, 100), UNCLEAR),
    ],
)
def test_a_share_is_called_different_only_if_the_intervals_part(share, other, verdict):
    assert compare_shares(share, other) == verdict


@pytest.mark.parametrize(
    ("milliseconds", "answers", "verdict"),
    [
        ((120, 100), (200, 200), HIGHER),
        ((119, 100), (200, 200), UNCLEAR),
        ((80, 100), (200, 200), LOWER),
        ((300, 100), (199, 5000), TOO_FEW),
        ((300, math.nan), (5000, 0), NOTHING_BEFORE),
        ((math.nan, 100), (0, 5000), TOO_FEW),
    ],
)
def test_a_response_time_is_called_different_from_a_fifth_on(milliseconds, answers, verdict):
    assert latency_measure("p95", "p95", milliseconds, answers).verdict == verdict
