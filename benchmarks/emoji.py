"""What reading emoji by feeling is worth to tfidf: `python -m benchmarks.emoji`.

Tweets with emoji of the default corpus's training and validation splits are held out in five folds:
first so that each fold's kinds of emoji are in no tweet that is learned, then at random. Emoji are
read by their official names, as before 0.2.0, by feeling, and as BERT reads them. No test tweet is
used.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import LABELS
from models.emoji import EmojiWords
from models.emoji_ratings import packaged_names, packaged_signs
from models.learning import encode_labels
from models.lexicon import FEELINGS_IN_TEXT, read_lexicon
from models.served_tfidf import clean_and_spell
from models.tfidf import logistic_regression
from models.tfidf_features import FEATURES, Extractor, ratios, scale
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data.dataset import load_dataset
from sentiment.evaluation.metrics import evaluate

_KIND = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
_FOLDS, _C = 5, 0.5
_RICHEST = FEATURES[-1]
_FIGURES = ("f1_macro", "accuracy", "log_loss")

Rows = NDArray[np.int64]


class _ByOfficialNames(Extractor):
    """Reads the lexicon as models saved before 0.2.0 do: without the key of the feelings."""

    def _complete(self, weights: Any, cleaned: Sequence[str]) -> Any:
        self.valences_ = {word: value for word, value in read_lexicon().items() if word != FEELINGS_IN_TEXT}
        return super()._complete(weights, cleaned)


def main() -> None:
    """Print the figures of each way to read on both ways to hold out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=7000, help="tweets without emoji to learn (7000)")
    rows = parser.parse_args().rows
    apply_tool_environment(read_settings())
    dataset = load_dataset()
    texts = [*dataset.train.texts, *dataset.validation.texts]
    labels = [*dataset.train.labels, *dataset.validation.labels]
    kinds = [frozenset(_KIND.findall(text)) for text in texts]
    plain = np.random.default_rng(0).permutation([row for row, found in enumerate(kinds) if not found])[:rows]
    truth = encode_labels(texts, labels)
    ways = {"official names": None, "feelings": packaged_signs(), "names and feelings": packaged_names()}
    for title, held_out in (("unseen emoji", by_kind(kinds)), ("other tweets", at_random(kinds))):
        folds = list(held_out)
        for way, words in ways.items():
            print(title, way, figures(texts, truth, [(plain, *fold) for fold in folds], words))


def by_kind(kinds: list[frozenset[str]]) -> Iterator[tuple[Rows, Rows]]:
    """Yield the tweets to learn and to judge; those judged hold kinds that no other does."""
    names = sorted(set(chain.from_iterable(kinds)))
    order = np.random.default_rng(0).permutation(len(names))
    fold_of = {name: int(place) % _FOLDS for name, place in zip(names, order, strict=True)}
    with_emoji = np.array([row for row, found in enumerate(kinds) if found])
    for fold in range(_FOLDS):
        is_judged = np.array([any(fold_of[kind] == fold for kind in kinds[row]) for row in with_emoji])
        yield with_emoji[~is_judged], with_emoji[is_judged]


def at_random(kinds: list[frozenset[str]]) -> Iterator[tuple[Rows, Rows]]:
    """Yield the tweets with emoji to learn and to judge."""
    with_emoji = np.random.default_rng(0).permutation([row for row, found in enumerate(kinds) if found])
    for fold in range(_FOLDS):
        is_judged = np.arange(len(with_emoji)) % _FOLDS == fold
        yield with_emoji[~is_judged], with_emoji[is_judged]


def figures(
    texts: list[str], truth: Rows, folds: list[tuple[Rows, Rows, Rows]], words: EmojiWords | None
) -> dict[str, float]:
    """Return the figures of the judged tweets of all folds together."""
    read = clean_and_spell(texts, words)
    scores, judged_rows = [], []
    for plain, learnt, judged in folds:
        rows = np.concatenate([plain, learnt])
        extractor = (_ByOfficialNames if words is None else Extractor)(_RICHEST)
        weights = extractor.fit_transform([read[row] for row in rows])
        factors = ratios(_RICHEST, weights, truth[rows])
        classifier = logistic_regression(0).set_params(C=_C, class_weight="balanced")
        classifier.fit(scale(weights, factors), truth[rows])
        found = extractor.transform([read[row] for row in judged])
        scores.append(classifier.predict_proba(scale(found, factors)))
        judged_rows.append(judged)
    metrics = evaluate(
        [LABELS[number] for number in truth[np.concatenate(judged_rows)]], np.concatenate(scores)
    )
    return {name: round(metrics[name], 4) for name in _FIGURES}


if __name__ == "__main__":
    main()
