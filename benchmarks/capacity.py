"""How many replicas a rate of requests needs, and what they cost: `python -m benchmarks.capacity`.

One replica is a queue whose speed depends on how many requests are in it: the measured answers a
second with so many clients (a flow-equivalent server). Requests come at random (Poisson) and the
balancer spreads them at random. `--curve` takes what `benchmarks.serving` or `.load` measured; the
prices are of one replica and one node a month, and are yours to give.
"""

from __future__ import annotations

import argparse
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

RATES = (10, 100, 1_000, 10_000, 100_000)  # requests a second
# Sentiloop (int8) on two cores: docs/serving.md.
MEASURED = {1: 311.0, 4: 307.0, 16: 389.0, 32: 448.0, 64: 513.0, 128: 467.0, 256: 571.0}
_MOST = 1024  # requests in a replica that the model looks at
_BUSIEST = 0.8  # of what a replica can do: the rest is for a rise while another starts
_DAY = 86_400
_NEVER = 1e-9  # the share of time for which a state of the queue is left out


class Load(NamedTuple):
    """A replica under a rate of requests: how many are in it, and milliseconds to an answer."""

    in_flight: float
    mean: float
    p50: float
    p99: float


class Replica:
    """One replica, by its measured answers a second with so many clients."""

    def __init__(self, curve: dict[int, float]) -> None:
        clients = sorted(curve)
        places = np.log(np.arange(1, _MOST + 1))
        self.speeds: NDArray[np.float64] = np.interp(
            places, np.log(clients), [curve[each] for each in clients]
        )

    def closed(self, clients: int, replicas: int = 1) -> float:
        """Return the answers a second that so many clients get from replicas that share them."""
        each, more = divmod(clients, replicas)
        counts = [each + 1] * more + [each] * (replicas - more)
        return float(sum(self.speeds[count - 1] for count in counts if count))

    def under(self, rate: float) -> Load:
        """Return the state of a replica that gets so many requests a second, at random times."""
        steps = np.concatenate([[0.0], np.cumsum(np.log(rate / self.speeds))])
        shares = np.exp(steps - steps.max())
        shares /= shares.sum()
        in_flight = float(shares @ np.arange(_MOST + 1))
        p50, p99 = (1000 * self._wait(shares[:-1], share) for share in (0.5, 0.99))
        return Load(in_flight, 1000 * in_flight / rate, p50, p99)

    def _wait(self, shares: NDArray[np.float64], share: float) -> float:
        """Return the seconds within which this share of requests is answered.

        Who finds n requests waits for n + 1 answers at the speed of so many.
        """
        found = np.flatnonzero(shares > _NEVER)
        low, high = 0.0, float((_MOST + 1) / self.speeds.min())
        for _ in range(40):
            middle = (low + high) / 2
            answered = shares[found] @ gamma.cdf(middle, found + 1, scale=1 / self.speeds[found])
            low, high = (middle, high) if answered < share * shares.sum() else (low, middle)
        return high

    def most(self, p99: float) -> float:
        """Return the most requests a second that keep p99, in milliseconds, and some room."""
        low, high = 0.0, _BUSIEST * float(self.speeds.max())
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if self.under(middle).p99 <= p99 else (low, middle)
        return low


def replicas_for(rate: float, each: float) -> int:
    """Return how many replicas a rate needs, and one more, so that one may die.

    >>> replicas_for(1_000, 300)
    5
    """
    return math.ceil(rate / each) + 1


def print_tables(replica: Replica, chosen: argparse.Namespace) -> None:
    """Print what a replica can do, and what each rate needs."""
    each = replica.most(chosen.p99)
    if not each:
        raise SystemExit(f"a replica never answers within {chosen.p99:g} ms: ask for more")
    full = replica.under(each)
    print(
        f"one replica: {each:.0f} requests a second with p50 {full.p50:.0f} and p99 {full.p99:.0f} ms; "
        f"{full.in_flight:.1f} in flight: concurrentRequests {max(1, round(full.in_flight))}\n"
    )
    print("| requests/s | replicas | p99 ms | Container Apps $ | nodes | Kubernetes $ | log GB a day |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for rate in RATES:
        count = replicas_for(rate, each)
        nodes = math.ceil(count / chosen.per_node)
        print(
            f"| {rate:,} | {count:,} | {replica.under(rate / count).p99:.0f} "
            f"| {count * chosen.replica_price:,.0f} | {nodes:,} | {nodes * chosen.node_price:,.0f} "
            f"| {rate * _DAY * chosen.log_bytes / 1e9:,.1f} |"
        )


def read_curve(words: list[str]) -> dict[int, float]:
    """Return the clients and answers a second that are written as `16=389`."""
    pairs = (word.partition("=") for word in words)
    return {int(clients): float(rate) for clients, _, rate in pairs}


def main() -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser("python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--curve", nargs="+", metavar="CLIENTS=RATE", help="default: that of docs/serving.md")
    parser.add_argument("--p99", type=float, default=200, metavar="MS", help="(default: %(default)s)")
    parser.add_argument("--replica-price", type=float, default=158, metavar="USD", help="of 2 vCPU, 4 GiB")
    parser.add_argument("--node-price", type=float, default=140, metavar="USD", help="of 4 vCPU, 16 GiB")
    parser.add_argument("--per-node", type=int, default=1, metavar="N", help="replicas that fit on a node")
    parser.add_argument("--log-bytes", type=float, default=1000, metavar="N", help="that a request logs")
    chosen = parser.parse_args()
    try:
        curve = read_curve(chosen.curve) if chosen.curve else MEASURED
    except ValueError:
        parser.error("--curve takes clients and answers a second, as 1=311 16=389")
    print_tables(Replica(curve), chosen)


if __name__ == "__main__":
    main()
