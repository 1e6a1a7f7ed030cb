"""The words of tweets that were predicted wrong, compared with those of tweets predicted right."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from sentiment.masking import PLACEHOLDERS
from sentiment.reports.stop_words import bare_word, is_stop_word
from sentiment.reports.weekly_shares import HIGHER, Share, compare_shares

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_WORDS = 20
_LEAST_TWEETS = 2
_MASKED = re.compile(
    rf"{'|'.join(map(re.escape, PLACEHOLDERS))}|@\w+|\bhttps?\b\S*|\bwww\.\S+", re.IGNORECASE
)
_PICTURE = "[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
_EMOJI = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}(?:\u200d{_PICTURE})*")
_VARIANTS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")  # a heart is a heart, a thumb is a thumb
_WORD = re.compile(r"#?[^\s#]+")
_EMOTICON = re.compile(r"(?<!\w)(?:[:;=]['-]?[()dp/\\|]|<3)(?!\w)")


def words_of(text: str) -> set[str]:
    """Return the words, hashtags and emoji of a tweet, in lower case, without stop words.

    Handles and links are left out. Stop words are those of English and French.

    >>> sorted(words_of("RT @user: The #Gate was NOT open, not at 9 😡😡 http://t.co/1"))
    ['#gate', 'not', 'open', '😡']
    >>> sorted(words_of("L'avion n'est pas parti, merci pour l'attente"))
    ['attente', 'avion', 'merci', 'parti', 'pas']
    """
    folded = _VARIANTS.sub("", unicodedata.normalize("NFC", text)).replace("’", "'").casefold()
    rest = _MASKED.sub(" ", folded)
    emoji = set(_EMOJI.findall(rest)) | set(_EMOTICON.findall(rest))
    letters = "".join(
        letter if _is_part_of_a_word(letter) else " " for letter in _EMOTICON.sub(" ", _EMOJI.sub(" ", rest))
    )
    words = {word.strip("'_") for word in _WORD.findall(letters)}
    return emoji | {
        bare_word(word)
        for word in words
        if any(letter.isalpha() for letter in word) and not is_stop_word(word)
    }


def compare_words(wrong: Iterable[str], right: Iterable[str]) -> pd.DataFrame:
    """Return the most frequent words of the wrong predictions, with their counts in both groups.

    A word counts once per tweet, and a tweet once, however often it was sent. Columns: word, wrong
    (tweets), wrong_share, right, right_share, verdict (on its share among the wrong against the
    right, see `weekly_shares.say_rule`). The most frequent word is first; of equally frequent ones
    the rarer among the right, then the first by the alphabet.
    """
    in_wrong, wrong_tweets = _count(wrong)
    in_right, right_tweets = _count(right)
    listed = [word for word, count in in_wrong.items() if count >= _LEAST_TWEETS]
    listed.sort(key=lambda word: (-in_wrong[word], in_right[word], word))
    rows = []
    for word in listed[:MOST_WORDS]:
        among_wrong, among_right = Share(in_wrong[word], wrong_tweets), Share(in_right[word], right_tweets)
        verdict = compare_shares(among_wrong, among_right)
        rows.append((word, among_wrong.part, among_wrong.value, among_right.part, among_right.value, verdict))
    columns = {
        "word": "string",
        "wrong": "int64",
        "wrong_share": "float64",
        "right": "int64",
        "right_share": "float64",
        "verdict": "string",
    }
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def telling_words(words: pd.DataFrame) -> pd.DataFrame:
    """Return the listed words that are clearly more frequent among the wrong predictions."""
    return words[words["verdict"] == HIGHER]


def _count(texts: Iterable[str]) -> tuple[Counter[str], int]:
    tweets = set(texts)
    return Counter(word for tweet in tweets for word in words_of(tweet)), len(tweets)


def _is_part_of_a_word(letter: str) -> bool:
    """Return whether it is a letter, a mark, a digit, or the sign of a hashtag or a contraction."""
    return letter in "'_#" or unicodedata.category(letter)[0] in "LMN"
