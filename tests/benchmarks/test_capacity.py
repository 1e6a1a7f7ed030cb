"""The capacity model against queues whose answer is known, without a server."""

from __future__ import annotations

import math

import pytest

from benchmarks import capacity
from benchmarks.capacity import MEASURED, Replica, read_curve, replicas_for


def test_a_replica_of_one_speed_is_the_queue_of_the_textbooks():
    load = Replica({1: 100.0}).under(50.0)

    assert load.in_flight == pytest.approx(1.0)  # rho / (1 - rho)
    assert load.mean == pytest.approx(20.0)  # 1 / (mu - lambda)
    assert load.p50 == pytest.approx(1000 * math.log(2) / 50, rel=0.001)  # it is exponential
    assert load.p99 == pytest.approx(1000 * math.log(100) / 50, rel=0.001)


def test_two_replicas_give_what_each_gives_to_its_half_of_the_clients():
    replica = Replica(MEASURED)

    assert replica.closed(32) == pytest.approx(448.0)
    assert replica.closed(32, replicas=2) == pytest.approx(2 * 389.0)
    assert replica.closed(1, replicas=2) == pytest.approx(311.0)


def test_the_most_requests_keep_the_time_that_was_asked_for_and_some_room():
    replica = Replica(MEASURED)
    quick, slow = replica.most(30.0), replica.most(1000.0)

    assert replica.under(quick).p99 == pytest.approx(30.0, rel=0.01)
    assert quick < slow <= 0.8 * 571
    assert replica.most(1.0) == pytest.approx(0.0, abs=0.01)


def test_a_rate_gets_a_replica_more_than_it_needs(monkeypatch, capsys):
    assert (replicas_for(300, 300), replicas_for(301, 300)) == (2, 3)
    monkeypatch.setattr("sys.argv", ["capacity", "--curve", "1=100", "--p99", "100", "--replica-price", "10"])
    capacity.main()
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 1,000 |")]

    each = 100 - math.log(100) / 0.1  # of an exponential time, p99 is ln(100) / (mu - lambda)
    assert rows[0].split(" | ")[1] == str(math.ceil(1000 / each) + 1)
    assert rows[0].split(" | ")[3] == str(10 * (math.ceil(1000 / each) + 1))


def test_a_curve_is_read_as_it_is_written():
    assert read_curve(["1=311", "16=389.5"]) == {1: 311.0, 16: 389.5}
