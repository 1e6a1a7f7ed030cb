"""The exam of two models: tweets that neither has learned, of rows that nobody changed."""

from pathlib import Path

import pytest
from base_dataset import BASE
from validated_rows import audit_row, row

from sentiment.data.division import divide
from sentiment.data.fingerprints import fingerprint
from sentiment.data.validated_feedback import append, digest, manifest_path
from sentiment.errors import DataError
from sentiment.gate.spending import Look
from sentiment.promotion.exam import find_exam
from sentiment.promotion.saved_models import SavedModel

ROWS = [audit_row(number) for number in range(200)]


@pytest.fixture
def written(tmp_path):
    """A function that writes validated rows and returns the file."""

    def write(rows):
        append(tmp_path / "feedback.csv", rows, {})
        return tmp_path / "feedback.csv"

    return write


def model(role, learned=(), **facts):
    """A saved model that learned these texts, or of which no record tells what it learned."""
    saved = SavedModel(role, f"the {role}", Path(), facts)
    rows = None if learned is None else frozenset(map(fingerprint, learned))
    saved.__dict__["training_rows"] = rows  # as read from MLflow
    return saved


def exam_of(file, challenger, champion, looks=()):
    parts, exam = find_exam(challenger, champion, dataset=BASE, feedback_file=file, looks=looks)
    return parts.exam, exam


def test_the_exam_is_what_the_challenger_left_for_it(written):
    parts = divide(ROWS, BASE, exam_from=50)
    challenger = model("challenger", parts.lessons.texts, exam_from="50", feedback_rows="200")

    found, exam = exam_of(written(ROWS), challenger, model("champion"))

    assert found == parts.exam
    assert (exam.start, exam.end, exam.learned, exam.altered) == (50, 200, 0, "")


def test_what_the_champion_learned_is_no_exam(written):
    whole = divide(ROWS, BASE).exam

    found, exam = exam_of(
        written(ROWS), model("challenger", exam_from="0"), model("champion", whole.texts[:10])
    )

    assert (found.texts, found.weights) == (whole.texts[10:], whole.weights[10:])
    assert exam.learned == 0


def test_a_challenger_that_learned_the_rows_that_judge_it_is_found_out(written):
    whole = divide(ROWS, BASE).exam
    disguised = [f"RT @bob: {whole.texts[3].upper()}!!", *whole.texts[:2]]

    _, exam = exam_of(written(ROWS), model("challenger", disguised, exam_from="0"), model("champion"))

    assert exam.learned == 3


def test_a_complaint_that_is_drawn_for_the_audit_later_is_no_fault_of_who_learned_it(written):
    text = divide(ROWS, BASE).exam.texts[0]
    first = row(500, text=text, validated_at="2020-01-01T00:00:00+00:00")
    challenger = model("challenger", [text], exam_from="0", feedback_rows="1")

    found, exam = exam_of(written([first, *ROWS]), challenger, model("champion"))

    assert exam.learned == 0
    assert text not in found.texts


def test_without_a_record_of_the_champion_only_rows_after_its_training_judge(written):
    file = written(ROWS)
    known, unknown = (
        exam_of(file, model("challenger", exam_from="0"), model("champion", learned, feedback_rows="120"))
        for learned in ((), None)
    )

    assert (known[1].start, unknown[1].start) == (0, 120)
    assert len(unknown[0].texts) < len(known[0].texts)


def test_a_challenger_without_a_record_of_its_exam_gets_the_rows_after_the_champions(written):
    _, exam = exam_of(written(ROWS), model("challenger"), model("champion", feedback_rows="80"))

    assert exam.start == 80


def test_rows_that_an_exam_has_used_up_are_in_no_later_one(written):
    looks = [Look("version 1", 0, 150, 1000, 0.036), Look("version 2", 0, 160, 400, 0.01)]

    _, exam = exam_of(written(ROWS), model("challenger", exam_from="0"), model("champion"), looks)

    assert exam.start == 150
    assert exam.looks == (looks[1],)  # it has seen rows of this exam, too


def test_looks_of_the_same_challenger_count_whatever_exam_they_had(written):
    own = Look("the challenger", 0, 150, 1000, 0.036)

    _, exam = exam_of(written(ROWS), model("challenger", exam_from="0"), model("champion"), [own])

    assert exam.looks == (own,)


def test_a_file_that_lost_rows_of_the_champion_is_noticed(written, tmp_path):
    before = digest(written(ROWS[:100]))
    champion = model("champion", feedback_rows="100", feedback_digest=before)
    _, honest = exam_of(written(ROWS), model("challenger"), champion)
    for path in (tmp_path / "feedback.csv", manifest_path(tmp_path / "feedback.csv")):
        path.unlink()

    _, thinned = exam_of(written([*ROWS[:40], *ROWS[41:]]), model("challenger"), champion)

    assert (honest.altered, thinned.altered) == ("", "the champion the champion")


@pytest.mark.parametrize(("old", "new"), [(",audit,20", ",audit,2000"), (",complaint,", ",audit,20")])
def test_an_edited_weight_or_a_complaint_dressed_as_audit_is_refused(written, old, new):
    file = written([row(1000), *ROWS])
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")

    with pytest.raises(DataError, match="was changed by hand"):
        exam_of(file, model("challenger"), model("champion"))


def test_complaints_alone_make_no_exam(written):
    found, exam = exam_of(
        written([row(number) for number in range(300)]), model("challenger"), model("champion")
    )

    assert found is None
    assert exam.looks == ()


def test_a_first_champion_has_no_exam(written):
    found, _ = exam_of(written(ROWS), model("challenger", exam_from="0"), None)

    assert found is None
