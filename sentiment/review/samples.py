"""The records of samples, checked: one per prediction, with the probability of its draw.

Whoever may write to the logs may invent records. Where the signing key is at hand, the seal proves
that our service drew the prediction for this reason, with this probability and this text. So a
complaint cannot be dressed up as a random draw, and an invented record does not take the place of a
genuine one.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, get_args

from sentiment.feedback.draws import Reason, is_drawn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentiment.feedback.prediction_ids import PredictionSigner

_LEAST = 1e-9  # a lower probability would make a weight that outweighs everything else


def probability_of(row: dict[str, Any]) -> float | None:
    """Return the probability that a record states; None in records from before 0.2.0."""
    stated = row.get("probability")
    return None if stated is None else float(stated)


def is_honest(row: dict[str, Any], signer: PredictionSigner | None) -> bool:
    """Return whether a record's draw can be: possible, true of the id's hash, and sealed by us.

    A record without a probability claims nothing.
    """
    probability = probability_of(row)
    if probability is None:
        return True
    if row["reason"] not in get_args(Reason) or not _LEAST <= probability <= 1:
        return False
    if not is_drawn(row["prediction_id"], row["reason"], probability):
        return False
    if signer is None:
        return True
    signature = (row.get("signature") or "").encode()
    seals = signer.seals(row["prediction_id"], row["reason"], probability, row["tweet_text"])
    return any(hmac.compare_digest(seal.encode(), signature) for seal in seals)


def best_of_each(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one record per prediction: the audit before low scores, the highest probability."""
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        other = best.setdefault(row["prediction_id"], row)
        if _rank(row) > _rank(other):
            best[row["prediction_id"]] = row
    return list(best.values())


def _rank(row: dict[str, Any]) -> tuple[bool, float]:
    probability = probability_of(row)
    return is_audit(row), -1.0 if probability is None else probability


def is_audit(row: dict[str, Any]) -> bool:
    """Return whether a record is of the audit: drawn with a known probability, and not by score."""
    return row["reason"] != "low confidence" and probability_of(row) is not None
