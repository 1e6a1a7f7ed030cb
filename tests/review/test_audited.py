"""Audited predictions from the review queue and from the dataset of validated feedback."""

from datetime import UTC, datetime

from review_fixtures import NOW, audit_report, report
from validated_rows import audit_row, row

from sentiment.config import Settings
from sentiment.data.validated_feedback import append
from sentiment.feedback.feedback import feedback_id_of
from sentiment.feedback.prediction_ids import PredictionSigner
from sentiment.review.audited import audited_draws, audited_rows, read_audited

SIGNER = PredictionSigner("a key of the tests", 30)


def test_audit_rows_have_the_score_and_the_time_of_their_prediction_id():
    before = datetime.now(UTC).replace(microsecond=0)
    signed = SIGNER.sign("so late", label="neutral", score=0.61, model="m")

    [audited] = audited_rows([audit_row(1, weight=4, prediction_id=signed)]).values()

    assert (audited.predicted, audited.label, audited.state) == ("neutral", "negative", "labelled")
    assert (audited.score, audited.weight, audited.model) == (0.61, 4.0, "m")
    assert before <= audited.predicted_at <= datetime.now(UTC)


def test_an_id_that_tells_nothing_leaves_the_score_open():
    given = audit_row(1)

    [audited] = audited_rows([given]).values()

    assert audited.score is None
    assert audited.predicted_at == datetime.fromisoformat(given.validated_at)


def test_complaints_and_uncertain_rows_are_no_picture_of_production():
    assert audited_rows([row(1), row(2, drawn="uncertain", weight="2")]) == {}


def signed_report(number, **changes):
    """An audit report whose prediction id is a real one."""
    signed = SIGNER.sign(f"text {number}", label="neutral", score=0.6, model="tweet-sentiment:a")
    return audit_report(number, prediction_id=signed, feedback_id=feedback_id_of(signed), **changes)


def test_the_queue_says_which_draws_are_labelled_unclear_skipped_and_waiting(queue):
    reports = sorted((signed_report(number) for number in range(5)), key=lambda one: one.audit_order)
    queue.add([*reports, report(9)])
    for one, label in zip(reports, ("positive", "unclear"), strict=False):
        queue.judge(one.feedback_id, "ann", label, now=NOW)
    queue.skip(reports[2].feedback_id, "ann", now=NOW)
    queue.judge(reports[4].feedback_id, "ann", "negative", now=NOW)  # out of turn

    audited = audited_draws(queue.audit_states())

    states = [audited[one.feedback_id].state for one in reports]
    assert states == ["labelled", "unclear", "skipped", "waiting", "waiting"]
    first = audited[reports[0].feedback_id]
    assert (first.label, first.predicted, first.score, first.model) == (
        "positive",
        "neutral",
        0.6,
        "tweet-sentiment:a",
    )
    assert round(first.weight) == 100


def test_queue_and_dataset_count_each_prediction_once(queue, tmp_path):
    both, waiting = signed_report(1), signed_report(2)
    queue.add([both, waiting])
    path = tmp_path / "validated.csv"
    rows = [audit_row(1, feedback_id=both.feedback_id, prediction_id=both.prediction_id), audit_row(2)]
    append(path, rows, {})

    audited = read_audited(Settings(home=tmp_path, validated_path=path))

    assert sorted(one.state for one in audited) == ["labelled", "labelled", "waiting"]


def test_a_draw_whose_id_tells_nothing_is_left_out(queue):
    queue.add([audit_report(1)])

    assert audited_draws(queue.audit_states()) == {}
