"""Ablation: tfidf and keras with and without each technique: `python -m benchmarks.ablation`.

A fifth of the training tweets is held out for scoring: no model is trained or chosen on it, and no
test tweet is used. Each seed draws 80% of the other training tweets and trains all arms on them,
with the usual validation split. A technique's gain is the mean of the paired differences over the
seeds, in points, with their standard deviation. tfidf takes its richest
features unsearched.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import models
from models import Scores
from models.learning import TrainingData, encode_labels, trial_metrics
from models.tfidf_features import FEATURES
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data.dataset import Split, load_dataset

_SHARE = 0.8
_LEAST_SEEDS = 2


Try = tuple[float, float, float]  # macro F1, macro recall, and seconds of training


@dataclass(frozen=True, eq=False)
class Arm:
    """A model as it is, or without one technique."""

    family: str
    name: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    is_taught: bool = False


_WHOLE = "as it is"
ARMS = (
    Arm("tfidf", _WHOLE, {"features": FEATURES[-1:]}),
    Arm("tfidf", "without ratios", {"features": FEATURES[-1:], "has_ratios": False}),
    Arm("tfidf", "without the lexicon", {"features": FEATURES[-2:-1]}),
    Arm("tfidf", "without ratios and lexicon", {"features": FEATURES[-2:-1], "has_ratios": False}),
    Arm(
        "tfidf",
        "without ratios, lexicon and label weights",
        {"features": FEATURES[-2:-1], "has_ratios": False, "class_weights": (None,)},
    ),
    Arm("keras", _WHOLE, is_taught=True),
    Arm("keras", "without a teacher"),
    Arm("keras", "without teacher and lexicon", {"has_lexicon": False}),
)


@dataclass(frozen=True)
class Draw:
    """The data of one seed: its training tweets with the teacher's scores, and the shared rest."""

    train: Split
    teacher_scores: Scores | None
    validation: Split
    judged: Split


def pick(split: Split, numbers: NDArray[np.int64]) -> Split:
    """Return the rows of a split with these numbers."""
    return Split(
        tuple(split.texts[number] for number in numbers), tuple(split.labels[number] for number in numbers)
    )


def teach(train: Split, validation: Split) -> Scores:
    """Return the scores of the training tweets by a BERT trained on all of them."""
    teacher = models.create("bert")
    rows = (validation.texts, validation.labels)
    data = TrainingData(train.texts, train.labels, validation=rows)
    teacher.fit(data, progress=lambda line: None)
    return teacher.predict_proba(train.texts)


def try_arm(arm: Arm, draw: Draw, seed: int) -> tuple[float, float, float]:
    """Return an arm's held-out macro F1 and macro recall, in points, and its training seconds."""
    model = models.create(arm.family, **arm.hyperparameters, seed=seed)
    data = TrainingData(
        draw.train.texts,
        draw.train.labels,
        validation=(draw.validation.texts, draw.validation.labels),
        teacher_scores=draw.teacher_scores if arm.is_taught else None,
    )
    start = time.perf_counter()
    model.fit(data, progress=lambda line: None)
    seconds = time.perf_counter() - start
    judged = draw.judged
    metrics = trial_metrics(encode_labels(judged.texts, judged.labels), model.predict_proba(judged.texts))
    return 100 * metrics["f1_macro"], 100 * metrics["recall_macro"], seconds


def row(arm: Arm, tries: Sequence[tuple[float, ...]], reference: Sequence[tuple[float, ...]]) -> str:
    """Return a table row: mean and spread over the seeds, of the scores and of the gains."""
    values, differences = np.array(tries), np.array(tries) - np.array(reference)
    cells = [f"{values[:, column].mean():.2f} ± {values[:, column].std(ddof=1):.2f}" for column in (0, 1)]
    if tries is reference:
        cells += ["", ""]
    else:
        cells += [
            f"{differences[:, column].mean():+.2f} ± {differences[:, column].std(ddof=1):.2f}"
            for column in (0, 1)
        ]
    return f"| {arm.family} | {arm.name} | {' | '.join(cells)} | {values[:, 2].mean():.0f} s |"


def measure_arms(
    data: str, *, rows: int, seeds: int, families: Sequence[str]
) -> tuple[str, dict[Arm, list[Try]]]:
    """Train every arm once per seed; return a line on the data, and the results."""
    whole = load_dataset(data)
    pool = whole.sample(rows).train
    order = np.random.default_rng(0).permutation(len(pool.texts))
    end = int(_SHARE * len(order))
    train, judged = pick(pool, order[:end]), pick(pool, order[end:])
    tries: dict[Arm, list[Try]] = {arm: [] for arm in ARMS if arm.family in families}
    taught = teach(train, whole.validation) if any(arm.is_taught for arm in tries) else None
    size = int(_SHARE * len(train.texts))
    for seed in range(seeds):
        drawn = np.random.default_rng(seed).permutation(len(train.texts))[:size]
        teacher_scores = None if taught is None else taught[drawn]
        draw = Draw(pick(train, drawn), teacher_scores, whole.validation, judged)
        for arm, results in tries.items():
            results.append(try_arm(arm, draw, seed))
            f1, recall, _ = results[-1]
            line = f"seed {seed}, {arm.family}, {arm.name}: macro F1 {f1:.2f}, recall {recall:.2f}"
            print(line, flush=True)
    return f"{whole.name}: {size} training tweets a seed, judged on {len(judged.texts)}", tries


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("--data", default="default", help="as for flows.train (default: %(default)s)")
    parser.add_argument(
        "--rows",
        type=int,
        default=8000,
        help="tweets to draw from, all splits together (default: %(default)s)",
    )
    parser.add_argument("--seeds", type=int, default=3, help="draws, at least 2 (default: %(default)s)")
    families = sorted({arm.family for arm in ARMS}, reverse=True)
    parser.add_argument(
        "--families", nargs="+", default=families, choices=families, help="which models (default: all)"
    )
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    if chosen.seeds < _LEAST_SEEDS:
        parser.error("--seeds must be at least 2: there is no spread of one")
    data, tries = measure_arms(chosen.data, rows=chosen.rows, seeds=chosen.seeds, families=chosen.families)
    print(f"\n{data}\n")
    print("| model | variant | macro F1 | macro recall | F1 against it | recall against it | training |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    references = {arm.family: results for arm, results in tries.items() if arm.name == _WHOLE}
    for arm, results in tries.items():
        print(row(arm, results, references[arm.family]))


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
