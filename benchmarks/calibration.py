"""Calibration of served models in and out of distribution: `python -m benchmarks.calibration`.

Expected calibration error, log loss and macro F1 on the test split of the default corpus, on the
same tweets spoilt in two ways, and with `--shifted` on labelled tweets of another source; without
the model's temperature and with it. Then what the threshold for abstaining that validation
recommends does on each of them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import models
from models import Scores
from models.calibration import soften
from sentiment.champions import store
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data.dataset import Dataset, Split, load_dataset
from sentiment.data.near_duplicates import canonical_form
from sentiment.data.sources import read_source
from sentiment.errors import DataError
from sentiment.evaluation.abstention import TARGET_RISK, risk_coverage
from sentiment.evaluation.metrics import evaluate, expected_calibration_error
from sentiment.evaluation.misspelling import misspell
from sentiment.evaluation.slices import EMOJI

_TYPOS = 0.3  # the share of the words of four letters and more that are misspelt
_DRAWS = 20
_CALIBRATION = (
    "model",
    "tweets",
    "texts",
    "macro F1",
    "ece without T",
    "ece with T",
    "ece by chance",
    "log loss without T",
    "log loss with T",
)
_ABSTENTION = ("model", "tweets", "errors", "threshold", "kept", "errors among the kept")


def misspelt(split: Split) -> Split:
    """Return the texts with misspellings, the same for the same texts."""
    chance = np.random.default_rng(0)
    return Split(tuple(misspell(text, _TYPOS, chance) for text in split.texts), split.labels)


def flattened(split: Split) -> Split:
    """Return the texts in lower case, without emoji and emoticons; a text of emoji alone stays."""
    plain = (" ".join(EMOJI.sub(" ", text).lower().split()) for text in split.texts)
    return Split(
        tuple(changed or text for changed, text in zip(plain, split.texts, strict=True)), split.labels
    )


def read_shifted(source: str, dataset: Dataset) -> Split:
    """Return another source's labelled tweets, without those that the models learned.

    Of a TweetEval folder it takes the validation split alone.

    Raises:
        DataError: The source cannot be read, or nothing is left of it.
    """
    learned = {canonical_form(text) for split in (dataset.train, dataset.validation) for text in split.texts}
    rows = [
        row
        for row in read_source(source).rows
        if row.split in (None, "validation") and canonical_form(row.text) not in learned
    ]
    if not rows:
        raise DataError(
            f"{source} has no labelled tweet that the models have not learned: "
            "give a CSV file or a TweetEval folder of others"
        )
    return Split(tuple(row.text for row in rows), tuple(row.label for row in rows))


def measure(
    model: models.Classifier, sets: dict[str, Split], validation: Split
) -> tuple[list[str], list[str]]:
    """Return a model's rows for the tables of calibration and of abstention, one for each set.

    The threshold of abstention is chosen on the validation split.
    """
    calibration, abstention = [], []
    threshold = risk_coverage(validation.labels, model.predict_proba(validation.texts)).threshold_at(
        TARGET_RISK
    )
    for words, split in sets.items():
        scores = model.infer_uncalibrated(model.tokenise(split.texts))
        served = soften(scores, model.temperature_)
        before, after = evaluate(split.labels, scores), evaluate(split.labels, served)
        errors = (before["ece"], after["ece"], ece_by_chance(served), before["log_loss"], after["log_loss"])
        figures = " | ".join(f"{value:.3f}" for value in (after["f1_macro"], *errors))
        calibration.append(f"{words} | {len(split.texts):,} | {figures} |")
        abstention.append(f"{words} | {1 - after['accuracy']:.1%} | {_kept(split, served, threshold)} |")
    return calibration, abstention


def _kept(split: Split, scores: Scores, threshold: float | None) -> str:
    """Return the cells of a threshold, its coverage, and the error rate on what it keeps."""
    if threshold is None:
        return "none | – | –"
    coverage, risk = risk_coverage(split.labels, scores).at(threshold)
    return f"{threshold:.3f} | {coverage:.1%} | {risk:.1%}"


def ece_by_chance(scores: Scores) -> float:
    """Return the calibration error that these scores show by chance if perfectly calibrated."""
    confidence, chance = scores.max(axis=1), np.random.default_rng(0)
    return float(
        np.mean(
            [
                expected_calibration_error(chance.random(len(confidence)) < confidence, confidence)
                for _ in range(_DRAWS)
            ]
        )
    )


def main() -> None:
    """Read the command line, measure, and print the table."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.calibration", description="Measure whether served scores mean what they say."
    )
    parser.add_argument(
        "--models",
        nargs="+",
        type=Path,
        metavar="DIRECTORY",
        help="saved or exported models (default: the champion)",
    )
    parser.add_argument(
        "--shifted",
        metavar="SOURCE",
        help="other labelled tweets: a CSV file with text,label, or a TweetEval folder",
    )
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    dataset = load_dataset()
    sets = {
        "test split": dataset.test,
        "… with typos": misspelt(dataset.test),
        "… in small letters, no emoji": flattened(dataset.test),
    }
    if chosen.shifted:
        sets[Path(chosen.shifted).name] = read_shifted(chosen.shifted, dataset)
    loaded = [models.load(folder) for folder in chosen.models or [store.champion().path]]
    names = [
        model.family if len(loaded) == len({other.family for other in loaded}) else f"{n}. {model.family}"
        for n, model in enumerate(loaded, 1)
    ]
    tables = ([_header(_CALIBRATION)], [_header(_ABSTENTION)])
    for name, model in zip(names, loaded, strict=True):
        for lines, rows in zip(tables, measure(model, sets, dataset.validation), strict=True):
            lines += [f"| {name} (T {model.temperature_:.2f}) | {row}" for row in rows]
    print("\n\n".join("\n".join(lines) for lines in tables))


def _header(titles: tuple[str, ...]) -> str:
    return f"| {' | '.join(titles)} |\n{'| --- ' * len(titles)}|"


if __name__ == "__main__":
    sys.exit(run_command(main))
