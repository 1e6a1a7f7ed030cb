"""The line that says which model is being trained in the background."""

from __future__ import annotations

from page.training_banner import training_line
from sentiment.training.training_now import TrainingNow


def bert(**changes):
    values = {"share": 0.42, "seconds_left": 290.0, **changes}
    return TrainingNow(families=("bert", "keras", "tfidf"), family="bert", told_at=0.0, **values)


def test_nothing_is_shown_while_nothing_is_trained():
    assert training_line("en", None) == ""


def test_the_line_says_which_model_how_far_and_what_will_come_of_it():
    english, french = (training_line(language, bert()) for language in ("en", "fr"))

    assert "Training BERT, model 1 of 3 · 42%, about 5 min left" in english
    assert 'value="0.420"' in english
    assert "A better one takes over here, live." in english
    assert "Entraînement de BERT, modèle 1 sur 3 · 42" in french
    assert "encore 5 min environ" in french


def test_what_is_not_known_is_left_out():
    line = training_line("en", bert(share=None, seconds_left=None))

    assert "progress" not in line
    assert "left" not in line
    assert "about 1 min left" in training_line("en", bert(seconds_left=2.0))
