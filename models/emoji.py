"""Emoji in words: what they show, and the feeling with which people use them.

An emoji is read whole: its skin tone and its form (text or emoji) say nothing of the feeling, and a
family or a flag is one emoji. One that nobody has named yet is unknown, never dropped. All families
read by the function of this file, in training and serving; `emoji_ratings.py` says where the words
come from, and serving needs only the copy that a model keeps.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path

WORDS_FILE = "emoji.json"  # the copy that a model keeps
UNNAMED = ""
_FORM = "[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?[\ufe0e\ufe0f]?"
_SIGN = (
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
EMOJI = (
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    f"|{_SIGN}{_FORM}(?:\u200d{_SIGN}{_FORM})*(?:[\U000e0030-\U000e007a]+\U000e007f)?)"
)
_FIND = re.compile(EMOJI)
_DRESS = re.compile("(?<=.)[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_JOINER, _FIRST_OF_EMOJI_ALONE = "\u200d", "\U0001f000"  # before it are signs of all kinds


class EmojiWords(dict[str, str]):
    """What bare emoji are read as, and the feelings of gestures that people write ("thumbs down").

    Other emoji are read as `UNNAMED` says, or stay.
    """

    def gestures_in(self, text: str) -> list[re.Match[str]]:
        """Return the gestures in two words that a text holds."""
        lower = text.lower()
        if not any(word in lower for word in self._first_words):  # most texts
            return []
        return list(self._find_gesture.finditer(text))

    def feeling_of(self, gesture: str) -> str:
        """Return the feeling of a gesture as it is written."""
        return self[gesture.lower().replace("-", " ")]

    @cached_property
    def _first_words(self) -> tuple[str, ...]:
        return tuple({name.split()[0] for name in self if " " in name and name.isascii()})

    @cached_property
    def _find_gesture(self) -> re.Pattern[str]:
        names = "|".join(name.replace(" ", "[ -]") for name in self if " " in name and name.isascii())
        return re.compile(rf"(?<![^\W_])(?:{names})(?![^\W_])", re.IGNORECASE)


def spell_emoji(text: str, words: EmojiWords | None = None) -> str:
    """Return a cleaned text with each emoji in words, and the feeling of written gestures.

    Without `words` they are the names and feelings of the installed packages.

    >>> spell_emoji("so 👎🏽, thumbs down", EmojiWords({"👎": "👎 bad", "thumbs down": "bad"}))
    'so 👎 bad , thumbs down bad'
    """
    if words is None:
        from models.emoji_ratings import packaged_names  # reads what serving has not

        words = packaged_names()
    for found in reversed(words.gestures_in(text)):
        text = f"{text[: found.end()]} {words.feeling_of(found[0])}{text[found.end() :]}"
    return " ".join(_in_words(text, words).split())


def spell_each(parts: Sequence[str], words: EmojiWords | None) -> list[str]:
    """Return the cleaned words of a text as `spell_emoji` reads them in it.

    The feeling of a gesture stands with its last word. Without words, nothing is spelled.
    """
    if words is None:
        return list(parts)
    spelled = [spell_emoji(part, words) for part in parts]
    for number, (first, second) in enumerate(pairwise(parts), start=1):
        for found in words.gestures_in(f"{first} {second}"):
            if found.start() < len(first) < found.end():
                end = found.end() - len(first) - 1
                said = f"{second[:end]} {words.feeling_of(found[0])}{second[end:]}"
                spelled[number] = spell_emoji(said, words)
    return spelled


def spell_officially(text: str) -> str:
    """Return a text with each emoji replaced by its official name, as models before 0.2.0 read it.

    >>> spell_officially("so 😍")
    'so  smiling face with heart-shaped eyes '
    """
    if text.isascii():
        return text
    return "".join(
        f" {unicodedata.name(sign, '').lower()} " if unicodedata.category(sign) == "So" else sign
        for sign in text
    )


def bare(emoji: str) -> str:
    """Return an emoji without its skin tones and its form (text or emoji)."""
    return _DRESS.sub("", emoji)


def read_words(directory: Path | str, *, is_used: bool) -> EmojiWords | None:
    """Return the words in a saved model's directory; None for a model that reads official names.

    Raises:
        OSError: The model uses them, and their file is missing.
    """
    if not is_used:
        return None
    return EmojiWords(json.loads((Path(directory) / WORDS_FILE).read_text("utf-8")))


def write_words(directory: Path, words: EmojiWords | None) -> None:
    """Write words into a saved model's directory; no file where there are none."""
    if words is not None:
        (directory / WORDS_FILE).write_text(json.dumps(words, ensure_ascii=False), "utf-8")


def _in_words(text: str, words: EmojiWords) -> str:
    return text if text.isascii() else _FIND.sub(lambda found: f" {_words_of(bare(found[0]), words)} ", text)


def _words_of(emoji: str, words: EmojiWords) -> str:
    """Return the words of a bare emoji: of the whole, or of the emoji that are joined in it."""
    if emoji in words:
        return words[emoji]
    parts = emoji.split(_JOINER)
    if len(parts) > 1 and any(part in words for part in parts):
        return " ".join(_words_of(part, words) for part in parts)
    return words.get(UNNAMED, emoji) if emoji >= _FIRST_OF_EMOJI_ALONE else emoji
