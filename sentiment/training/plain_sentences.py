"""Plain labelled sentences from templates: what people write that the training tweets lack.

`plain_sentences.txt` holds the templates, by family. They are written for training alone: the
behavioural suite, which judges the models, shares none of their sentences.
"""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.data.dataset import Split

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sentiment.data.dataset import Dataset

_FILE = Path(__file__).with_name("plain_sentences.txt")
_LABEL_OF = {"-": "negative", "0": "neutral", "+": "positive"}
_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_ENDS = {"negative": ("", "", ".", "!"), "neutral": ("", "", "."), "positive": ("", "", ".", "!")}
TWEETS_PER_SENTENCE = 6  # of 3, 6, 8 and 16; see docs/models.md
MOST_SENTENCES = 5000
_FUTILE = 20  # draws per wanted sentence after which the templates have no more to give


@dataclass(frozen=True)
class Template:
    """A sentence with choices and slots, its label, and the family of sentences it belongs to."""

    family: str
    label: str
    text: str


@cache
def read_templates() -> tuple[tuple[Template, ...], Mapping[str, tuple[str, ...]]]:
    """Return all templates, and the words of each slot."""
    templates: list[Template] = []
    words: dict[str, tuple[str, ...]] = {}
    family = ""
    for line in _FILE.read_text("utf-8").splitlines():
        if line.startswith("["):
            family = line.strip("[]")
        elif line[:2] in ("+ ", "0 ", "- "):
            templates.append(Template(family, _LABEL_OF[line[0]], line[2:]))
        elif " = " in line:
            name, _, listed = line.partition(" = ")
            words[name] = tuple(word.strip() for word in listed.split("|"))
    return tuple(templates), words


def plain_sentences(count: int, seed: int = 0, without: Collection[str] = ()) -> Split:
    """Return `count` sentences, as many of each label, leaving out families that `without` names.

    The same arguments give the same sentences, and none is given twice; there are fewer where the
    templates have no more.
    """
    templates, words = read_templates()
    randomness = random.Random(seed)  # noqa: S311
    by_label = {
        label: [each for each in templates if each.label == label and each.family not in without]
        for label in LABELS
    }
    sentences: dict[str, str] = {}
    for number in range(count * _FUTILE):
        if len(sentences) >= count:
            break
        label = LABELS[number % len(LABELS)]
        text = _written(randomness.choice(by_label[label]), words, randomness)
        sentences.setdefault(text, label)
    return Split.of(sentences.items())


def supplement_for(dataset: Dataset) -> Split:
    """Return plain sentences for a dataset's training split, none near its judged texts."""
    wanted = plain_sentences(min(MOST_SENTENCES, len(dataset.train.texts) // TWEETS_PER_SENTENCE))
    return wanted.apart_from((*dataset.validation.texts, *dataset.test.texts))


def templates_digest() -> str:
    """Return the SHA-256 of all that the sentences depend on besides the dataset."""
    own = [_FILE.read_bytes(), Path(__file__).read_bytes()]
    return hashlib.sha256(b"".join(own)).hexdigest()


def _written(template: Template, words: Mapping[str, tuple[str, ...]], randomness: random.Random) -> str:
    """Return a sentence of a template, as somebody might type it."""
    text = template.text
    while "(" in text or "{" in text:
        text = _SLOT.sub(lambda found: randomness.choice(words[found[1]]), text)
        text = _CHOICE.sub(lambda found: randomness.choice(found[1].split("|")), text)
    text = re.sub(r" ([,!?:])", r"\1", " ".join(text.split()))
    if randomness.randrange(2):
        text = text[0].upper() + text[1:]
    if text[-1].isalnum():
        text += randomness.choice(_ENDS[template.label])
    return text
