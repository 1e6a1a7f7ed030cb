"""What each technique of the models is worth: every model with and without it, several times: `python -m benchmarks.ablation`.

A fifth of the training tweets is set aside to judge; nothing learns from it or is chosen by it, nor is a test tweet looked at. Each seed
draws 80% of the other training tweets and trains all variants on them; validation chooses for them as always. What a technique is worth is
the mean of the paired differences over the seeds, in points, with their standard deviation. tfidf takes its richest features unsearched.
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
from models.base import Scores, encode_labels, measure
from models.tfidf import FEATURES
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data import Split, load_dataset

_SHARE = 0.8
_LEAST_SEEDS = 2


@dataclass(frozen=True, eq=False)
class Variant:
    """A model as it is, or without one technique."""

    family: str
    name: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    is_taught: bool = False


_WHOLE = "as it is"
_RICHEST = (FEATURES[-1],)
VARIANTS = (
    Variant("tfidf", _WHOLE, {"features": _RICHEST}, is_taught=True),
    Variant("tfidf", "without a teacher", {"features": _RICHEST}),
    Variant("tfidf", "without teacher and lexicon", {"features": (FEATURES[-2],)}),
    Variant("tfidf", "without teacher, lexicon, label weights", {"features": (FEATURES[-2],), "class_weights": (None,)}),
    Variant("keras", _WHOLE, is_taught=True),
    Variant("keras", "without a teacher"),
    Variant("keras", "without teacher and lexicon", {"has_lexicon": False}),
)


@dataclass(frozen=True)
class Lesson:
    """What one seed draws: training tweets and what the teacher says of them; and what all seeds share, to choose by and to judge by."""

    train: Split
    teacher_scores: Scores | None
    validation: Split
    judged: Split


def pick(split: Split, numbers: NDArray[np.int64]) -> Split:
    """Return some rows of a split."""
    return Split(tuple(split.texts[number] for number in numbers), tuple(split.labels[number] for number in numbers))


def teach(train: Split, validation: Split) -> Scores:
    """Return what a BERT that was trained on all of the training tweets says of them."""
    teacher = models.create("bert")
    teacher.fit(train.texts, train.labels, validation=(validation.texts, validation.labels), progress=lambda line: None)
    return teacher.predict_proba(train.texts)


def try_variant(variant: Variant, lesson: Lesson, seed: int) -> tuple[float, float, float]:
    """Return a variant's macro F1 and macro recall on the tweets set aside, in points, and the seconds of its training."""
    model = models.create(variant.family, **variant.hyperparameters, seed=seed)
    validation = (lesson.validation.texts, lesson.validation.labels)
    start = time.perf_counter()
    scores = lesson.teacher_scores if variant.is_taught else None
    model.fit(lesson.train.texts, lesson.train.labels, validation=validation, progress=lambda line: None, teacher_scores=scores)
    seconds = time.perf_counter() - start
    judged = lesson.judged
    found = measure(encode_labels(judged.texts, judged.labels), model.predict_proba(judged.texts))
    return 100 * found["f1_macro"], 100 * found["recall_macro"], seconds


def row(variant: Variant, tries: Sequence[tuple[float, ...]], reference: Sequence[tuple[float, ...]]) -> str:
    """Return a table row: mean and spread over the seeds, and the mean and spread of the differences from the model as it is."""
    values, differences = np.array(tries), np.array(tries) - np.array(reference)
    cells = [f"{values[:, column].mean():.2f} ± {values[:, column].std(ddof=1):.2f}" for column in (0, 1)]
    if tries is reference:
        cells += ["", ""]
    else:
        cells += [f"{differences[:, column].mean():+.2f} ± {differences[:, column].std(ddof=1):.2f}" for column in (0, 1)]
    return f"| {variant.family} | {variant.name} | {' | '.join(cells)} | {values[:, 2].mean():.0f} s |"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("--data", default="default", help="as for flows.train (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=8000, help="tweets to draw from, all splits together (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="draws, at least 2 (default: %(default)s)")
    families = sorted({variant.family for variant in VARIANTS})
    parser.add_argument("--families", nargs="+", default=families, choices=families, help="which models (default: all)")
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    if chosen.seeds < _LEAST_SEEDS:
        parser.error("--seeds must be at least 2: there is no spread of one")
    whole = load_dataset(chosen.data)
    rows = whole.sample(chosen.rows).train
    order = np.random.default_rng(0).permutation(len(rows.texts))
    end = int(_SHARE * len(order))
    train, judged = pick(rows, order[:end]), pick(rows, order[end:])
    tries: dict[Variant, list[tuple[float, float, float]]] = {variant: [] for variant in VARIANTS if variant.family in chosen.families}
    taught = teach(train, whole.validation) if any(variant.is_taught for variant in tries) else None
    for seed in range(chosen.seeds):
        drawn = np.random.default_rng(seed).permutation(len(train.texts))[: int(_SHARE * len(train.texts))]
        lesson = Lesson(pick(train, drawn), None if taught is None else taught[drawn], whole.validation, judged)
        for variant, found in tries.items():
            found.append(try_variant(variant, lesson, seed))
            print(f"seed {seed}, {variant.family}, {variant.name}: macro F1 {found[-1][0]:.2f}", flush=True)
    print(f"\n{whole.name}: {int(_SHARE * len(train.texts))} training tweets a seed, judged on {len(judged.texts)}\n")
    print("| model | variant | macro F1 | macro recall | F1 against it | recall against it | training |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    references = {variant.family: found for variant, found in tries.items() if variant.name == _WHOLE}
    for variant, found in tries.items():
        print(row(variant, found, references[variant.family]))


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
