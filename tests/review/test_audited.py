"""Audited predictions from the dataset of validated feedback."""

from datetime import UTC, datetime

from validated_rows import audit_row, row

from sentiment.feedback.prediction_ids import PredictionSigner
from sentiment.review.audited import audited_rows

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
