"""The dataset of validated feedback: it only grows, and its manifest knows every byte of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from base_dataset import BASE, TEST, TRAIN
from validated_rows import audit_row, row

from sentiment import durable
from sentiment.data import validated_feedback
from sentiment.data.dataset import Split
from sentiment.data.validated_row import COLUMNS
from sentiment.errors import DataError


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
        == b"text,label,predicted_label,prediction_id,feedback_id,model,annotators,validated_at,drawn,weight"
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
        ("t,great,neutral,p,f,m,a,2026-01-01,complaint,", "label"),
        ("t,neutral,neutral,p,f,m,a,noon,complaint,", "moment"),
        ("t,neutral,neutral,p,f,m,a,2026-01-01,exam,", "drawn is 'exam'"),
        ("t,neutral,neutral,p,f,m,a,2026-01-01,complaint,20", "the weight '20' of complaint"),
        ("t,neutral,neutral,p,f,m,a,2026-01-01,audit,", "the weight '' of audit"),
        ("t,neutral,neutral,p,f,m,a,2026-01-01,audit,0.5", "the weight '0.5' of audit"),
        ("t,neutral,neutral,p,f,m,a,2026-01-01,uncertain,inf", "the weight 'inf' of uncertain"),
    ],
)
def test_a_malformed_line_is_named(path, line, why):
    path.write_text(",".join(COLUMNS) + f"\n{line}\n")
    validated_feedback.manifest_path(path).write_text(json.dumps({"sha256": validated_feedback.digest(path)}))

    with pytest.raises(DataError, match=f"line 2: .*{why}"):
        validated_feedback.read_validated(path)


def test_a_file_without_the_new_columns_is_read_as_complaints_and_gets_them_with_the_next_row(path):
    old = ",".join(COLUMNS[:-2]) + "\nt,neutral,positive,p0,f000,m,ann,2026-01-01\n"
    path.write_text(old)
    validated_feedback.manifest_path(path).write_text(json.dumps({"sha256": validated_feedback.digest(path)}))

    assert [(kept.drawn, kept.inclusion_weight) for kept in validated_feedback.read_validated(path)] == [
        ("complaint", None)
    ]
    known = validated_feedback.digest(path)
    validated_feedback.append(path, [row(1, drawn="audit", weight="20")], {})
    assert validated_feedback.begins_with(path, 1, known)
    assert path.read_text().splitlines()[1] == "t,neutral,positive,p0,f000,m,ann,2026-01-01,complaint,"
    assert validated_feedback.read_validated(path)[1].inclusion_weight == 20
    assert validated_feedback.read_manifest(path)["drawn"] == {"audit": 1, "uncertain": 0, "complaint": 1}


def test_a_row_that_cannot_be_read_again_is_refused_and_nothing_is_written(path):
    validated_feedback.append(path, [row(1)], {})
    before = path.read_bytes()

    with pytest.raises(DataError, match=r"f002: the weight '' of audit must be a number of 1 or more"):
        validated_feedback.append(path, [row(2, drawn="audit")], {})
    assert path.read_bytes() == before


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


def test_the_beginning_of_a_file_is_recognised_by_its_digest(path):
    validated_feedback.append(path, [row(1), row(2, text='two\nlines, "quoted"')], {})
    known = validated_feedback.digest(path)
    validated_feedback.append(path, [audit_row(3)], {})

    assert validated_feedback.begins_with(path, 2, known)
    assert not validated_feedback.begins_with(path, 1, known)
    assert not validated_feedback.begins_with(path, 3, known)
    assert not validated_feedback.begins_with(path, 4, known)
