"""A BERT model as it serves: `tokenizers` and ONNX Runtime, without torch and Transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from models.attribution import clean_words, within
from models.base import read_description
from models.emoji import EmojiWords, read_words, spell_each, spell_emoji, spell_officially
from models.errors import ModelError
from models.onnx_session import NETWORK_FILE, Inputs, Network, ServedNetwork, pad
from models.text import LABELS, Scores, clean_text

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER_FILE = "tokenizer.json"


class ServedBert(ServedNetwork):
    """Scores word pieces in batches of like length, which all cores share."""

    family = "bert"
    explaining_cost = 8.0  # texts of a batch cost less than a text alone
    # While the last batches of one call are computed, those of the next fill the idle cores.
    calls_at_once = 2

    def __init__(self, tokenizer: Tokenizer, network: Network, *, max_tokens: int) -> None:
        """Take a truncating tokenizer and a network from ids and attention mask to logits.

        `max_tokens` is how many ids the network reads at most. `words_` is set after construction.
        """
        self.words_: EmojiWords | None = None
        self._tokenizer, self._network = tokenizer, network
        self._most_tokens = max_tokens
        self._ends = tokenizer.encode("").ids  # what stands around every text

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text's word pieces."""
        spelled = [spelled_with(self.words_, clean_text(text)) for text in texts]
        encodings = self._tokenizer.encode_batch_fast(spelled)
        return [encoding.ids for encoding in encodings]

    def cut(self, words: Sequence[str]) -> list[list[int]]:
        """Return the ids of each word's pieces, empty beyond what the network reads."""
        spelled = spell_each(clean_words(words), self.words_)
        if self.words_ is None:
            spelled = list(map(spell_officially, spelled))
        encodings = self._tokenizer.encode_batch_fast(spelled, add_special_tokens=False)
        return within([encoding.ids for encoding in encodings], self._most_tokens - len(self._ends))

    def join(self, pieces: Sequence[list[int]]) -> list[int]:
        """Return the ids of a text made of these words' pieces."""
        first, last = self._ends
        ids = [first, *chain.from_iterable(pieces)]
        return [*ids[: self._most_tokens - 1], last]

    def infer_uncalibrated(self, tokens: list[list[int]]) -> Scores:
        """Return the scores of word pieces, shape (n, 3)."""
        lengths, network = [len(ids) for ids in tokens], self._network
        batches = list(
            batches_of_like_length(lengths, min(network.most_tokens, -(-sum(lengths) // network.lanes)))
        )
        scores = np.empty((len(tokens), len(LABELS)), dtype=np.float64)
        for rows, logits in zip(
            batches, network.run([_inputs([tokens[row] for row in rows]) for rows in batches]), strict=True
        ):
            powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
            scores[rows] = powers / powers.sum(axis=1, keepdims=True)
        return scores

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Return the classifier that `BertModel.export` wrote.

        Raises:
            ModelError: The tokenizer's file or the network's is missing or damaged.
        """
        from tokenizers import Tokenizer

        content, folder = read_description(directory), Path(directory)
        try:
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        except Exception as error:  # `tokenizers` raises bare exceptions
            raise ModelError(
                f"{folder / TOKENIZER_FILE} cannot be read ({error}): run 'make train' again"
            ) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(content["max_tokens"])
        model = cls(tokenizer, Network(folder / NETWORK_FILE), max_tokens=content["max_tokens"])
        model.temperature_, model.directory_ = content["temperature"], folder
        model.words_ = read_words(folder, is_used=content.get("has_emoji_words", False))
        return model


def spelled_with(words: EmojiWords | None, cleaned: str) -> str:
    """Return a cleaned text as a BERT reads it; models saved before 0.2.0 read official names."""
    return spell_officially(cleaned) if words is None else spell_emoji(cleaned, words)


def batches_of_like_length(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Yield the rows of each batch, the longest texts first.

    Texts of a batch have like lengths, so that little is padding, and a batch has at most
    `most_tokens` tokens.

    >>> list(batches_of_like_length([900, 3, 1000, 2], 2048))
    [[2, 0], [1, 3]]
    """
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        if batch and (len(batch) + 1) * lengths[batch[0]] > most_tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _inputs(rows: list[list[int]]) -> Inputs:
    ids = pad(rows)
    lengths = np.array([len(row) for row in rows])
    return {"input_ids": ids, "attention_mask": (np.arange(ids.shape[1]) < lengths[:, None]).astype(np.int64)}
