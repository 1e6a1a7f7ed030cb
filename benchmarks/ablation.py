"""What each technique of the models is worth: every model with and without it, several times: `python -m benchmarks.ablation`.

Each seed draws 80% of the training tweets and trains all variants on them; all are judged on the validation split. Test tweets are not
looked at. What a technique is worth is the mean of the paired differences over the seeds, in points, with their standard deviation.
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


@dataclass(frozen=True)
class Variant:
    """A model as it is, or without one technique."""

    family: str
    name: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    is_taught: bool = False


_RICHEST = (FEATURES[-1],)
VARIANTS = (
    Variant("tfidf", "as it is", {"features": _RICHEST}, is_taught=True),
    Variant("tfidf", "without a teacher", {"features": _RICHEST}),
    Variant("tfidf", "without teacher and lexicon", {"features": (FEATURES[-2],)}),
    Variant("tfidf", "without teacher, lexicon, label weights", {"features": (FEATURES[-2],), "class_weights": (None,)}),
    Variant("keras", "as it is", is_taught=True),
    Variant("keras", "without a teacher"),
    Variant("keras", "without teacher and lexicon", {"has_lexicon": False}),
    Variant("bert", "as it is"),
    Variant("bert", "without the prior's correction", {"corrects_prior": False}),
)


@dataclass(frozen=True)
class Lesson:
    """What one seed draws: training tweets, validation tweets, and what the teacher says of the training tweets."""

    train: Split
    validation: Split
    truth: NDArray[np.int64]
    teacher_scores: Scores | None


def teach(train: Split, validation: Split) -> Scores:
    """Return what a BERT that was trained on all of the training tweets says of them."""
    teacher = models.create("bert")
    teacher.fit(train.texts, train.labels, validation=(validation.texts, validation.labels), progress=lambda line: None)
    return teacher.predict_proba(train.texts)


def try_variant(variant: Variant, lesson: Lesson, seed: int) -> tuple[float, float, float]:
    """Return a variant's macro F1 and macro recall on validation, in points, and the seconds of its training."""
    model = models.create(variant.family, **variant.hyperparameters, seed=seed)
    validation = (lesson.validation.texts, lesson.validation.labels)
    start = time.perf_counter()
    scores = lesson.teacher_scores if variant.is_taught else None
    model.fit(lesson.train.texts, lesson.train.labels, validation=validation, progress=lambda line: None, teacher_scores=scores)
    seconds = time.perf_counter() - start
    found = measure(lesson.truth, model.predict_proba(lesson.validation.texts))
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
    parser.add_argument("--families", nargs="+", default=list(models.FAMILIES), choices=list(models.FAMILIES), help="which models")
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    whole = load_dataset(chosen.data)
    train, validation = whole.sample(chosen.rows).train, whole.validation
    truth = encode_labels(validation.texts, validation.labels)
    variants = [variant for variant in VARIANTS if variant.family in chosen.families]
    taught = teach(train, validation) if any(variant.is_taught for variant in variants) else None
    tries: dict[str, list[tuple[float, float, float]]] = {f"{variant.family} {variant.name}": [] for variant in variants}
    for seed in range(chosen.seeds):
        drawn = np.random.default_rng(seed).permutation(len(train.texts))[: int(_SHARE * len(train.texts))]
        part = Split(tuple(train.texts[number] for number in drawn), tuple(train.labels[number] for number in drawn))
        lesson = Lesson(part, validation, truth, None if taught is None else taught[drawn])
        for variant in variants:
            tries[f"{variant.family} {variant.name}"].append(try_variant(variant, lesson, seed))
            print(f"seed {seed}, {variant.family}, {variant.name}: {tries[f'{variant.family} {variant.name}'][-1][0]:.2f}", flush=True)
    print(f"\n{whole.name}: {int(_SHARE * len(train.texts))} training tweets a seed, {len(validation.texts)} validation tweets\n")
    print(
        "| model | variant | macro F1 | macro recall | F1 gained | recall gained | training |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    for variant in variants:
        print(row(variant, tries[f"{variant.family} {variant.name}"], tries[f"{variant.family} as it is"]))


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
