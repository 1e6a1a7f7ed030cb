"""Intervals of the quality in production against a known truth: `python -m benchmarks.production`.

A real TF-IDF model of the default corpus labels real tweets: those of the default corpus that it
did not learn, and with `--shifted` those of another source, on which its scores promise too much.
Audits of them are simulated: how often the 95% interval holds the truth, and how much the scores of
predictions without a label narrow it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from benchmarks.gate_worlds import fit, macro_f1
from models import LABELS, SentimentModel
from sentiment.command import run_command, whole_number
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data.audited import AuditedPrediction
from sentiment.data.dataset import Split, load_dataset
from sentiment.data.sources import read_source
from sentiment.evaluation.production import CONFIDENCE, ProductionQuality, production_quality
from sentiment.supervision.production_alert import ALARM_CONFIDENCE

LABELLED = (50, 100, 200, 500, 1000)
LABELS_A_WEEK = (25, 100)
WAITING = 5  # audited predictions without a label for each with one
LOW_SCORE, LOW_WEIGHT = 0.5, 3.0  # stratified: predictions below this score are drawn three times as often
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TITLES = (
    "tweets",
    "drawn",
    "labels",
    "accuracy: held, labels alone",
    "held, with scores",
    "macro F1: held, labels alone",
    "held, with scores",
    "width of the accuracy's interval",
    "narrower by the scores: accuracy",
    "macro F1",
)


@dataclass(frozen=True)
class Production:
    """True and predicted labels, as indices into LABELS, and the scores of the predicted."""

    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    scores: NDArray[np.float64]

    @property
    def truth(self) -> tuple[float, float]:
        """Accuracy and macro F1 of them all."""
        return float(np.mean(self.true == self.predicted)), macro_f1(self.true, self.predicted)

    def audit(
        self, labels: int, chance: np.random.Generator, *, is_stratified: bool
    ) -> list[AuditedPrediction]:
        """Return a simulated audit, drawn with replacement, so that the truth is known exactly."""
        weights = np.where(self.scores < LOW_SCORE, 1.0, LOW_WEIGHT if is_stratified else 1.0)
        rows = chance.choice(len(self.true), labels * (1 + WAITING), p=(1 / weights) / (1 / weights).sum())
        return [
            AuditedPrediction(
                LABELS[self.predicted[row]],
                float(self.scores[row]),
                float(weights[row]),
                "tweet-sentiment:a",
                _NOW,
                "labelled" if number < labels else "waiting",
                LABELS[self.true[row]] if number < labels else None,
            )
            for number, row in enumerate(rows)
        ]


@dataclass
class Tally:
    """What the intervals of many audits came to: hits and widths, of accuracy and macro F1."""

    hits: list[list[bool]] = field(default_factory=list)
    widths: list[list[float]] = field(default_factory=list)

    def add(self, quality: ProductionQuality | None, truth: tuple[float, float]) -> None:
        """Count one audit."""
        if quality is None:
            raise AssertionError("every audit here has labels enough")
        pairs = list(zip((quality.accuracy, quality.f1_macro), truth, strict=True))
        self.hits.append([one.low <= true <= one.high for one, true in pairs])
        self.widths.append([one.high - one.low for one, _ in pairs])


def predict(model: SentimentModel, split: Split) -> Production:
    """Return a model's predictions on labelled tweets."""
    scores = model.predict_proba(split.texts)
    true = np.array([LABELS.index(label) for label in split.labels])
    return Production(true, scores.argmax(axis=1), scores.max(axis=1))


