"""How much likelier to ask where two models disagree: `python -m benchmarks.gate_asking`.

The power of the exam's test with half of the labels, computed from real models' answers instead of
drawn: each tweet's influence on the difference in macro F1 gives the standard error of any draw.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from benchmarks.gate_exams import Room
from benchmarks.gate_shift import Pair, Shift, challenger_of, champion_of
from benchmarks.gate_worlds import LIMITS
from models import LABELS
from sentiment.evaluation.metrics import f1_by_label
from sentiment.gate.spending import may_spend

if TYPE_CHECKING:
    from benchmarks.gate_worlds import Numbers

Figures = NDArray[np.float64]
TIMES = (1, 2, 3, 5, 7, 10, 20, 50)
BY_ANSWERS = "by the two answers"
# True gain (None: that of the two models), and half of the labels that show it at random.
QUESTIONS = ((None, 250), (0.05, 500), (0.02, 3500))
_STEP, _SIZE, _LEAST_RATE = 1e-6, len(LABELS), 1 / 15


def gain_of(table: Figures) -> float:
    """Return the challenger's lead in macro F1 in a table of (true, champion, challenger)."""
    return float((f1_by_label(table.sum(axis=1)) - f1_by_label(table.sum(axis=2))).mean())


def influence(table: Figures) -> Figures:
    """Return what one more text of each cell does to the lead, for one text: shape (3, 3, 3)."""
    shares = table / table.sum()
    moved, here = np.zeros_like(shares), gain_of(shares)
    for cell in np.ndindex(*shares.shape):
        more = shares.copy()
        more[cell] += _STEP
        moved[cell] = (gain_of(more) - here) / _STEP
    centred: Figures = moved - (moved * shares).sum()
    return centred


def spread(influences: Figures, rates: Figures) -> float:
    """Return the standard error for one label, drawn at these rates; both of shape (n,)."""
    return float(np.sqrt((influences**2 * rates.mean() / rates).mean()))


def rates_by_answers(table: Figures) -> Figures:
    """Return the best rate for each pair of answers by a table that the scores give, shape (9,).

    It is the root mean square of the influence there (Neyman 1934).
    """
    expected = (table * influence(table) ** 2).sum(axis=0) / np.maximum(table.sum(axis=0), _STEP)
    rates = np.sqrt(expected).ravel()
    floored: Figures = np.maximum(rates, _LEAST_RATE * rates.max())
    return floored


def spreads(pair: Pair, labels: Numbers) -> tuple[float, dict[str, tuple[float, float]]]:
    """Return the true lead, and by way to ask the spread: of labels alone, and with known shares.

    With known shares the estimate also uses how often each pair of answers occurs among all tweets.
    """
    scores = [each.scores["sample"] for each in (pair.champion, pair.challenger)]
    old, new = (each.argmax(axis=1) for each in scores)
    both, size = old * _SIZE + new, _SIZE**2
    shape = (_SIZE,) * 3
    table = np.bincount(labels * size + both, minlength=_SIZE * size).reshape(shape).astype(float)
    own = influence(table).reshape(_SIZE, size)[labels, both]
    counts = np.maximum(np.bincount(both, minlength=size), 1)
    rest = own - (np.bincount(both, weights=own, minlength=size) / counts)[both]
    likely = (scores[0] + scores[1]) / 2
    stated = np.stack([np.bincount(both, weights=likely[:, each], minlength=size) for each in range(_SIZE)])
    by_answers = rates_by_answers(stated.reshape(shape).astype(float))
    rates = {f"{times} times": np.where(old != new, float(times), 1.0) for times in TIMES}
    rates[BY_ANSWERS] = by_answers[both]
    return gain_of(table), {name: (spread(own, rate), spread(rest, rate)) for name, rate in rates.items()}


def power(gain: float, spread_of_one: float, rows: int) -> float:
    """Return how often an exam of so many tweets shows a gain, at the level that it may ask at."""
    level = may_spend(rows, "challenger", (), LIMITS)
    return float(norm.cdf(gain / spread_of_one * rows**0.5 - norm.isf(level)))


def main() -> None:
    """Read the command line, train, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.gate_asking", description=__doc__)
    parser.add_argument("--production", help="as for benchmarks.gate_production")
    parser.add_argument("--pairs", type=int, default=6, help="challengers (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=Path(".sentiloop/benchmarks/gate"))
    chosen = parser.parse_args()
    shift = Shift.to_folder(chosen.production) if chosen.production else Shift.to_airlines()
    champion = champion_of(shift, chosen.cache)
    numbers = range(1, chosen.pairs + 1)
    room = Room.of(shift, [Pair(champion, challenger_of(shift, seed, chosen.cache)) for seed in numbers])
    columns, chance = [], np.random.default_rng(0)
    for gain, rows in QUESTIONS:
        share = 0.0 if gain is None else room.share_for(gain)
        pairs = [pair.exchanged(share, chance, ("sample",)) for pair in room.pairs]
        found = [spreads(pair, room.labels) for pair in pairs]
        columns.append((rows, [(lead if gain is None else gain, of) for lead, of in found]))
    heads = [f"{'their gain' if gain is None else f'+{100 * gain:g}'}, {rows:,}" for gain, rows in QUESTIONS]
    print(f"| asked where they disagree | {' | '.join(heads)} |\n{'| --- ' * (len(heads) + 1)}|")
    for way in columns[0][1][0][1]:
        cells = [
            [np.mean([power(lead, of[way][kind], rows) for lead, of in found]) for kind in (0, 1)]
            for rows, found in columns
        ]
        print(f"| {way} | {' | '.join(f'{alone:.0%} ({known:.0%})' for alone, known in cells)} |")


if __name__ == "__main__":
    main()
