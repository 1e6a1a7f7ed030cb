"""What the plain sentences are worth: `python -m benchmarks.plain_sentences --shifted FOLDER`.

A model learns tweets of the default corpus with and without them. It is judged on the validation
split, on tweets of another source, and on sentences of families of which it learned none: each
third of the families is left out in turn. No test tweet is used.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

import numpy as np

import models
from models import SentimentModel, TrainingData
from models.learning import encode_labels, trial_metrics
from models.tfidf_features import FEATURES
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data.dataset import Dataset, Split, load_dataset
from sentiment.training.plain_sentences import TWEETS_PER_SENTENCE, plain_sentences, read_templates

_PARTS = 3
_JUDGED = 900  # sentences of the families that are left out
_SEED_OF_JUDGED = 99
# One point of the grid, so that the arms differ in the sentences alone.
_FIXED: dict[str, dict[str, Any]] = {
    "tfidf": {"features": FEATURES[-1:], "regularisations": (1.0,), "class_weights": ("balanced",)},
}


def main() -> None:
    """Train every arm and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--family", default="tfidf", choices=list(models.FAMILIES), help="which model (tfidf)"
    )
    parser.add_argument("--rows", type=int, default=40_000, help="tweets of the corpus, all splits (all)")
    parser.add_argument("--seeds", type=int, default=3, help="draws of sentences and models (3)")
    parser.add_argument("--shifted", help="tweets of another source, as for flows.train --data")
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    whole = load_dataset()
    learned = whole.sample(chosen.rows) if chosen.rows < sum(map(size, whole.splits.values())) else whole
    exams = {"validation": whole.validation}
    if chosen.shifted:
        exams["another source"] = load_dataset(chosen.shifted).validation
    parts = families_in_parts()
    for seed in range(chosen.seeds):
        plain = fit(chosen.family, learned, Split((), ()), seed)
        print(seed, "without:", figures(plain, exams), [accuracy(plain, part) for part in parts], flush=True)
        count = size(learned.train) // TWEETS_PER_SENTENCE
        taught = fit(chosen.family, learned, plain_sentences(count, seed), seed)
        print(seed, f"with {count}:", figures(taught, exams), flush=True)
        of_others = [
            accuracy(fit(chosen.family, learned, plain_sentences(count, seed, part), seed), part)
            for part in parts
        ]
        print(seed, "families left out:", of_others, flush=True)


def families_in_parts() -> list[list[str]]:
    """Return the families in three parts."""
    families = list(dict.fromkeys(template.family for template in read_templates()[0]))
    return [families[part::_PARTS] for part in range(_PARTS)]


def fit(family: str, learned: Dataset, sentences: Split, seed: int) -> SentimentModel:
    """Return a model that learned tweets and sentences."""
    rows, validation = learned.train, (learned.validation.texts, learned.validation.labels)
    supplement = (sentences.texts, sentences.labels)
    data = TrainingData(rows.texts, rows.labels, validation=validation, supplement=supplement)
    return models.create(family, seed=seed, **_FIXED.get(family, {})).fit(data, progress=lambda line: None)


def figures(model: SentimentModel, exams: dict[str, Split]) -> dict[str, str]:
    """Return macro F1 and macro recall on each exam, in points."""
    measured = {}
    for name, exam in exams.items():
        truth, scores = encode_labels(exam.texts, exam.labels), model.predict_proba(exam.texts)
        metrics = trial_metrics(truth, scores)
        measured[name] = f"F1 {100 * metrics['f1_macro']:.1f}, recall {100 * metrics['recall_macro']:.1f}"
    return measured


def accuracy(model: SentimentModel, families: Collection[str]) -> float:
    """Return the share of sentences of these families that a model labels rightly."""
    others = {template.family for template in read_templates()[0]} - set(families)
    judged = plain_sentences(_JUDGED, _SEED_OF_JUDGED, others)
    is_right = np.array(model.predict(judged.texts)) == np.array(judged.labels)
    return round(float(is_right.mean()), 3)


def size(split: Split) -> int:
    """Return how many texts a split has."""
    return len(split.texts)


if __name__ == "__main__":
    main()
