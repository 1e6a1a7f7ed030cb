"""Whether explanations are faithful, and what they cost: `python -m benchmarks.explaining`.

Faithful: without the words that are said to weigh most, a text's label must lose its score sooner
than without words at random, and about as soon as without those that leaving out every word finds.
Source: DeYoung et al. 2020, ERASER, comprehensiveness. The texts are validation tweets of the
default corpus with 15 to 30 words.

Cost: a prediction with its explanation against one without, in turns. Where others use the machine,
long work waits for it more often than short work: the ratio of CPU time does not count that.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import models
from models import Classifier
from models.attribution import explain, split_words
from models.tfidf_features import FEATURES
from sentiment.champions import store
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data.dataset import load_dataset
from sentiment.errors import StoreError
from sentiment.training import export

if TYPE_CHECKING:
    from sentiment.data.dataset import Dataset

_REMOVED = (1, 2, 3)
_WORDS = range(15, 31)
_LONG_CHARS, _LONG_TEXTS = 1000, 40
_ROWS = 8000  # tweets of the quick training, those that it validates on included
_QUICK: dict[str, dict[str, Any]] = {
    "tfidf": {"features": FEATURES[-1:], "regularisations": (1.0,)},
    "keras": {},
    "bert": {"epochs": 1},
}


def weights_by_leaving_out(model: Classifier, text: str) -> list[float]:
    """Return the words' weights: the label's loss of score without each word (leave one out)."""
    words = split_words(text)
    scores = model.predict_proba([text])[0]
    without = model.predict_proba([_without(words, [number]) for number in range(len(words))])
    return [float(loss) for loss in scores.max() - without[:, scores.argmax()]]


def losses(model: Classifier, text: str, falling: Sequence[int]) -> list[tuple[float, bool]]:
    """Return the score's loss, and whether the label changes, without the first 1 to 3 words.

    The words are removed in the order given.
    """
    words, scores = split_words(text), model.predict_proba([text])[0]
    reduced = model.predict_proba([_without(words, falling[:count]) for count in _REMOVED])
    return [
        (float(scores.max() - row[scores.argmax()]), bool(row.argmax() != scores.argmax())) for row in reduced
    ]


def measure_faithfulness(model: Classifier, texts: Sequence[str]) -> dict[str, list[str]]:
    """Return, per method and words removed (1 to 3), mean loss and share of changed labels."""
    chance = random.Random(0)  # noqa: S311 - an order of words
    losses_by_method: dict[str, list[list[tuple[float, bool]]]] = {
        "ours": [],
        "all left out": [],
        "random": [],
    }
    for text in texts:
        weighed = {
            "ours": [word.weight for word in explain(model, text)],
            "all left out": weights_by_leaving_out(model, text),
        }
        orders = {
            name: sorted(range(len(weights)), key=lambda number: -weights[number])
            for name, weights in weighed.items()
        }
        orders["random"] = chance.sample(range(len(split_words(text))), max(_REMOVED))
        for name, order in orders.items():
            losses_by_method[name].append(losses(model, text, order))
    means = {
        name: np.array(values, dtype=np.float64).mean(axis=0) for name, values in losses_by_method.items()
    }
    return {name: [f"{loss:.3f} / {changed:.0%}" for loss, changed in rows] for name, rows in means.items()}


def measure_cost(model: Classifier, texts: Sequence[str]) -> list[float]:
    """Return the median milliseconds of a prediction without and with explanation.

    First in elapsed, then in CPU time; the two take turns by text.
    """
    taken = []
    for text in texts:
        moments = [_now()]
        model.predict_proba([text])
        moments.append(_now())
        explain(model, text)  # it predicts the text first
        moments.append(_now())
        taken.append(np.diff(np.array(moments), axis=0).T.ravel())
    return [float(1000 * seconds) for seconds in np.median(taken, axis=0)]


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def report(loaded: Sequence[Classifier], dataset: Dataset, tweets: int) -> str:
    """Return both tables in Markdown."""
    validation = dataset.validation.texts
    texts = [text for text in validation if len(split_words(text)) in _WORDS][:tweets]
    long = [" ".join(validation[start::_LONG_TEXTS])[:_LONG_CHARS] for start in range(_LONG_TEXTS)]
    lines = ["| model | words removed | ours | all left out | random |", "| --- | --- | --- | --- | --- |"]
    for model in loaded:
        faithfulness = measure_faithfulness(model, texts)
        lines += [
            f"| {model.family} | {count} | {' | '.join(row)} |"
            for count, *row in zip(_REMOVED, *faithfulness.values(), strict=True)
        ]
    lines += [
        "",
        "| model | texts | predict | with explanation | ratio | ratio of CPU time |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for model in loaded:
        for name, some in (("15 to 30 words", texts), (f"{_LONG_CHARS} characters", long)):
            alone, explained, *cpu = measure_cost(model, some)
            ratios = f"{explained / alone:.1f} | {cpu[1] / cpu[0]:.1f}"
            lines.append(f"| {model.family} | {name} | {alone:.2f} ms | {explained:.2f} ms | {ratios} |")
    return "\n".join(lines)


def find_models(folders: Sequence[Path], dataset: Dataset) -> list[Classifier]:
    """Return the models of the folders, else one of each family.

    Of its family the champion is taken; the others are trained quickly.
    """
    if folders:
        return [models.load(folder) for folder in folders]
    try:
        champion = store.champion()
        available = {champion.metadata.get("family"): models.load(champion.path)}
    except StoreError:
        available = {}
    return [available.get(family) or _quick(family, dataset) for family in models.FAMILIES]


def _quick(family: str, dataset: Dataset) -> Classifier:
    sample = dataset.sample(_ROWS)
    validation = (sample.validation.texts, sample.validation.labels)
    data = models.TrainingData(sample.train.texts, sample.train.labels, validation=validation)
    model = models.create(family, **_QUICK[family]).fit(data)
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        return export.export(model, Path(folder), sample.validation)[0]


def _without(words: Sequence[str], numbers: Sequence[int]) -> str:
    return " ".join(word for number, word in enumerate(words) if number not in numbers)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.explaining", description=__doc__.split("\n", maxsplit=1)[0]
    )
    parser.add_argument(
        "--model",
        type=Path,
        nargs="*",
        default=[],
        help="folders of models (default: the champion and quick trainings)",
    )
    parser.add_argument("--tweets", type=int, default=200, help="validation tweets (default: %(default)s)")
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    dataset = load_dataset()
    print(report(find_models(chosen.model, dataset), dataset, chosen.tweets))


if __name__ == "__main__":
    main()