def measure(name: str, production: Production, labels: int, audits: int, *, is_stratified: bool) -> str:
    """Return a row of the table: so many simulated audits with so many labels."""
    alone, powered, chance = Tally(), Tally(), np.random.default_rng(labels)
    for _ in range(audits):
        rows = production.audit(labels, chance, is_stratified=is_stratified)
        alone.add(production_quality(rows, is_powered=False), production.truth)
        powered.add(production_quality(rows), production.truth)
    held = np.array([np.mean(tally.hits, axis=0) for tally in (alone, powered)]).T.ravel()
    before, after = (np.mean(tally.widths, axis=0) for tally in (alone, powered))
    cells = [
        name,
        "stratified" if is_stratified else "evenly",
        f"{labels:,}",
        *(f"{share:.1%}" for share in held),
        f"± {100 * after[0] / 2:.1f} points",
        *(f"{share:.1%}" for share in 1 - after / before),
    ]
    return f"| {' | '.join(cells)} |"


def years_with_a_false_alarm(accuracy: float, a_week: int, confidence: float, years: int) -> float:
    """Return the share of years in which an accuracy of just the bound looks certain to be below.

    The interval of the last four weeks' labels is asked with every new one.
    """
    window, chance = 4 * a_week, np.random.default_rng(0)
    is_right = chance.random((years, 52 * a_week + window)) < accuracy
    sums = np.concatenate([np.zeros((years, 1)), is_right.cumsum(axis=1)], axis=1)
    share = (sums[:, window:] - sums[:, :-window]) / window
    # Wilson's interval of plain rows, as production_quality has it.
    wide, worth = student.ppf((1 + confidence) / 2, window - 1) ** 2, window - 1
    middle = share + wide / (2 * worth)
    high = (middle + np.sqrt(wide * (share * (1 - share) / worth + wide / (4 * worth**2)))) / (
        1 + wide / worth
    )
    return float((high < accuracy).any(axis=1).mean())


def print_alarms(years: int) -> None:
    """Print how often the alert on accuracy fires in a year in which the accuracy is the bound."""
    print(
        "\n| labels a week | accuracy | asked at 95% | asked as the alert does |\n| --- | --- | --- | --- |"
    )
    for a_week in LABELS_A_WEEK:
        for accuracy in (0.7, 0.9):
            rates = (
                years_with_a_false_alarm(accuracy, a_week, confidence, years)
                for confidence in (CONFIDENCE, ALARM_CONFIDENCE)
            )
            print(f"| {a_week} | {accuracy} | {' | '.join(f'{rate:.1%}' for rate in rates)} |", flush=True)


def read_other(source: str) -> Split:
    """Return another source's labelled tweets; of a TweetEval folder all but its test split."""
    return Split.of((row.text, row.label) for row in read_source(source).rows if row.split != "test")


def print_intervals(sets: dict[str, Split], model: SentimentModel, audits: int) -> None:
    """Print how often the intervals hold the truth on each set, and the truth."""
    print(f"| {' | '.join(_TITLES)} |\n{'| --- ' * len(_TITLES)}|", flush=True)
    truths = []
    for name, split in sets.items():
        production = predict(model, split)
        accuracy, f1 = production.truth
        truths.append(
            f"{name}: accuracy {accuracy:.3f}, macro F1 {f1:.3f}, mean score {production.scores.mean():.3f}"
        )
        for is_stratified in (False, True):
            for labels in LABELLED:
                print(measure(name, production, labels, audits, is_stratified=is_stratified), flush=True)
    print("\n" + "\n".join(truths))


def main() -> None:
    """Read the command line, simulate, and print the tables."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.production",
        description="Measure how often the intervals of the quality in production hold the truth.",
    )
    parser.add_argument(
        "--shifted",
        metavar="SOURCE",
        help="other labelled tweets: a table with text,label, or a TweetEval folder",
    )
    parser.add_argument(
        "--audits",
        type=whole_number("audits", 2, 100_000),
        default=1000,
        help="simulated audits per row, and years (default: %(default)s)",
    )
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    dataset = load_dataset()
    sets = {"default corpus": Split.of([*dataset.validation.pairs(), *dataset.test.pairs()])}
    if chosen.shifted:
        sets["another source"] = read_other(chosen.shifted)
    print_intervals(sets, fit(dataset, dataset.train), chosen.audits)
    print_alarms(chosen.audits)


if __name__ == "__main__":
    sys.exit(run_command(main))
