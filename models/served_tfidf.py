"""A TF-IDF model as it serves: its n-grams, their weights, and its lexicon.

Exact, and without scikit-learn.

The n-grams are scikit-learn's own (`TfidfVectorizer`); the tests compare the two.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.attribution import Explaining
from models.base import Classifier, read_description, write_description
from models.calibration import soften
from models.emoji import EmojiWords, read_words, spell_emoji, write_words
from models.lexicon import FEATURES, Valences, read_valences, valence_features, write_valences
from models.text import LABELS, Scores, clean_text
from models.tfidf_attribution import explain_counted

_TERMS_FILE, _WEIGHTS_FILE = "ngrams.json", "weights.npz"
# The numbers of the n-grams that a text holds, and how often it holds each.
Counts = tuple[list[int], list[int]]
Counted = tuple[list[Counts], list[float]]  # of each part; what the lexicon says


@dataclass(frozen=True)
class Ngrams:
    """A set of n-grams of words, which `pattern` finds, or of characters within words."""

    terms: tuple[str, ...]
    least: int
    most: int
    pattern: str | None
    is_sublinear: bool

    def find(self, text: str) -> Iterator[str]:
        """Return the n-grams of a text in lower case."""
        return self.join(self.cut(text))

    def cut(self, text: str) -> list[str]:
        """Return the words of a text in lower case."""
        return text.split() if self.pattern is None else re.findall(self.pattern, text)

    def join(self, words: Sequence[str]) -> Iterator[str]:
        """Return the n-grams of words."""
        return (_characters if self.pattern is None else _words)(words, self.least, self.most)


class ServedTfidf(Classifier):
    """Scores texts by their n-grams; the weights of each part have length 1, as a vectoriser's."""

    family = "tfidf"

    def __init__(
        self,
        parts: Sequence[Ngrams],
        idf: Sequence[NDArray[np.float64]],
        coefficients: Sequence[NDArray[np.float64]],
    ) -> None:
        """Take per part its n-grams, inverse document frequencies (n,) and coefficients (n, 3).

        Bias, valences and the words of emoji are set after construction.
        """
        self.parts, self.idf, self.coefficients = tuple(parts), tuple(idf), tuple(coefficients)
        self.bias_ = np.zeros(len(LABELS))
        self.valences_: Valences = {}
        self.words_: EmojiWords | None = None
        self.valence_coefficients_ = np.zeros((len(FEATURES), len(LABELS)))
        self.numbers = [{term: number for number, term in enumerate(part.terms)} for part in self.parts]

    def tokenise(self, texts: Sequence[str]) -> list[Counted]:
        """Return the known n-grams of each text with their counts per part, and its valences."""
        cleaned = clean_and_spell(texts, self.words_)
        return [
            (self._count(text.lower()), valence_features(text, self.valences_) if self.valences_ else [])
            for text in cleaned
        ]

    def infer_uncalibrated(self, tokens: list[Counted]) -> Scores:
        """Return the scores of counted n-grams, shape (n, 3)."""
        if not tokens:
            return np.empty((0, len(LABELS)))
        return soften(np.exp(np.stack([self._decide(*counted) for counted in tokens])), 1.0)

    def explain(self, text: str, scores: Sequence[float]) -> Explaining:
        """Return the weights of a raw text's words, which are computed without more scores."""
        return explain_counted(self, text, scores)

    def save(self, directory: Path | str) -> None:
        """Write the n-grams and their weights to a directory (made if missing)."""
        uses = {"has_valences": bool(self.valences_), "has_emoji_words": self.words_ is not None}
        folder = write_description(directory, self, {"form": "served"} | uses)
        (folder / _TERMS_FILE).write_text(
            json.dumps([asdict(part) for part in self.parts], ensure_ascii=False), "utf-8"
        )
        write_valences(folder, self.valences_)
        write_words(folder, self.words_)
        arrays: dict[str, Any] = {"bias": self.bias_, "valence_coefficients": self.valence_coefficients_}
        arrays |= {f"idf_{number}": idf for number, idf in enumerate(self.idf)}
        arrays |= {f"coefficients_{number}": part for number, part in enumerate(self.coefficients)}
        np.savez_compressed(folder / _WEIGHTS_FILE, **arrays)

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Return the classifier that `save` wrote."""
        content, folder = read_description(directory), Path(directory)
        parts = [Ngrams(**part) for part in json.loads((folder / _TERMS_FILE).read_text("utf-8"))]
        with np.load(folder / _WEIGHTS_FILE, allow_pickle=False) as weights:
            arrays = [
                [weights[f"{name}_{number}"] for number in range(len(parts))]
                for name in ("idf", "coefficients")
            ]
            model = cls(parts, *arrays)
            model.bias_, model.valences_ = (
                weights["bias"],
                read_valences(folder, is_used=content.get("has_valences", False)),
            )
            if model.valences_:  # models exported before had none
                model.valence_coefficients_ = weights["valence_coefficients"]
        model.temperature_ = content["temperature"]
        model.words_ = read_words(folder, is_used=content.get("has_emoji_words", False))
        return model

    def _count(self, text: str) -> list[Counts]:
        counted = []
        for part, numbers in zip(self.parts, self.numbers, strict=True):
            counts = Counter(number for term in part.find(text) if (number := numbers.get(term)) is not None)
            counted.append((list(counts), list(counts.values())))
        return counted

    def _decide(self, counted: Iterable[Counts], of_lexicon: list[float]) -> NDArray[np.float64]:
        """Return the logits of one text."""
        logits = (
            self.bias_ + np.array(of_lexicon) @ self.valence_coefficients_
            if of_lexicon
            else self.bias_.copy()
        )
        for part, idf, coefficients, (numbers, counts) in zip(
            self.parts, self.idf, self.coefficients, counted, strict=True
        ):
            if numbers:
                frequencies = np.array(counts, dtype=np.float64)
                weights = (1 + np.log(frequencies) if part.is_sublinear else frequencies) * idf[numbers]
                logits += (weights @ coefficients[numbers]) / math.sqrt(weights @ weights)
        return logits


def clean_and_spell(texts: Sequence[str], words: EmojiWords | None) -> list[str]:
    """Return raw texts as a model that counts reads them: cleaned, with the feelings of emoji.

    Models saved before 0.2.0 have no words, and read emoji as they are.
    """
    cleaned = [clean_text(text) for text in texts]
    return cleaned if words is None else [spell_emoji(text, words) for text in cleaned]


def _words(words: Sequence[str], least: int, most: int) -> Iterator[str]:
    for size in range(least, most + 1):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


def _characters(words: Iterable[str], least: int, most: int) -> Iterator[str]:
    for word in words:
        padded = f" {word} "
        for size in range(least, most + 1):
            for start in range(max(1, len(padded) - size + 1)):
                yield padded[start : start + size]
            if size >= len(padded):
                break
