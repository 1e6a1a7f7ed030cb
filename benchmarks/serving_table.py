"""The results of the rounds, as medians and as tables.

Pure functions of values; how it was measured is in `serving`.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.serving_contenders import EMPTY, ENGINE, REFERENCE
from benchmarks.serving_load import Load

ENGINE_BATCH = 16
_ABSENT = "–"


@dataclass(frozen=True)
class Measurement:
    """The results of a contender in one round, or the medians of all rounds.

    Attributes:
        title: Its name for people.
        start_seconds: From the start of the process to the first good answer.
        memory_mb: The most that it held resident after a load.
        installed_mb: The packages of its environment.
        agreement: Share of texts with the float network's label.
        loads: One per number of clients; of the bare engine, one per size of a batch.
    """

    title: str
    start_seconds: float
    memory_mb: float
    installed_mb: float
    agreement: float
    loads: tuple[Load, ...] = field(default=())

    def at(self, clients: int) -> Load | None:
        """Return the result with this number of clients."""
        return next((load for load in self.loads if load.clients == clients), None)

    @property
    def failures(self) -> int:
        """The number of failed requests, under all loads."""
        return sum(load.failures for load in self.loads)


Results = Mapping[str, Measurement]  # by the contender's name


def summarise(rounds: Sequence[Measurement]) -> Measurement:
    """Return the medians of several rounds, but the sum of failures and the maximum of memory."""
    loads = tuple(_summarise_loads(same) for same in zip(*(one.loads for one in rounds), strict=True))
    return Measurement(
        title=rounds[0].title,
        start_seconds=statistics.median(one.start_seconds for one in rounds),
        memory_mb=max(one.memory_mb for one in rounds),
        installed_mb=rounds[0].installed_mb,
        agreement=min(one.agreement for one in rounds),
        loads=loads,
    )


def _summarise_loads(same: Sequence[Load]) -> Load:
    def median(read: Callable[[Load], float]) -> float:
        return statistics.median(read(load) for load in same)

    return Load(
        same[0].clients,
        median(lambda load: load.rate),
        median(lambda load: load.p50_ms),
        median(lambda load: load.p99_ms),
        sum(load.failures for load in same),
        median(lambda load: load.wrk_share),
    )


def write_record(path: Path, how: str, results: Results) -> None:
    """Write the results to a JSON file."""
    record = {"how": how, "results": {name: asdict(found) for name, found in results.items()}}
    path.write_text(json.dumps(record, indent=2), "utf-8")


def read_record(path: Path) -> tuple[str, dict[str, Measurement]]:
    """Read `write_record`'s file: how it was measured, and the results.

    Raises:
        SystemExit: There is no such file.
    """
    if not path.exists():
        raise SystemExit(f"error: {path} is missing: measure first, without --last")
    record = json.loads(path.read_text("utf-8"))
    found = {
        name: {**values, "loads": tuple(Load(**load) for load in values["loads"])}
        for name, values in record["results"].items()
    }
    return record["how"], {name: Measurement(**values) for name, values in found.items()}


def ratio(load: Load | None, base: Load | None) -> float | None:
    """Return a rate as a multiple of the base's; None where either was not measured.

    >>> ratio(Load(32, 300.0, 1, 2), Load(32, 100.0, 1, 2))
    3.0
    """
    return load.rate / base.rate if load and base and base.rate else None


def write_report(results: Results, clients: Sequence[int]) -> str:
    """Return all tables, as Markdown."""
    servers = {name: found for name, found in results.items() if name not in (ENGINE, EMPTY)}
    reference, engine = results.get(REFERENCE), results.get(ENGINE)
    limit = engine.at(ENGINE_BATCH) if engine else None

    def by_clients(title: str, cell: Callable[[Measurement, int], str]) -> str:
        rows = [[found.title, *(cell(found, number) for number in clients)] for found in servers.values()]
        return f"{title}\n\n" + _table(
            [f"clients: {clients[0]}" if n == 0 else str(c) for n, c in enumerate(clients)], rows
        )

    def relative(found: Measurement, number: int) -> str:
        return _cell(ratio(found.at(number), reference.at(number) if reference else None), "{:.2f}")

    def share(found: Measurement, number: int) -> str:
        return _cell(ratio(found.at(number), limit), "{:.0%}")

    def latency(found: Measurement, number: int) -> str:
        load = found.at(number)
        return f"{load.p50_ms:,.0f} / {load.p99_ms:,.0f}" if load and load.rate else _ABSENT

    def rate(found: Measurement, number: int) -> str:
        load = found.at(number)
        return f"{load.rate:,.0f}" if load else _ABSENT

    parts = [
        by_clients("Throughput, FastAPI + Transformers = 1:", relative),
        by_clients(f"Throughput as a share of the bare engine in batches of {ENGINE_BATCH}:", share),
        by_clients("Milliseconds to an answer, p50 / p99:", latency),
        by_clients("Good answers per second:", rate),
        "What each costs:\n\n" + _costs(results),
        *_notes(results),
    ]
    return "\n\n".join(parts)


def _costs(results: Results) -> str:
    rows = []
    for name, found in results.items():
        if name != EMPTY:
            failures = _ABSENT if name == ENGINE else f"{found.failures:,}"
            costs = [f"{found.start_seconds:.1f}", f"{found.memory_mb:,.0f}", f"{found.installed_mb:,.0f}"]
            rows.append([found.title, *costs, failures, f"{found.agreement:.1%}"])
    columns = [
        "seconds to the first answer",
        "resident MB (PSS)",
        "installed MB",
        "requests without a good answer",
        "labels as the float network",
    ]
    return _table(columns, rows)


def _notes(results: Results) -> list[str]:
    """Return notes on the engine's rate, and on whether wrk could have been the bottleneck."""
    notes = []
    if engine := results.get(ENGINE):
        rates = ", ".join(f"{load.rate:,.0f} in batches of {load.clients}" for load in engine.loads)
        notes.append(f"The bare engine, texts per second: {rates}.")
    if empty := results.get(EMPTY):
        busiest = max(empty.loads, key=lambda load: load.rate)
        others = [
            load.rate
            for name, found in results.items()
            if name not in (EMPTY, ENGINE)
            for load in found.loads
        ]
        times = f", {busiest.rate / max(others):,.0f} times the fastest row above" if others else ""
        notes.append(
            f"wrk against an empty answer: {busiest.rate:,.0f} requests per second with {busiest.clients} "
            f"clients{times}."
        )
    if shares := [load.wrk_share for name, found in results.items() if name != EMPTY for load in found.loads]:
        notes.append(
            f"wrk itself computed for at most {max(shares):.1%} of the time of one core while these rows "
            "were measured."
        )
    return notes


def _cell(value: float | None, form: str) -> str:
    return _ABSENT if value is None else form.format(value)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [["", *columns], ["---"] * (len(columns) + 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
