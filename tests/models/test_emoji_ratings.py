"""The feelings of emoji, from the ranking and from Unicode's groups."""

import re
from dataclasses import replace
from statistics import correlation, fmean

import pytest

from models import ModelError, emoji_ratings
from models.emoji import spell_emoji
from models.emoji_ratings import packaged_feelings, packaged_names, packaged_signs

PRAISE, BLAME = {"good", "wonderful"}, {"bad", "terrible"}


@pytest.mark.parametrize("emoji", "👎😡😠💔😒😢😭💀😩")
def test_what_people_use_with_blame_has_its_word(emoji):
    assert packaged_feelings()[emoji] in BLAME


@pytest.mark.parametrize("emoji", "👍😍❤👏🎉🙌😊")
def test_what_people_use_with_praise_has_its_word(emoji):
    assert packaged_feelings()[emoji] in PRAISE


@pytest.mark.parametrize(
    ("emoji", "feelings"), [("🤬", BLAME), ("🤮", BLAME), ("🥺", BLAME), ("🥰", PRAISE), ("🩷", PRAISE)]
)
def test_an_emoji_younger_than_the_ranking_has_the_feeling_of_its_group(emoji, feelings):
    assert packaged_feelings()[emoji] in feelings


@pytest.mark.parametrize("emoji", "😂❌❎✅🆘🦷🧊📱🇫")
def test_what_says_nothing_of_a_feeling_has_no_word(emoji):
    assert emoji not in packaged_feelings()


def test_the_others_of_its_group_tell_the_rating_of_an_emoji():
    groups, ratings = emoji_ratings._read_groups(), emoji_ratings._read_ranking()
    pairs = []
    for emoji, rating in ratings.items():
        others = [
            other_rating
            for other, other_rating in ratings.items()
            if other != emoji and emoji in groups and groups.get(other) == groups[emoji]
        ]
        if len(others) >= 2:
            pairs.append((rating, fmean(others)))

    assert len(pairs) > 100
    assert correlation(*zip(*pairs, strict=True)) == pytest.approx(0.69, abs=0.005)


def test_a_gesture_has_its_feeling_in_words_too():
    assert packaged_feelings()["thumbs down"] in BLAME
    assert packaged_feelings()["thumbs up"] in PRAISE


def test_names_tell_what_is_seen_and_no_property_of_the_sign():
    words = packaged_names()

    assert "negative" not in spell_emoji("❎")
    assert words["👎"].startswith("thumbs down ")
    assert words["🇫🇷"] == "france"
    assert not [name for name in words.values() if re.search("negative|squared|.+ skin tone .*skin", name)]


def test_a_model_that_counts_words_keeps_the_signs_and_gets_their_feelings():
    assert spell_emoji("so 👎🏽 ❎ thumbs up \U0001fac9", packaged_signs()) == (
        f"so 👎 {packaged_feelings()['👎']} ❎ thumbs up {packaged_feelings()['👍']} \U0001fac9"
    )


def test_nearly_all_named_emoji_are_told_apart():
    names = [words for emoji, words in packaged_names().items() if not emoji.isascii()]

    assert len(names) > 1800
    assert len(set(names)) > 0.97 * len(names)


def test_another_ranking_than_the_known_one_is_refused(monkeypatch):
    monkeypatch.setattr(emoji_ratings, "_RANKING", replace(emoji_ratings._RANKING, sha256="0" * 64))

    with pytest.raises(ModelError, match="the Emoji Sentiment Ranking has the SHA-256"):
        packaged_feelings.__wrapped__()
