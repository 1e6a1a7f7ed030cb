"""The dataset of validated feedback: it only grows, and its manifest knows every byte of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from base_dataset import BASE, HELD, TEST, TRAIN
from review_fixtures import NOW

from sentiment import durable
from sentiment.data import validated_feedback
from sentiment.data.dataset import Split
from sentiment.data.fingerprints import fingerprint
from sentiment.errors import DataError


def row(number, **changes):
    text = " ".join(f"row{number}word{position}" for position in range(5))
    values = (
        "negative",
        "neutral",
        f"p{number}",
        f"f{number:03}",
        "m",
        "ann;bob",
        (NOW + timedelta(hours=number)).isoformat(),
    )
    return replace(validated_feedback.ValidatedRow(text, *values), **changes)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "feedback_validated.csv"


def test_rows_are_appended_in_order_and_earlier_lines_stay_as_they_are(path):
    assert validated_feedback.append(path, [row(2), row(1)], {}) == 2
    before = path.read_bytes()
    assert validated_feedback.append(path, [row(0), row(2), row(3)], {}) == 2

    assert path.read_bytes().startswith(before)
    assert [kept.feedback_id for kept in validated_feedback.read_validated(path)] == [
        "f001",
        "f002",
        "f000",
        "f003",
    ]
    assert (
        path.read_bytes().splitlines()[0]
        == b"text,label,predicted_label,prediction_id,feedback_id,model,annotators,validated_at"
    )
    assert b"\r" not in path.read_bytes()


def test_the_manifest_says_what_is_in_the_file(path):
    validated_feedback.append(path, [row(1), row(2, label="positive")], {"base": {"digest": "d"}})
    manifest = validated_feedback.read_manifest(path)

    assert manifest["sha256"] == validated_feedback.digest(path)
    assert manifest["counts"] == {"negative": 1, "neutral": 0, "positive": 1}
    assert manifest["window"] == [row(1).validated_at, row(2).validated_at]
    assert manifest["base"] == {"digest": "d"}


@pytest.mark.parametrize(
    "change",
    [lambda text: text.replace("negative", "positive", 1), lambda text: text + text.splitlines()[-1] + "\n"],
)
def test_a_file_that_was_changed_by_hand_is_refused_and_left_alone(path, change):
    validated_feedback.append(path, [row(1)], {})
    path.write_text(change(path.read_text()))
    altered = path.read_bytes()

    for action in (
        lambda: validated_feedback.read_validated(path),
        lambda: validated_feedback.append(path, [row(2)], {}),
    ):
        with pytest.raises(DataError, match="changed by hand"):
            action()
    assert path.read_bytes() == altered


def test_an_earlier_version_of_the_file_is_no_longer_vouched_for(path):
    validated_feedback.append(path, [row(5)], {})
    before = path.read_bytes()
    validated_feedback.append(path, [row(1)], {})
    path.write_bytes(before)

    with pytest.raises(DataError, match="changed by hand"):
        validated_feedback.append(path, [row(7)], {})


def test_the_window_is_from_the_earliest_to_the_latest_whenever_they_joined(path):
    validated_feedback.append(path, [row(5)], {})
    validated_feedback.append(path, [row(1)], {})

    assert validated_feedback.read_manifest(path)["window"] == [row(1).validated_at, row(5).validated_at]


def test_a_crash_between_manifest_and_file_loses_nothing(path, monkeypatch):
    validated_feedback.append(path, [row(1)], {})
    real = durable.replace

    def crash(target, content):
        if target == path:
            raise KeyboardInterrupt
        real(target, content)

    monkeypatch.setattr(durable, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        validated_feedback.append(path, [row(2)], {})
    monkeypatch.setattr(durable, "replace", real)

    assert [kept.feedback_id for kept in validated_feedback.read_validated(path)] == ["f001"]
    validated_feedback.append(path, [row(2)], {})
    assert [kept.feedback_id for kept in validated_feedback.read_validated(path)] == ["f001", "f002"]


def test_one_feedback_id_is_one_row_even_if_it_comes_twice_at_once(path):
    assert validated_feedback.append(path, [row(1), row(1), row(2)], {}) == 2
    assert [kept.feedback_id for kept in validated_feedback.read_validated(path)] == ["f001", "f002"]


@pytest.mark.parametrize("appends", [1, 2])
def test_a_dataset_that_was_deleted_is_not_taken_for_an_empty_one(path, appends):
    for number in range(appends):
        validated_feedback.append(path, [row(number)], {})
    manifest = validated_feedback.manifest_path(path).read_bytes()
    path.unlink()

    for action in (
        lambda: validated_feedback.read_validated(path),
        lambda: validated_feedback.append(path, [row(9)], {}),
    ):
        with pytest.raises(DataError, match="is missing, its manifest names"):
            action()
    assert (path.exists(), validated_feedback.manifest_path(path).read_bytes()) == (False, manifest)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_first_append_that_was_cut_off_anywhere_is_repaired_by_the_next(path, monkeypatch, writes):
    real, done = durable.replace, []

    def crash(target, content):
        if len(done) == writes:
            raise KeyboardInterrupt
        done.append(real(target, content))

    monkeypatch.setattr(durable, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        validated_feedback.append(path, [row(1)], {})
    monkeypatch.setattr(durable, "replace", real)

    assert validated_feedback.read_validated(path) == []
    assert validated_feedback.append(path, [row(1)], {}) == 1
    assert [kept.feedback_id for kept in validated_feedback.read_validated(path)] == ["f001"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("too,few", "fields"),
        ("t,great,neutral,p,f,m,a,2026-01-01", "label"),
        ("t,neutral,neutral,p,f,m,a,noon", "moment"),
    ],
)
def test_a_malformed_line_is_named(path, line, why):
    path.write_text(",".join(validated_feedback.COLUMNS) + f"\n{line}\n")
    validated_feedback.manifest_path(path).write_text(json.dumps({"sha256": validated_feedback.digest(path)}))

    with pytest.raises(DataError, match=f"line 2: .*{why}"):
        validated_feedback.read_validated(path)


def test_a_fifth_is_kept_for_evaluation_and_stays_there_when_rows_join():
    rows = [row(number) for number in range(300)]
    first, evaluation = validated_feedback.divide(rows[:150], BASE)
    later, more = validated_feedback.divide(rows, BASE)

    assert 0.1 < len(more.texts) / 300 < 0.3
    assert set(evaluation.texts) <= set(more.texts)
    assert set(first.texts) <= set(later.texts)
    assert not {fingerprint(text) for text in later.texts} & {fingerprint(text) for text in more.texts}


def test_copies_of_one_tweet_are_on_one_side_with_the_latest_label():
    rows = [row(number) for number in range(40)]
    copies = [
        replace(original, text=f"RT @ann: {original.text}!!", feedback_id=f"c{number}", label="positive")
        for number, original in enumerate(rows)
    ]
    train, evaluation = validated_feedback.divide([*rows, *copies], BASE)

    assert len(train.texts) + len(evaluation.texts) == 40
    assert set(train.labels) | set(evaluation.labels) == {"positive"}


def test_rows_near_test_and_validation_texts_are_in_neither_and_those_near_training_texts_are_trained_on():
    near_test = row(0, text=f"RT: {TEST.texts[0].upper()} http://t.co/1")
    near_validation = row(1, text=HELD.texts[0] + " again")
    known = [row(number, text=f"{text} indeed") for number, text in enumerate(TRAIN.texts)]
    train, evaluation = validated_feedback.divide([near_test, near_validation, *known], BASE)

    assert len(train.texts) == len(known)
    assert evaluation is None


def test_feedback_joins_training_only_and_takes_the_place_of_what_it_repeats():
    rows = Split(
        (f"RT {TRAIN.texts[0]}", "a new tweet for all to learn", TEST.texts[0]),
        ("positive", "negative", "negative"),
    )
    base = replace(
        BASE,
        train=Split(TRAIN.texts, ("negative", "neutral", "positive", *TRAIN.labels[3:])),
        validation=Split(("x", "y", "z"), ("negative", "neutral", "positive")),
        test=Split((*TEST.texts, "third"), ("neutral", "positive", "negative")),
    )
    joined = base.with_training(rows)

    assert joined.test == base.test
    assert joined.validation == base.validation
    assert len(joined.train.texts) == len(base.train.texts) + 1
    assert joined.train.labels[joined.train.texts.index(rows.texts[0])] == "positive"
    assert TEST.texts[0] not in joined.train.texts
    assert joined.digest != base.digest
