"""Speed of the service against others with the same weights: `python -m benchmarks.serving`.

One server runs at a time, in turn, round after round; each is warmed up, then asked by wrk with
distinct real tweets. Its first run makes the environments of the others (minutes, gigabytes) and,
without a BERT champion, trains a model.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving_contenders import ENGINE, ENGINE_TITLE, NAMES, SERVERS, Contender
from benchmarks.serving_environments import ROOT, SERVICE, installed_mb, make_environment
from benchmarks.serving_load import Load, find_wrk, run_wrk, write_bodies
from benchmarks.serving_model import ASKED, Folders, prepare_model
from benchmarks.serving_picture import draw_serving
from benchmarks.serving_server import clean_environment, end, free_port, running, tree_memory_mb
from benchmarks.serving_table import Measurement, read_record, summarise, write_record, write_report
from sentiment.config import Settings, apply_tool_environment, read_settings, tool_environment
from sentiment.data.dataset import load_dataset
from sentiment.reports.canvas import as_png

CLIENTS = (1, 4, 16, 32, 64, 128, 256)
_WARM_UP_CLIENTS, _WARM_UP_SECONDS = 32, 3.0
_STEP = 4001  # texts between the first of one measurement and of the next


@dataclass(frozen=True)
class Bench:
    """The settings, texts and folders that all measurements share."""

    home: Path
    settings: Settings
    folders: Folders
    pythons: Mapping[str, Path]  # by the environment's name
    texts: Sequence[str]
    clients: Sequence[int]
    seconds: float

    def first(self, turn: int, position: int) -> int:
        """Return the number of a measurement's first text.

        It is the same for every contender, and another for each round and load.
        """
        return _STEP * (turn * len(self.clients) + position) % len(self.texts)

    def environment(self, python: Path) -> dict[str, str]:
        """Return the variables of a contender's process.

        Nothing is reported or downloaded, and all files stay below our home.
        """
        tools = {
            name: value
            for name, value in tool_environment(self.settings).items()
            if name != "TOKENIZERS_PARALLELISM"
        }
        own = {
            "SENTIMENT_HOME": str(self.home),
            "BENTOML_HOME": str(self.folders.store),
            "HF_HUB_OFFLINE": "1",
            "HOME": str(self.home),
        }
        return clean_environment(python, {**tools, **own})


def measure_server(bench: Bench, contender: Contender, turn: int) -> Measurement:
    """Start a server, warm it up, load it with each number of clients, and end it."""
    python = bench.pythons[contender.environment]
    places = {**bench.folders.places(), "python": str(python), "port": str(free_port())}
    command = [part.format(**places) for part in contender.command]
    variables = {name: value.format(**places) for name, value in contender.variables.items()}
    bodies = write_bodies(
        bench.home / "bodies" / f"{contender.name}.jsonl", map(contender.make_body, bench.texts)
    )
    known = [contender.make_body(text) for text in bench.texts[:ASKED]]
    log = bench.home / "logs" / f"{contender.name}.log"
    environment = {**bench.environment(python), **variables}
    with running(command, int(places["port"]), contender.path, environment=environment, log=log) as server:
        start = server.wait_until_ready(known[0])
        labels = [contender.read_label(answer) for answer in server.ask(known)]
        seconds, last = min(bench.seconds, _WARM_UP_SECONDS), len(bench.texts) - _STEP
        run_wrk(server.url, bodies, clients=_WARM_UP_CLIENTS, seconds=seconds, first=last)
        loads, memory = [], []
        for position, clients in enumerate(bench.clients):
            server.settle(known[0])
            loads.append(
                run_wrk(
                    server.url,
                    bodies,
                    clients=clients,
                    seconds=bench.seconds,
                    first=bench.first(turn, position),
                )
            )
            memory.append(server.memory_mb())
    return Measurement(
        contender.title, start, max(memory), installed_mb(python), _agreement(bench, labels), tuple(loads)
    )


def measure_engine(bench: Bench, turn: int) -> Measurement:
    """Measure the model in process, without HTTP, in the service's environment."""
    python = bench.pythons[SERVICE]
    path = bench.home / "bodies" / "texts.json"
    write_bodies(path, [list(bench.texts)])
    asked = (bench.folders.served, path, bench.seconds, bench.first(turn, 0), ASKED)
    command = [str(python), "-m", "benchmarks.serving_engine", *map(str, asked)]
    begun = time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=bench.environment(python), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        lines = iter(process.stdout or ())
        try:
            next(lines, None)
            start = time.perf_counter() - begun
            labels = json.loads(next(lines, "[]"))
            loads = tuple(Load(**values) for values in json.loads(next(lines, "[]")))
            memory = tree_memory_mb(process.pid)
        finally:
            end(process)
    if not loads:
        raise SystemExit("error: the bare engine did not run, as told above")
    return Measurement(ENGINE_TITLE, start, memory, installed_mb(python), _agreement(bench, labels), loads)


