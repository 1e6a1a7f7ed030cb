"""Validated feedback is divided into lessons, an exam and complaints, and no tweet is in two."""

from __future__ import annotations

from dataclasses import replace

from base_dataset import BASE, HELD, TEST, TRAIN
from validated_rows import audit_row, row

from sentiment.data.division import divide
from sentiment.data.fingerprints import fingerprint


def fingerprints_of(*sets):
    return {fingerprint(text) for texts in sets if texts for text in texts.texts}


def copy_of(original, number, **changes):
    return replace(original, text=f"RT @ann: {original.text}!!", feedback_id=f"c{number}", **changes)


def test_a_fifth_of_the_complaints_is_kept_to_judge_and_stays_there_when_rows_join():
    rows = [row(number) for number in range(300)]
    first, later = divide(rows[:150], BASE), divide(rows, BASE)

    assert 0.1 < len(later.feedback.texts) / 300 < 0.3
    assert set(first.feedback.texts) <= set(later.feedback.texts)
    assert set(first.lessons.texts) <= set(later.lessons.texts)
    assert not fingerprints_of(later.lessons) & fingerprints_of(later.feedback)
    assert later.exam is None
    assert later.feedback.weights is None


def test_a_third_of_the_audit_is_the_exam_with_its_weights_and_the_rest_are_lessons():
    rows = [audit_row(number, weight=10 + number % 2) for number in range(300)]
    parts, with_complaints = divide(rows, BASE), divide([*rows, *map(row, range(300, 500))], BASE)

    assert 0.23 < len(parts.exam.texts) / 300 < 0.43
    assert len(parts.exam.texts) + len(parts.lessons.texts) == 300
    assert not fingerprints_of(parts.exam) & fingerprints_of(parts.lessons)
    assert set(parts.exam.weights) == {10.0, 11.0}
    assert with_complaints.exam == parts.exam
    assert parts.feedback is None


def test_what_an_earlier_exam_used_is_a_lesson_of_the_next():
    rows = [audit_row(number) for number in range(300)]
    first, second = divide(rows, BASE), divide(rows, BASE, exam_from=200)
    late = {row.text for row in rows[200:]}

    assert set(second.exam.texts) == set(first.exam.texts) & late
    assert set(first.exam.texts) - late <= set(second.lessons.texts)
    assert divide(rows, BASE, exam_from=300).exam is None


def test_a_tweet_that_came_before_the_exam_began_is_not_in_it_for_coming_again():
    rows = [audit_row(number) for number in range(60)]
    again = [copy_of(original, number) for number, original in enumerate(rows)]

    assert divide([*rows, *again], BASE, exam_from=60).exam is None


def test_copies_of_one_tweet_are_on_one_side_with_the_latest_label_and_all_their_weight():
    rows = [audit_row(number) for number in range(40)] + [row(number) for number in range(40, 80)]
    copies = [copy_of(original, number, label="positive") for number, original in enumerate(rows)]
    parts = divide([*rows, *copies], BASE)

    assert sum(len(texts.texts) for texts in (parts.lessons, parts.exam, parts.feedback)) == 80
    assert {label for texts in (parts.lessons, parts.exam, parts.feedback) for label in texts.labels} == {
        "positive"
    }
    assert set(parts.exam.weights) == {40.0}


def test_a_complaint_about_an_audit_tweet_does_not_take_it_out_of_the_exam():
    rows = [audit_row(number) for number in range(60)]
    complaints = [
        copy_of(original, number, drawn="complaint", weight="") for number, original in enumerate(rows)
    ]
    parts = divide(rows, BASE)

    assert divide([*complaints, *rows], BASE).exam.weights == parts.exam.weights
    assert fingerprints_of(divide([*rows, *complaints], BASE).exam) == fingerprints_of(parts.exam)


def test_nothing_near_a_test_or_validation_text_is_learned_and_all_near_a_training_text_is():
    near_test = f"RT: {TEST.texts[0].upper()} http://t.co/1"
    near_validation = HELD.texts[0] + " again"
    known = [f"{text} indeed" for text in TRAIN.texts]
    held_back = [row(0, text=near_test), row(1, text=near_validation)]
    parts = divide([*held_back, *(row(number, text=text) for number, text in enumerate(known))], BASE)

    assert len(parts.lessons.texts) == len(known)
    assert parts.feedback is None
    assert parts.exam is None

    drawn = [audit_row(0, text=near_test), audit_row(1, text=near_validation)]
    audit = divide([*drawn, *(audit_row(number, text=text) for number, text in enumerate(known))], BASE)
    assert audit.exam.texts == (near_test, near_validation)
    assert set(audit.lessons.texts) == set(known)
