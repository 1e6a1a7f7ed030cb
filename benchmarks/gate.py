"""How often the gate is wrong: `python -m benchmarks.gate`.

False promotions of equal models, and the power to detect a true gain.

First pairs of models that are made up from real answers (`gate_worlds`), then real models
(`gate_models`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from scipy.stats import beta

from benchmarks.gate_models import retrained
from benchmarks.gate_worlds import World, find_correction, populations, simulate
from sentiment.gate.verdict import Decision
from sentiment.reports.canvas import ACCENT, INK, LINE, QUIET, add_panel, as_png, new_figure

DISAGREEMENTS, GAINS, COMPLAINTS = (0.03, 0.08, 0.15, 0.25), (0.005, 0.01, 0.02, 0.03), 0.9


def measure_power(draws: int) -> tuple[list[str], dict[tuple[float, float], float]]:
    """Return the table of promotion rates by disagreement and true gain, and the rates."""
    lines = [
        f"| disagree | no gain | no gain, {COMPLAINTS:.0%} complaints in the feedback | "
        + " | ".join(f"+{100 * gain:g}" for gain in GAINS)
        + " |"
    ]
    lines.append("| --- " * (3 + len(GAINS)) + "|")
    rates: dict[tuple[float, float], float] = {}
    with ProcessPoolExecutor() as pool:
        for disagreement in DISAGREEMENTS:
            cells = [
                _rate(pool, World(disagreement), 2 * draws),
                _rate(pool, World(disagreement, complaints=COMPLAINTS), 2 * draws),
            ]
            cells += [
                _rate(pool, World(disagreement, find_correction(disagreement, gain)), draws) for gain in GAINS
            ]
            rates |= {
                (disagreement, gain): promoted / judged
                for gain, (promoted, judged) in zip((0.0, *GAINS), [cells[0], *cells[2:]], strict=True)
            }
            lines.append(f"| {disagreement:.0%} | " + " | ".join(interval(*cell) for cell in cells) + " |")
            tell(f"  {lines[-1]}")
    return lines, rates


def interval(promoted: int, judged: int) -> str:
    """Return a rate with its exact 95% interval (Clopper and Pearson 1934)."""
    low = float(beta.ppf(0.025, promoted, judged - promoted + 1)) if promoted else 0.0
    high = float(beta.ppf(0.975, promoted + 1, judged - promoted)) if promoted < judged else 1.0
    return f"{promoted / judged:.1%} ({low:.1%} to {high:.1%})"


def _rate(pool: ProcessPoolExecutor, world: World, draws: int) -> tuple[int, int]:
    decisions = Counter(pool.map(partial(simulate, world), range(draws), chunksize=10))
    return decisions[Decision.PROMOTE], draws


def tell(line: str) -> None:
    """Print a line of progress to standard error."""
    print(line, file=sys.stderr, flush=True)


def _draw_power(path: Path, power: dict[tuple[float, float], float]) -> None:
    figure = new_figure(
        12,
        7,
        "What the gate sees",
        "share of challengers that are promoted, by their true gain; default test split",
    )
    panel = add_panel(figure, (0.09, 0.12, 0.68, 0.68))
    points = [100 * gain for gain in (0.0, *GAINS)]
    ends = []
    for number, disagreement in enumerate(DISAGREEMENTS):
        rates = [power[disagreement, gain] for gain in (0.0, *GAINS)]
        panel.plot(points, rates, marker="osD^"[number], color=ACCENT, alpha=1 - 0.2 * number, linewidth=2.5)
        ends.append((rates[-2], f"{disagreement:.0%} disagreement ({'●■◆▲'[number]})"))
    for number, (_, words) in enumerate(ends):
        panel.text(3.15, 0.98 - 0.075 * number, words, size=13, color=INK, va="center")
    panel.axhline(0.05, color=QUIET, linewidth=1.2, linestyle="--")
    panel.text(3.15, 0.05, "5% at most, if no better", size=12, color=QUIET, va="center")
    panel.axhline(0.9, color=QUIET, linewidth=1.2, linestyle=":")
    panel.text(0, 0.92, "90%", size=12, color=QUIET)
    panel.set_xticks(points, ["0", *(f"+{point:g}" for point in points[1:])])
    panel.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    panel.set_ylim(-0.02, 1.03)
    panel.set_xlabel("true gain in macro F1, points")
    panel.grid(visible=True, axis="y", color=LINE, linewidth=0.8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_png(figure))


def main() -> None:
    """Read the command line, measure, and print the tables."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.gate", description="Measure how often the gate is wrong."
    )
    parser.add_argument(
        "--draws",
        type=int,
        default=300,
        help="simulated judgements per cell, twice as many where nothing is better",
    )
    parser.add_argument(
        "--models", type=int, default=12, help="real models of each kind (default: %(default)s)"
    )
    parser.add_argument("--picture", type=Path, help="where the picture of the power goes")
    chosen = parser.parse_args()
    start = time.perf_counter()
    tell("training one model, then simulating")
    lines, rates = measure_power(chosen.draws)
    size = len(populations()["test"].texts)
    print(
        f"Share promoted, with the exact 95% interval, on {size:,} test texts:\n\n" + "\n".join(lines) + "\n"
    )
    for line in retrained(chosen.models):
        print(line, flush=True)
    if chosen.picture:
        _draw_power(chosen.picture, rates)
    tell(f"done in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
