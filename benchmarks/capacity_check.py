"""The capacity model against two replicas behind HAProxy: `python -m benchmarks.capacity_check`.

The replicas are stand-ins of one queue each, which take 20 ms a request on average, at random: on a
few cores two real ones would share what each is measured with alone. HAProxy is Debian's package.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.capacity import Replica
from benchmarks.load_client import Client, load
from benchmarks.serving_server import free_port
from sentiment.loopback import ADDRESS

_SECONDS = 0.02  # of a request in a replica, on average
_CURVE = (1, 4, 16, 64)
_SHARES = (0.3, 0.6, 0.8)  # of what two replicas can do
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_BALANCER = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen one
    bind {address}:{one}
    server first {address}:{first}
listen even
    bind {address}:{even}
    balance leastconn
    server first {address}:{first}
    server second {address}:{second}
listen chance
    bind {address}:{chance}
    balance random(1)
    server first {address}:{first}
    server second {address}:{second}
"""


def serve(port: int) -> None:
    """Answer requests one after the other, each after a random time."""
    chance = random.Random(port)  # noqa: S311

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
                async with alone:
                    await asyncio.sleep(chance.expovariate(1 / _SECONDS))
                writer.write(_ANSWER)
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(answer, ADDRESS, port) as server:
            await server.serve_forever()

    alone = asyncio.Lock()
    asyncio.run(run())


@contextlib.contextmanager
def balanced() -> Iterator[dict[str, int]]:
    """Run two replicas behind HAProxy; yield the port of each of its ways to balance."""
    program = shutil.which("haproxy")
    if program is None:
        raise SystemExit("error: HAProxy is not here: apt-get install haproxy")
    ports = {name: free_port() for name in ("one", "even", "chance", "first", "second")}
    context = multiprocessing.get_context("spawn")
    replicas = [context.Process(target=serve, args=(ports[name],)) for name in ("first", "second")]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = Path(folder) / "haproxy.cfg"
        file.write_text(_BALANCER.format(address=ADDRESS, **ports))
        for replica in replicas:
            replica.start()
            stack.callback(replica.terminate)
        for name in ("first", "second"):
            asyncio.run(_wait(ports[name]))
        balancer = subprocess.Popen([program, "-f", str(file)], stderr=subprocess.DEVNULL)  # noqa: S603
        stack.callback(balancer.wait)
        stack.callback(balancer.terminate)
        asyncio.run(_wait(ports["even"]))
        yield ports


async def _wait(port: int) -> None:
    while await _ask(client := Client(port), 0) != "200":
        client.close()
        await asyncio.sleep(0.2)
    client.close()


async def _ask(client: Client, _number: int) -> str:
    return (await client.post("/predict", {}))[0]


async def at_random(port: int, rate: float, seconds: float) -> tuple[float, float]:
    """Return the p50 and p99, in milliseconds, of requests that come at random times."""
    chance, times, spare = random.Random(1), list[float](), list[Client]()  # noqa: S311

    async def one() -> None:
        began, client = time.perf_counter(), spare.pop() if spare else Client(port)
        if await _ask(client, 0) == "200":
            times.append(1000 * (time.perf_counter() - began))
        spare.append(client)

    due = time.perf_counter()
    end = due + seconds
    async with asyncio.TaskGroup() as group:
        while (due := due + chance.expovariate(rate)) < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one())
    for client in spare:
        client.close()
    p50, p99 = np.percentile(times, (50, 99))
    return float(p50), float(p99)


async def compare(ports: dict[str, int], seconds: float) -> None:
    """Measure one replica, predict what two do, and print it beside what they did."""

    async def rate(port: int, clients: int) -> float:
        answers = await load(port, clients, seconds, _ask)
        return answers.statuses["200"] / answers.seconds

    curve = {clients: await rate(ports["one"], clients) for clients in _CURVE}
    replica = Replica(curve)
    print("| two replicas | model | measured | error |\n| --- | --- | --- | --- |")
    for clients in (2 * each for each in _CURVE[:-1]):
        row(f"answers/s, {clients} clients", replica.closed(clients, 2), await rate(ports["even"], clients))
    for share in _SHARES:
        each = share * max(curve.values())
        expected, (p50, p99) = replica.under(each), await at_random(ports["chance"], 2 * each, 4 * seconds)
        row(f"p50 ms at {2 * each:.0f} requests/s", expected.p50, p50)
        row(f"p99 ms at {2 * each:.0f} requests/s", expected.p99, p99)


def row(name: str, model: float, measured: float) -> None:
    """Print a row of the table."""
    print(f"| {name} | {model:.1f} | {measured:.1f} | {100 * (model / measured - 1):+.0f}% |", flush=True)


def main() -> None:
    """Read the command line, start the replicas and compare."""
    parser = argparse.ArgumentParser("python -m benchmarks.capacity_check", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of each load (default: %(default)s)")
    seconds = parser.parse_args().seconds
    with balanced() as ports:
        asyncio.run(compare(ports, seconds))


if __name__ == "__main__":
    main()
