"""What audit labels mend of a champion's scores: `python -m benchmarks.recalibration`.

Audits are drawn at random; temperature and threshold are judged on all other tweets of production.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.gate_shift import Shift, champion_of, numbers_of
from models import LABELS, Scores
from models.calibration import soften
from sentiment.evaluation.abstention import TARGET_RISK
from sentiment.evaluation.metrics import expected_calibration_error
from sentiment.evaluation.recalibration import recalibrate

_LABELS = (100, 200, 500, 1000, 2000)
_Numbers = NDArray[np.int64]


def main() -> None:
    """Read the command line, train a champion, draw audits, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.recalibration", description=__doc__)
    parser.add_argument(
        "--production",
        help="tweets of another source, as --data takes them; without it, the default "
        "corpus's tweets to airlines are production and all others the base",
    )
    parser.add_argument("--audits", type=int, default=200, help="per row (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=Path(".sentiloop/benchmarks/gate"))
    chosen = parser.parse_args()
    shift = Shift.to_folder(chosen.production) if chosen.production else Shift.to_airlines()
    champion = champion_of(shift, chosen.cache)
    sets = {
        "another source" if chosen.production else "tweets to airlines": (
            champion.scores["sample"],
            numbers_of(shift.sample.labels),
        ),
        "the base's test split": (champion.scores["test"], numbers_of(shift.base.test.labels)),
    }
    print(
        "| production | labels | temperature | calibration error without | with | a threshold was found "
        "| kept | wrong among the kept | audits whose threshold lets more than 10% through |"
    )
    print("| --- " * 9 + "|")
    for name, (scores, truth) in sets.items():
        for labels in _LABELS:
            if labels < len(truth):
                print(f"| {name} | {labels:,} | {_row(scores, truth, labels, chosen.audits)} |", flush=True)


def _row(scores: Scores, truth: _Numbers, labels: int, audits: int) -> str:
    each = np.array([_audit(scores, truth, labels, seed) for seed in range(audits)])
    temperature, before, after, kept, risk = each.T
    found = kept > 0
    wrong = f"{risk[found].mean():.1%}" if found.any() else "-"
    shares = f"{found.mean():.0%} | {kept.mean():.0%} | {wrong} | {(risk > TARGET_RISK).mean():.1%}"
    return f"{temperature.mean():.2f} | {before.mean():.3f} | {after.mean():.3f} | {shares}"


def _audit(scores: Scores, truth: _Numbers, labels: int, seed: int) -> tuple[float, ...]:
    """Return temperature, errors without and with it, share kept and its risk, of one audit."""
    order = np.random.default_rng(seed).permutation(len(truth))
    drawn, others = order[:labels], order[labels:]
    learned = recalibrate([LABELS[number] for number in truth[drawn]], scores[drawn], [1.0] * labels)
    softened = soften(scores[others], learned.temperature)
    is_right = softened.argmax(axis=1) == truth[others]
    errors = [expected_calibration_error(is_right, of.max(axis=1)) for of in (scores[others], softened)]
    kept = softened.max(axis=1) >= (2.0 if learned.uncertain_below is None else learned.uncertain_below)
    risk = float((~is_right[kept]).mean()) if kept.any() else 0.0
    return learned.temperature, *errors, float(kept.mean()), risk


if __name__ == "__main__":
    main()
