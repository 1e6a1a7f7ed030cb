"""The calibration benchmark on small sets: its distortions, its sources, its table."""

from unittest import mock

import numpy as np
import pytest

from benchmarks import calibration
from benchmarks.calibration import ece_by_chance, flattened, measure, misspelt, read_shifted
from models.calibration import soften
from sentiment.data.dataset import Dataset, Split, load_dataset
from sentiment.errors import DataError
from sentiment.evaluation.metrics import evaluate

FEW = Split(("I LOVE it 😍 :)", "😡", "The meeting is on Tuesday"), ("positive", "negative", "neutral"))


@pytest.fixture
def small_dataset(corpus_file) -> Dataset:
    return load_dataset(str(corpus_file))


def rows_of(lines):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_flattened_texts_have_neither_capitals_nor_emoji_and_never_vanish():
    assert flattened(FEW) == Split(("i love it", "😡", "the meeting is on tuesday"), FEW.labels)


def test_misspelt_texts_keep_their_labels_and_are_the_same_every_time(small_dataset):
    spoilt = misspelt(small_dataset.test)

    assert spoilt == misspelt(small_dataset.test)
    assert spoilt.labels == small_dataset.test.labels
    assert (
        sum(old != new for old, new in zip(small_dataset.test.texts, spoilt.texts, strict=True))
        > len(spoilt.texts) / 3
    )


def test_the_table_shows_the_scores_without_and_with_the_temperature(tfidf_model, small_dataset, monkeypatch):
    monkeypatch.setattr(tfidf_model, "temperature_", 3.0)
    [row] = rows_of(measure(tfidf_model, {"test": small_dataset.test}, small_dataset.validation)[0])
    raw = tfidf_model.infer_uncalibrated(tfidf_model.tokenise(small_dataset.test.texts))
    plain, served = (evaluate(small_dataset.test.labels, scores) for scores in (raw, soften(raw, 3.0)))

    assert row[:3] == ["test", str(len(small_dataset.test.texts)), f"{plain['f1_macro']:.3f}"]
    assert row[3:5] == [f"{plain['ece']:.3f}", f"{served['ece']:.3f}"]
    assert row[6:] == [f"{plain['log_loss']:.3f}", f"{served['log_loss']:.3f}"]
    assert row[3] != row[4]


def test_the_threshold_comes_from_validation_and_is_tried_on_each_set(small_dataset):
    def classifier(sure):
        """A model that is sure of negative texts alone, and says `negative` of all."""
        rows = {
            text: sure if label == "negative" else 0.4
            for split in small_dataset.splits.values()
            for text, label in zip(split.texts, split.labels, strict=True)
        }
        model = mock.Mock(temperature_=1.0, tokenise=list)
        model.predict_proba = model.infer_uncalibrated = lambda texts: np.array(
            [[rows[text], 0.3, 0.7 - rows[text]] for text in texts]
        )
        return model

    share = small_dataset.test.labels.count("negative") / len(small_dataset.test.labels)
    [row] = rows_of(measure(classifier(0.65), {"test": small_dataset.test}, small_dataset.validation)[1])
    assert row == ["test", f"{1 - share:.1%}", "0.650", f"{share:.1%}", "0.0%"]
    [row] = rows_of(measure(classifier(0.35), {"test": small_dataset.test}, small_dataset.validation)[1])
    assert row[2:] == ["none", "–", "–"]


def test_scores_that_are_right_as_often_as_they_say_are_off_by_chance_and_less_so_with_more_texts():
    few, many = (np.tile([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2]], (rows, 1)) for rows in (50, 5000))

    assert 0.02 < ece_by_chance(few) < 0.1
    assert ece_by_chance(many) < 0.01


def test_of_a_tweeteval_folder_only_the_validation_split_is_read(tmp_path, small_dataset):
    (tmp_path / "mapping.txt").write_text("0\tnegative\n1\tneutral\n2\tpositive\n", "utf-8")
    for part in ("train", "val", "test"):
        (tmp_path / f"{part}_text.txt").write_text(f"a {part} tweet\nanother {part} tweet\n", "utf-8")
        (tmp_path / f"{part}_labels.txt").write_text("0\n2\n", "utf-8")

    assert read_shifted(str(tmp_path), small_dataset) == Split(
        ("a val tweet", "another val tweet"), ("negative", "positive")
    )


def test_tweets_that_the_models_learned_are_left_out_and_nothing_left_is_an_error(tmp_path, small_dataset):
    path = tmp_path / "other.csv"
    path.write_text(
        f'text,label\n"{small_dataset.train.texts[0].upper()}",neutral\nsomething else,neutral\n', "utf-8"
    )
    assert read_shifted(str(path), small_dataset).texts == ("something else",)

    path.write_text(f'text,label\n"{small_dataset.train.texts[0]}",neutral\n', "utf-8")
    with pytest.raises(DataError, match=r"other\.csv has no labelled tweet"):
        read_shifted(str(path), small_dataset)


def test_the_command_measures_saved_models_on_the_built_in_shifts(
    tfidf_model, small_dataset, tmp_path, monkeypatch, capsys
):
    tfidf_model.save(tmp_path / "one")
    monkeypatch.setattr(calibration, "load_dataset", lambda: small_dataset)
    monkeypatch.setattr("sys.argv", ["calibration", "--models", str(tmp_path / "one"), str(tmp_path / "one")])

    calibration.main()

    calibrated, abstained = (rows_of(part.splitlines()) for part in capsys.readouterr().out.split("\n\n"))
    rows = calibrated[2:]
    assert [row[0].partition(" (")[0] for row in rows] == ["1. tfidf"] * 3 + ["2. tfidf"] * 3
    assert [row[1] for row in rows[:3]] == ["test split", "… with typos", "… in small letters, no emoji"]
    assert rows[0][1:] == rows[3][1:]
    assert {len(row) for row in calibrated} == {9}
    assert {len(row) for row in abstained} == {6}
    assert len(calibrated) == len(abstained)
