"""The winner of a training: chosen on validation, and where its version comes from."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sentiment.evaluation.behaviour_report import describe_suite
from sentiment.evaluation.metrics import choose_winner
from sentiment.training.comparison import Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.data.dataset import Dataset
    from sentiment.training.comparison import ModelResult
    from sentiment.training.plan import Plan


def compare(results: Mapping[str, ModelResult], plan: Plan, dataset: Dataset, run_id: str) -> Comparison:
    """Return the comparison of a plan's results; one of the plan's candidates wins."""
    metrics: dict[str, Mapping[str, float]] = {
        family: results[family].metrics for family in plan.families if family in plan.candidates
    }
    return Comparison(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        profile=plan.profile,
        dataset={"name": dataset.name, "digest": dataset.digest, "counts": dataset.report.counts},
        winner=choose_winner(metrics),
        run_id=run_id,
        models=tuple(results[family] for family in dict.fromkeys(plan.families)),
        behaviour=describe_suite(),
    )


def origin_of(
    winner: ModelResult, teacher: ModelResult | None, dataset_digest: str, started: datetime
) -> dict[str, str]:
    """Return the tags that say where a version comes from; the same `recipe` makes the same model.

    A recipe is the hash of dataset, family, hyperparameters and teacher. `base_model` is what a
    BERT started from, `teacher` what the BERT started from that a Keras network learned from.
    """
    taught_by = [dict(teacher.hyperparameters)] if teacher and winner.hyperparameters.get("is_taught") else []
    recipe = json.dumps(
        [dataset_digest, winner.family, dict(winner.hyperparameters), *taught_by], sort_keys=True, default=str
    )
    bases = {
        "base_model": winner.hyperparameters.get("base_model"),
        "teacher": taught_by[0].get("base_model") if taught_by else None,
    }
    return {
        "family": winner.family,
        **{name: str(base) for name, base in bases.items() if base},
        "recipe": hashlib.sha256(recipe.encode()).hexdigest(),
        "started_at": started.isoformat(timespec="seconds"),
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
