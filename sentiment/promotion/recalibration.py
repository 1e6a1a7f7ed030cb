"""Learns from audit tweets how to read the champion's scores, and has them served so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sentiment.champions.calibration import Calibration, keep_calibration
from sentiment.data import validated_feedback
from sentiment.data.fingerprints import fingerprint
from sentiment.errors import StoreError
from sentiment.evaluation.recalibration import LEAST_LABELS, Recalibration, recalibrate
from sentiment.promotion.saved_models import find_champion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentiment.config import Settings
    from sentiment.data.validated_row import ValidatedRow
    from sentiment.promotion.saved_models import SavedModel

_MOST_LABELS = 2000  # the latest: what people sent long ago is no picture of today
AuditTweet = tuple[str, str, float]  # text, label, and 1 / the probability with which it was drawn


def recalibrate_champion(settings: Settings) -> tuple[str, int, Recalibration | None]:
    """Learn temperature and threshold of the champion from its latest audit tweets, and keep them.

    Return the champion's tag, the number of labels, and what they say: None with too few of them,
    which changes nothing. What is judged are the scores of its training, whatever was learned of
    them before.

    Raises:
        StoreError: There is no champion, or its calibration cannot be read or written.
        ModelError: The champion cannot be loaded.
        DataError: The validated feedback does not match its manifest.
        TrackingError: MLflow does not answer.
    """
    champion = find_champion()
    if champion is None:
        raise StoreError("there is no champion whose scores could be calibrated: run 'make train' first")
    tweets = unlearned_audit(champion, validated_feedback.read_validated(settings.validated_path))
    if len(tweets) < LEAST_LABELS:
        return champion.name, len(tweets), None
    texts, labels, weights = zip(*tweets, strict=True)
    learned = recalibrate(labels, champion.model.predict_proba(texts), weights)
    keep_calibration(
        Calibration(
            champion.name,
            learned.temperature,
            learned.uncertain_below,
            learned.labels,
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
    )
    return champion.name, learned.labels, learned


def unlearned_audit(champion: SavedModel, rows: Iterable[ValidatedRow]) -> list[AuditTweet]:
    """Return the latest audit tweets that a model has not learned, each once, with its last label.

    Where it is not known what the model learned, these are the rows since its training.
    """
    learned, known = champion.training_rows, list(rows)
    if learned is None:
        known, learned = known[int(champion.facts.get("feedback_rows") or 0) :], frozenset()
    tweets: dict[str, AuditTweet] = {}
    for row in known:
        name = fingerprint(row.text)
        if row.drawn == "audit" and row.inclusion_weight and name not in learned:
            weight = row.inclusion_weight + (tweets.pop(name)[2] if name in tweets else 0.0)
            tweets[name] = (row.text, row.label, weight)
    return list(tweets.values())[-_MOST_LABELS:]
