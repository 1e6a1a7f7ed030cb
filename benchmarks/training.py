"""Time of our training against the libraries' defaults: `python -m benchmarks.training`.

- tfidf: our search, against scikit-learn's GridSearchCV over the same grid and folds with the
  vectoriser inside the pipeline.
- bert: our fine-tuning, against the Trainer of Transformers with its defaults and every text padded
  to 128 tokens.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import Pipeline

from models import LABELS, TrainingData, clean_text
from models.bert import BertModel, load_pretrained
from models.learning import encode_labels, trial_metrics
from models.packaged_bases import MINILM
from models.tfidf import TfidfModel, logistic_regression
from models.tfidf_features import Extractor
from models.tfidf_rows import make_folds
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data.dataset import Split, load_dataset

_PADDED = 128


def silent(line: str) -> None:
    """Ignore a training's progress."""


def _data(train: Split, validation: Split) -> TrainingData:
    return TrainingData(train.texts, train.labels, validation=(validation.texts, validation.labels))


def tfidf_ours(train: Split, validation: Split) -> float:
    """Search with our model on the plain grid, and return the best cross-validated macro F1."""
    model = TfidfModel(has_ratios=False).fit(_data(train, validation), progress=silent)
    return max((int(trial["folds"]), float(trial["f1_macro"])) for trial in model.trials)[1]


def tfidf_plain(train: Split, validation: Split) -> float:
    """Search the same grid by GridSearchCV, and return the best cross-validated macro F1."""
    texts = [clean_text(text) for text in train.texts + validation.texts]
    ours = TfidfModel()
    folds = PredefinedSplit(make_folds(len(train.texts), len(validation.texts), ours.seed))
    pipeline = Pipeline(
        [("features", Extractor(ours.features[0])), ("classifier", logistic_regression(ours.seed))]
    )
    grid = {
        "features": [Extractor(name) for name in ours.features],
        "classifier__C": ours.regularisations,
        "classifier__class_weight": ours.class_weights,
    }
    search = GridSearchCV(pipeline, grid, scoring="f1_macro", cv=folds, n_jobs=-1)
    return float(search.fit(texts, train.labels + validation.labels).best_score_)


def bert_ours(train: Split, validation: Split, epochs: int) -> float:
    """Fine-tune with our model and return its macro F1 on validation."""
    model = BertModel(epochs=epochs).fit(_data(train, validation), progress=silent)
    return trial_metrics(
        encode_labels(validation.texts, validation.labels), model.predict_proba(validation.texts)
    )["f1_macro"]


def bert_plain(train: Split, validation: Split) -> float:
    """Fine-tune with the Trainer's defaults and return its macro F1 on validation."""
    from transformers import Trainer, TrainingArguments

    tokenizer, network = load_pretrained(MINILM, new_head=True)
    rows = {name: _Rows(tokenizer, split) for name, split in (("train", train), ("validation", validation))}
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        arguments = TrainingArguments(
            folder, report_to=[], save_strategy="no", disable_tqdm=True, logging_strategy="no", seed=0
        )
        trainer = Trainer(network, arguments, train_dataset=rows["train"])
        trainer.train()
        logits = np.asarray(trainer.predict(rows["validation"]).predictions)
    return trial_metrics(encode_labels(validation.texts, validation.labels), logits)["f1_macro"]


class _Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """The rows of a split, each padded to 128 tokens."""

    def __init__(self, tokenizer: Any, split: Split) -> None:
        texts = [clean_text(text) for text in split.texts]
        self.tokens = tokenizer(
            texts, truncation=True, max_length=_PADDED, padding="max_length", return_tensors="pt"
        )
        self.labels = [LABELS.index(label) for label in split.labels]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, number: int) -> dict[str, Any]:
        return {
            **{name: values[number] for name, values in self.tokens.items()},
            "labels": self.labels[number],
        }


def compare(name: str, ours: Callable[[], float], plain: Callable[[], float], rounds: int) -> str:
    """Return a table row: both sides' median seconds, their ratio, and their macro F1.

    The two sides take turns.
    """
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    f1: dict[str, float] = {}
    for _ in range(rounds):
        for side, run in (("ours", ours), ("plain", plain)):
            start = time.perf_counter()
            f1[side] = run()
            seconds[side].append(time.perf_counter() - start)
    mine, theirs = (float(np.median(seconds[side])) for side in ("ours", "plain"))
    times = f"{mine:.0f} s | {theirs:.0f} s | {theirs / mine:.1f}"
    return f"| {name} | {times} | {f1['ours']:.3f} | {f1['plain']:.3f} |"


def measure_trainings(chosen: argparse.Namespace) -> None:
    """Print a table row per training."""
    apply_tool_environment(read_settings())
    whole = load_dataset()
    print("|  | ours | plain | plain / ours | macro F1, ours | macro F1, plain |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    ours_of_bert = partial(bert_ours, epochs=chosen.bert_epochs)
    trainings: tuple[tuple[str, int, Any, Any], ...] = (
        ("tfidf, the whole search", chosen.rows, tfidf_ours, tfidf_plain),
        ("bert, the whole fine-tuning", chosen.bert_rows, ours_of_bert, bert_plain),
    )
    for name, rows, ours, plain in trainings:
        part = whole.sample(rows)
        row = compare(
            f"{name} ({len(part.train.texts)} tweets)",
            lambda: ours(part.train, whole.validation),  # noqa: B023
            lambda: plain(part.train, whole.validation),  # noqa: B023
            chosen.rounds,
        )
        print(row, flush=True)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.training", description=__doc__)
    parser.add_argument(
        "--rows",
        type=int,
        default=4000,
        help="tweets of the default corpus for the search (default: %(default)s)",
    )
    parser.add_argument(
        "--bert-rows", type=int, default=2000, help="tweets for both fine-tunings (default: %(default)s)"
    )
    epochs = BertModel().epochs
    parser.add_argument(
        "--bert-epochs", type=int, default=epochs, help="epochs of our fine-tuning (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=1, help="trainings per side, in turns (default: %(default)s)"
    )
    measure_trainings(parser.parse_args())


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
