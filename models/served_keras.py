"""A Keras model as it serves: vocabulary, lexicon, and the network as ONNX.

TensorFlow is not needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Self

import numpy as np

from models.attribution import clean_words, within
from models.base import read_description
from models.emoji import EmojiWords, read_words, spell_each, spell_emoji
from models.lexicon import PAUSES, Valences, read_valences, valence_marks
from models.onnx_session import NETWORK_FILE, Inputs, Network, ServedNetwork, pad
from models.text import LABELS, Scores, clean_text

VOCABULARY_FILE = "vocabulary.json"
_TOKEN = re.compile(
    r"@?[^\W_]+(?:'[^\W_]+)*|[:;=8][-']?[()dp/\\|]|[!?]+|[.,;]|[\u2600-\u27bf\U0001f300-\U0001faff]"
)
_START = "[start]"  # so that no text is empty: the average of no words is not a number
_UNKNOWN = 1
_BATCH = 128


class ServedKeras(ServedNetwork):
    """Looks up words, marks of the lexicon and word pairs, and scores them with the network.

    Only a network that averages has pairs.
    """

    family = "keras"
    explaining_cost = 14.0  # most of what a call costs is the call

    def __init__(
        self, vocabulary: Sequence[str], network: Network, *, has_pairs: bool, max_tokens: int
    ) -> None:
        """Take the terms in the order of their numbers; at most `max_tokens` words are read.

        `valences_` and `words_` are set after construction.
        """
        self.valences_: Valences = {}
        self.words_: EmojiWords | None = None
        self._numbers = {term: number for number, term in enumerate(vocabulary)}
        self._network, self._has_pairs, self._max_tokens = network, has_pairs, max_tokens

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the numbers of each text's terms."""
        return [self._look_up(split(text, self.words_)) for text in texts]

    def cut(self, words: Sequence[str]) -> list[list[str]]:
        """Return the tokens of each word, empty beyond what the network reads."""
        spelled = spell_each(clean_words(words), self.words_)
        return within([_cut(word) for word in spelled], self._max_tokens)

    def join(self, pieces: Sequence[list[str]]) -> list[int]:
        """Return the numbers of the terms of a text made of these words."""
        return self._look_up(list(chain.from_iterable(pieces)))

    def infer_uncalibrated(self, tokens: list[list[int]]) -> Scores:
        """Return the scores of numbered terms, shape (n, 3)."""
        calls: list[Inputs] = [
            {"tokens": pad(tokens[start : start + _BATCH]).astype(np.int32)}
            for start in range(0, len(tokens), _BATCH)
        ]
        scores: Scores = np.concatenate([np.empty((0, len(LABELS))), *self._network.run(calls)])
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Return the classifier that `KerasModel.export` wrote."""
        content, folder = read_description(directory), Path(directory)
        vocabulary = json.loads((folder / VOCABULARY_FILE).read_text("utf-8"))
        network = Network(folder / NETWORK_FILE)
        model = cls(vocabulary, network, has_pairs=content["has_pairs"], max_tokens=content["max_tokens"])
        model.temperature_, model.directory_ = content["temperature"], folder
        model.valences_ = read_valences(folder, is_used=content.get("has_valences", False))
        model.words_ = read_words(folder, is_used=content.get("has_emoji_words", False))
        return model

    def _look_up(self, words: list[str]) -> list[int]:
        tokens = with_marks(words, self.valences_, self._max_tokens)
        pairs = (f"{first} {second}" for first, second in pairwise(tokens)) if self._has_pairs else ()
        return [self._numbers.get(term, _UNKNOWN) for term in chain(tokens, pairs)]


def split(text: str, words: EmojiWords | None) -> list[str]:
    """Return the lower-case words, emoticons, emoji and pauses of a raw text.

    An emoji has its feeling behind it; models saved before 0.2.0 have no words for it.
    """
    cleaned = clean_text(text)
    return _cut(cleaned if words is None else spell_emoji(cleaned, words))


def _cut(spelled: str) -> list[str]:
    return _TOKEN.findall(spelled.replace("’", "'").lower())


def with_marks(words: Sequence[str], valences: Valences, most: int) -> list[str]:
    """Return the lexicon's marks of the first `most` words, then those words without pauses."""
    read = words[:most]
    return [
        *(valence_marks(read, valences) if valences else ()),
        _START,
        *(word for word in read if word not in PAUSES),
    ]