def _agreement(bench: Bench, labels: Sequence[str]) -> float:
    """Return the share of labels that agree with the float network."""
    pairs = list(zip(labels, bench.folders.labels, strict=True))
    return sum(one == other for one, other in pairs) / len(pairs)


def measure(bench: Bench, names: Sequence[str], rounds: int) -> dict[str, Measurement]:
    """Return the medians of each contender's rounds; a round measures each in turn."""
    measured: dict[str, list[Measurement]] = {name: [] for name in names}
    for turn in range(rounds):
        for name, measurement in _one_round(bench, names, turn):
            measured[name].append(measurement)
            rates = ", ".join(f"{load.clients}: {load.rate:,.0f}/s" for load in measurement.loads)
            _tell(
                f"round {turn + 1}/{rounds}, {measurement.title}: "
                f"ready in {measurement.start_seconds:.1f} s; {rates}"
            )
    return {name: summarise(several) for name, several in measured.items()}


def _one_round(bench: Bench, names: Sequence[str], turn: int) -> Iterator[tuple[str, Measurement]]:
    for contender in SERVERS:
        if contender.name in names:
            yield contender.name, measure_server(bench, contender, turn)
    if ENGINE in names:
        yield ENGINE, measure_engine(bench, turn)


def prepare(chosen: argparse.Namespace) -> Bench:
    """Prepare the model and the environments, where missing."""
    own = read_settings()
    apply_tool_environment(own)
    settings = own.model_copy(update={"home": own.home / "bench"})
    settings.home.mkdir(parents=True, exist_ok=True)
    dataset = load_dataset()
    texts = [*dataset.validation.texts, *dataset.train.texts]  # the more there are, the later one comes again
    names = {contender.environment for contender in SERVERS if contender.name in chosen.only} | {SERVICE}
    pythons = {name: make_environment(name, settings.home) for name in sorted(names)}
    folders = prepare_model(own, settings.home, dataset)
    return Bench(settings.home, settings, folders, pythons, texts, chosen.clients, chosen.seconds)


def _describe(chosen: argparse.Namespace) -> str:
    rounds = f"medians of {chosen.rounds} rounds" if chosen.rounds > 1 else "one round"
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores, {rounds} of {chosen.seconds:g} s, distinct tweets, "
        "the same weights (int8 where it says so)"
    )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, measure, and print the tables."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.serving",
        description="Compare the service with others that serve the same weights.",
    )
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, default=list(NAMES), metavar="NAME", help=f"of {', '.join(NAMES)}"
    )
    parser.add_argument(
        "--clients",
        nargs="+",
        type=int,
        default=list(CLIENTS),
        help="clients at a time (default: %(default)s)",
    )
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="in turn, whose medians count (default: %(default)s)"
    )
    parser.add_argument("--last", action="store_true", help="measure nothing: show the last run again")
    parser.add_argument("--picture", type=Path, help="where the picture goes")
    chosen = parser.parse_args()
    record = read_settings().home / "bench" / "serving.json"
    if not chosen.last:
        find_wrk()
        results = measure(prepare(chosen), chosen.only, chosen.rounds)
        write_record(record, _describe(chosen), results)
    how, results = read_record(record)
    clients = sorted(
        {load.clients for name, measured in results.items() if name != ENGINE for load in measured.loads}
    )
    print(f"{how}.\n\n{write_report(results, clients)}")
    if chosen.picture:
        chosen.picture.parent.mkdir(parents=True, exist_ok=True)
        chosen.picture.write_bytes(as_png(draw_serving(results, clients, how)))


if __name__ == "__main__":
    main()
