"""What the loop is worth: `python -m benchmarks.loop`.

A champion of the base meets traffic of another source. Each week people label a budget of tweets,
the model is retrained, and the gate judges it. By default the base is the default corpus without
its tweets to airlines, and those are production; `--production FOLDER` takes another source.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.gate_shift import Shift, fit, take
from benchmarks.loop_picture import draw_curves
from benchmarks.loop_weeks import DRAWS, Week, live, truth_of

if TYPE_CHECKING:
    from collections.abc import Sequence

HELD_OUT = 8000


def main() -> None:
    """Read the command line, live through the weeks, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.loop", description=__doc__)
    parser.add_argument(
        "--production", metavar="FOLDER", help="what people send: another source, as for flows.train --data"
    )
    parser.add_argument("--weeks", type=int, default=4, help="how many (default: %(default)s)")
    parser.add_argument("--budget", type=int, default=500, help="labels a week (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=1, help="orders of the traffic (default: %(default)s)")
    parser.add_argument("--picture", type=Path, help="where the picture goes")
    chosen = parser.parse_args()
    start = time.perf_counter()
    shift = _shift(chosen.production)
    with ProcessPoolExecutor() as pool:
        bound = pool.submit(partial(fit, shift, shift.lessons))
        champion = fit(shift, shift.base.train)
        _tell(f"the champion is trained ({time.perf_counter() - start:.0f} s)")
        work = partial(live, shift, champion, budgets=[chosen.budget] * chosen.weeks)
        futures = {
            (draw, seed): pool.submit(work, draw=draw, seed=seed)
            for seed in range(chosen.seeds)
            for draw in DRAWS
        }
        lived = {key: future.result() for key, future in futures.items()}
        ends = (truth_of(champion, shift.sample), truth_of(bound.result(), shift.sample))
    on_base = truth_of(champion, shift.base.test)
    print(_summary(shift, ends, on_base))
    print("\n".join(table(lived, ends)))
    if chosen.picture:
        chosen.picture.parent.mkdir(parents=True, exist_ok=True)
        chosen.picture.write_bytes(draw_curves(lived, ends))
    _tell(json.dumps([[*key, [asdict(week) for week in weeks]] for key, weeks in lived.items()]))
    _tell(f"done in {time.perf_counter() - start:.0f} s")


def _shift(production: str | None) -> Shift:
    whole = Shift.to_folder(production) if production else Shift.to_airlines()
    held_out = np.arange(min(HELD_OUT, len(whole.sample.texts)))
    return Shift(whole.base, take(whole.sample, held_out), whole.lessons)


def _summary(shift: Shift, ends: tuple[float, float], on_base: float) -> str:
    return (
        f"{len(shift.base.train.texts):,} training tweets of the base, {len(shift.lessons.texts):,} of "
        f"traffic, {len(shift.sample.texts):,} of production held out.\n"
        f"Macro F1 in production: {100 * ends[0]:.1f} with the champion of the base "
        f"(on the base: {100 * on_base:.1f}), {100 * ends[1]:.1f} with all labels of the traffic alone.\n"
    )


def table(lived: dict[tuple[str, int], list[Week]], ends: tuple[float, float]) -> list[str]:
    """Return a row for each way to draw and week; figures are means over the seeds, in points."""
    lines = [
        "| labels drawn | labels | challenger in production | share of the gap | champion after the verdict "
        "| on the base | exam | the gate | true gain |",
        "| --- " * 9 + "|",
    ]
    for draw in dict.fromkeys(draw for draw, _ in lived):
        runs = [weeks for (name, _), weeks in lived.items() if name == draw]
        lines += [_row(draw, weeks, ends) for weeks in zip(*runs, strict=True)]
    return lines


def _row(draw: str, weeks: Sequence[Week], ends: tuple[float, float]) -> str:
    def mean(name: str) -> float:
        return float(np.mean([getattr(week, name) for week in weeks]))

    share = (mean("challenger") - ends[0]) / (ends[1] - ends[0])
    gate = ", ".join(str(week.decision) for week in weeks)
    gain = ", ".join(f"{100 * week.truth:+.1f}" for week in weeks)
    cells = (
        draw,
        f"{mean('labels'):,.0f}",
        f"{100 * mean('challenger'):.1f}",
        f"{share:.0%}",
        f"{100 * mean('champion'):.1f}",
        f"{100 * mean('on_base'):.1f}",
        f"{mean('exam'):.0f}",
        gate,
        gain,
    )
    return f"| {' | '.join(cells)} |"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
