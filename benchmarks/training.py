"""What our training costs against the plain way, on the same data in the same run: `python -m benchmarks.training`.

- tfidf: the search that vectorises once, against scikit-learn's GridSearchCV over the same grid with the vectoriser inside the pipeline.
- bert: batches of like length padded to their longest text, against every text padded to 128 tokens; the same steps, loss and optimiser.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import islice

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import Pipeline

from models import clean_text
from models.base import encode_labels
from models.bert import BertModel, _Batches
from models.tfidf import TfidfModel, _folds
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data import Split, load_dataset

_REGULARISATIONS = (0.5, 1.0, 3.0)
_CLASS_WEIGHTS = (None, "balanced")


def tfidf_ours(train: Split, validation: Split) -> None:
    """Search the reference features with our model."""
    model = TfidfModel(features=("reference (1,2)",), regularisations=_REGULARISATIONS, class_weights=_CLASS_WEIGHTS)
    model.fit(train.texts, train.labels, validation=(validation.texts, validation.labels), progress=lambda line: None)


def tfidf_plain(train: Split, validation: Split) -> None:
    """Search the same grid with the vectoriser inside the pipeline."""
    texts = [clean_text(text) for text in train.texts + validation.texts]
    folds = PredefinedSplit(_folds(len(train.texts), len(validation.texts), seed=0))
    pipeline = Pipeline([("words", TfidfVectorizer(ngram_range=(1, 2))), ("classifier", LogisticRegression(max_iter=1000, tol=1e-3))])
    grid = {"classifier__C": _REGULARISATIONS, "classifier__class_weight": _CLASS_WEIGHTS}
    GridSearchCV(pipeline, grid, scoring="f1_macro", cv=folds).fit(texts, train.labels + validation.labels)


def bert_steps(train: Split, steps: int, *, pad_to: int | None) -> None:
    """Take some training steps; `pad_to` pads every text to this many tokens, as a plain script does."""
    model = BertModel()
    model._begin()
    tokens = model.tokenise(train.texts)
    if pad_to:
        tokens = [(ids + [0] * pad_to)[:pad_to] for ids in tokens]
    batches = _Batches(tokens, encode_labels(train.texts, train.labels), model.batch_size, model.seed)
    optimizer, schedule = model._optimizer(steps)
    loss = model._loss(batches)
    for batch, targets in islice(batches.stream(1), steps):
        model._step(batch, targets, loss, optimizer)
        schedule.step()


def ratio(name: str, ours: Callable[[], None], plain: Callable[[], None], rounds: int) -> str:
    """Return a table row: the median seconds of both sides, in turns after one warm-up each, and their ratio."""
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(rounds + 1):
        for side, run in (("ours", ours), ("plain", plain)):
            start = time.perf_counter()
            run()
            if number:
                seconds[side].append(time.perf_counter() - start)
    ours_median, plain_median = statistics.median(seconds["ours"]), statistics.median(seconds["plain"])
    return f"| {name} | {ours_median:.1f} s | {plain_median:.1f} s | {plain_median / ours_median:.2f} |"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rows", type=int, default=4000, help="tweets of the default corpus to train on (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=20, help="training steps of bert per round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per side after the warm-up (default: %(default)s)")
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    dataset = load_dataset().sample(chosen.rows)
    train, validation = dataset.train, dataset.validation
    print("|  | ours | plain | plain / ours |\n| --- | --- | --- | --- |")
    print(ratio("tfidf search", lambda: tfidf_ours(train, validation), lambda: tfidf_plain(train, validation), chosen.rounds), flush=True)
    bert = ratio(
        f"bert, {chosen.steps} steps",
        lambda: bert_steps(train, chosen.steps, pad_to=None),
        lambda: bert_steps(train, chosen.steps, pad_to=128),
        chosen.rounds,
    )
    print(bert)


if __name__ == "__main__":
    main()
