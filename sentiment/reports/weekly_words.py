"""Which words stand in the tweets that were predicted wrong, against those that were predicted right."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from sentiment.reports.weekly_shares import HIGHER, Share, compare_shares

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_WORDS = 20
_LEAST_TWEETS = 2
_MASKED = re.compile(r"\((?:email|phone)\)|@\w+|\bhttps?\b\S*|\bwww\.\S+", re.IGNORECASE)
_PICTURE = "[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
_EMOJI = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}(?:\u200d{_PICTURE})*")
_VARIANTS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")  # a heart is a heart, a thumb is a thumb
_WORD = re.compile(r"#?[^\s#]+")
_EMOTICON = re.compile(r"(?<!\w)(?:[:;=]['-]?[()dp/\\|]|<3)(?!\w)")
_MARK_OF_A_RETWEET = frozenset({"rt", "mt", "via", "amp"})
# English function words. Negations stay out of the list: they turn a sentiment, and models stumble
# over them.
_FUNCTION_WORDS = """
    a about after again all also am an and another any are as at be because been before being both but by can could did do does doing
    down during each either else even ever every few for from further get gets getting go goes going gonna got had has have having he her
    here hers herself him himself his how however i if in into is it its itself just let like made make many may me might more most much
    must my myself now of off oh ok on once one only onto or other our ours ourselves out over own per put really same say says see shall
    she should since so some still such take than that the their theirs them themselves then there these they this those though through
    till to too u under until up upon ur us very was way we well went were what when where whether which while who whom whose why will
    with would yeah yes yet you your yours yourself
    i'm im i've ive i'll i'd you're you've you'll you'd he's she's it's that's there's here's what's who's let's we're we've we'll we'd
    they're they've they'll
"""
STOP_WORDS = _MARK_OF_A_RETWEET | frozenset(_FUNCTION_WORDS.split())


def words_of(text: str) -> set[str]:
    """Return the words of a tweet, each once: lower case, with hashtags, emoji and emoticons, without handles, links and stop words.

    >>> sorted(words_of("RT @user: The #Gate was NOT open, not at 9 😡😡 http://t.co/1"))
    ['#gate', 'not', 'open', '😡']
    """
    folded = _VARIANTS.sub("", unicodedata.normalize("NFC", text)).replace("’", "'").casefold()
    rest = _MASKED.sub(" ", folded)
    emoji = set(_EMOJI.findall(rest)) | set(_EMOTICON.findall(rest))
    letters = "".join(
        letter if _is_part_of_a_word(letter) else " " for letter in _EMOTICON.sub(" ", _EMOJI.sub(" ", rest))
    )
    words = {word.strip("'_") for word in _WORD.findall(letters)}
    return emoji | {word for word in words if any(letter.isalpha() for letter in word)} - STOP_WORDS


def compare_words(wrong: Iterable[str], right: Iterable[str]) -> pd.DataFrame:
    """Return the words in the most of the tweets that were predicted wrong, and how many of those predicted right hold them too.

    A word counts once per tweet, and a tweet once, however often it came. Columns: word, wrong
    (tweets), wrong_share, right, right_share, verdict (on its share among the wrong against the
    right, as `weekly_trend.RULE` says). The most frequent comes first; of equally frequent ones the
    rarer among the right, then the one that sorts first.
    """
    in_wrong, wrong_tweets = _count(wrong)
    in_right, right_tweets = _count(right)
    listed = [word for word, count in in_wrong.items() if count >= _LEAST_TWEETS]
    listed.sort(key=lambda word: (-in_wrong[word], in_right[word], word))
    rows = []
    for word in listed[:MOST_WORDS]:
        here, there = Share(in_wrong[word], wrong_tweets), Share(in_right[word], right_tweets)
        rows.append((word, here.part, here.value, there.part, there.value, compare_shares(here, there)))
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
    """Return the listed words that are clearly more frequent among the wrong."""
    return words[words["verdict"] == HIGHER]


def _count(texts: Iterable[str]) -> tuple[Counter[str], int]:
    tweets = set(texts)
    return Counter(word for tweet in tweets for word in words_of(tweet)), len(tweets)


def _is_part_of_a_word(letter: str) -> bool:
    """Return whether it is a letter, a mark on a letter, a digit, or what holds a hashtag or a contraction together."""
    return letter in "'_#" or unicodedata.category(letter)[0] in "LMN"
