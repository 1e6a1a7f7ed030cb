"""Emoji in words: whole, by feeling, and never dropped."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

import models
from models import ModelError
from models.emoji import (
    WORDS_FILE,
    EmojiWords,
    bare,
    read_words,
    spell_each,
    spell_emoji,
    spell_officially,
    write_words,
)
from models.emoji_ratings import packaged_names, packaged_signs
from models.served_keras import split
from models.served_tfidf import clean_and_spell

WORDS = EmojiWords(
    {
        "👎": "thumbs down bad",
        "thumbs down": "bad",
        "🤦‍♀": "woman facepalming",
        "❤": "red heart",
        "🔥": "fire",
        "": "emoji",
    }
)


def words_of(text: str) -> str:
    return " ".join(spell_emoji(text, WORDS).split())


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("this airline 👎", "this airline thumbs down bad"),
        ("👎🏽👎🏿!", "thumbs down bad thumbs down bad !"),
        ("so🤦🏾‍♀️", "so woman facepalming"),
        ("❤️ ❤︎ ❤️‍🔥", "red heart red heart red heart fire"),
        ("two Thumbs Down for this", "two Thumbs Down bad for this"),
        ("thumbs-down, thumbs up", "thumbs-down bad, thumbs up"),
        ("no emoji: é, 漢 °", "no emoji: é, 漢 °"),
        ("★ stays", "★ stays"),
    ],
)
def test_an_emoji_is_read_whole_with_its_feeling_and_so_is_a_written_gesture(text, spelled):
    assert words_of(text) == spelled


@pytest.mark.parametrize("emoji", ["\U0001fac9", "\U0001f8ff", "🩷", "\U0001faea\U0001f3fd"])
def test_an_emoji_without_a_name_is_read_as_unknown_and_not_dropped(emoji):
    assert words_of(f"so {emoji}") == "so emoji"


def test_words_are_read_in_a_text_as_the_whole_text_is():
    for text in ("two thumbs down 👎🏽 here", "thumbs-down", "Thumbs Down", "é ❤️‍🔥👎 thumbs"):
        assert " ".join(spell_each(text.split(), WORDS)).split() == spell_emoji(text, WORDS).split()


def test_without_words_the_official_names_are_read_as_before():
    assert spell_officially("so 👎") == f"so  {unicodedata.name('👎').lower()} "
    assert spell_each(["so", "👎"], None) == ["so", "👎"]


def test_an_emoji_is_bare_without_its_skin_tone_and_form():
    assert bare("🤦🏾‍♀️") == "🤦‍♀"
    assert bare("🏽") == "🏽"


def test_where_unnamed_emoji_stay_a_joined_one_is_told_apart_only_for_a_part_with_words():
    few = EmojiWords({"❤": "❤ wonderful"})

    assert spell_emoji("👨‍👩‍👧🏽 ❤️‍🔥 🩷 thumbs down", few) == "👨‍👩‍👧 ❤ wonderful 🔥 🩷 thumbs down"


def test_a_model_keeps_its_words_and_one_without_them_reads_official_names(tmp_path):
    write_words(tmp_path, WORDS)
    assert read_words(tmp_path, is_used=True) == WORDS

    (tmp_path / WORDS_FILE).unlink()
    write_words(tmp_path, None)
    assert read_words(tmp_path, is_used=False) is None
    with pytest.raises(OSError, match=WORDS_FILE):
        read_words(tmp_path, is_used=True)


def forget_words(saved: Path, folder: Path) -> dict[str, Any]:
    """Copy a saved model as one of before 0.2.0 was; return its description as it is now."""
    description = json.loads((saved / "model.json").read_text("utf-8"))
    for file in saved.iterdir():
        if file.name != WORDS_FILE:
            (folder / file.name).write_bytes(file.read_bytes())
    old = {key: value for key, value in description.items() if key != "has_emoji_words"}
    (folder / "model.json").write_text(json.dumps(old), "utf-8")
    return description


def test_a_model_that_was_saved_before_it_had_words_serves_as_it_did(family, exported, tmp_path):
    description = forget_words(exported[family], tmp_path)
    old = models.load(tmp_path)

    assert old.words_ is None
    if family == "bert":
        assert old.tokenise(["so 👎"]) == old.tokenise(["so thumbs down sign"])
    else:
        assert models.load(exported[family]).tokenise(["so 🤬"]) == old.tokenise(["so 🤬 terrible"])

    (tmp_path / "model.json").write_text(json.dumps(description), "utf-8")
    with pytest.raises(ModelError, match="incomplete or damaged"):
        models.load(tmp_path)


def test_a_trained_model_and_its_serving_form_read_the_same_words(family, fitted, trained_once, exported):
    for model in (fitted[family], models.load(trained_once[0] / family), models.load(exported[family])):
        assert model.words_ == (packaged_names() if family == "bert" else packaged_signs())


def test_each_family_reads_the_feeling_of_an_emoji_in_the_same_word(exported):
    bert, keras, tfidf = (models.load(exported[family]) for family in ("bert", "keras", "tfidf"))

    assert bert.tokenise(["🤬🏽"]) == bert.tokenise(["face with symbols on mouth terrible"])
    assert split("🤬🏽", keras.words_) == ["🤬", "terrible"]
    assert clean_and_spell(["🤬🏽"], tfidf.words_) == ["🤬 terrible"]
