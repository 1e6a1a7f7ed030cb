"""Measures champion and challenger by the same code on the same texts; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.data.dataset import EvaluationSet
from sentiment.evaluation.behaviour_suite import run_suite
from sentiment.evaluation.cost import measure_costs
from sentiment.gate.evidence import Contender, Evidence
from sentiment.promotion.exam import find_exam
from sentiment.promotion.saved_models import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentiment.data.dataset import Dataset
    from sentiment.evaluation.cost import Cost
    from sentiment.gate.spending import Look
    from sentiment.promotion.saved_models import SavedModel

_TIMED_TEXTS = 60


def judged_texts(dataset: Dataset) -> EvaluationSet:
    """Return the test split as the set that decides."""
    return EvaluationSet("test", dataset.test.texts, dataset.test.labels)


def gather_evidence(
    challenger: SavedModel,
    champion: SavedModel | None,
    *,
    dataset: Dataset,
    feedback_file: Path,
    looks: Sequence[Look] = (),
) -> Evidence:
    """Return the evidence on two models: scores, behaviour, cost and origin, all measured now.

    `looks` are the earlier verdicts on challengers of this champion.

    Raises:
        ModelError: One of the two cannot be loaded.
        DataError: The validated feedback does not match its manifest.
    """
    test = judged_texts(dataset)
    validation = EvaluationSet("validation", dataset.validation.texts, dataset.validation.labels)
    saved: dict[str, SavedModel] = {each.role: each for each in (challenger, champion) if each}
    parts, exam = find_exam(challenger, champion, dataset=dataset, feedback_file=feedback_file, looks=looks)
    sets = [texts for texts in (test, validation, parts.feedback, parts.exam) if texts]
    loaded = {role: each.model for role, each in saved.items()}
    folders = {role: each.folder for role, each in saved.items()}
    costs = measure_costs(loaded, folders, dataset.test.texts[:_TIMED_TEXTS])
    measured = {role: _measure(each, sets, costs[role]) for role, each in saved.items()}
    return Evidence(
        measured["challenger"],
        measured.get("champion"),
        test,
        validation,
        parts.feedback,
        production=parts.exam,
        exam=exam,
    )


def _measure(saved: SavedModel, sets: list[EvaluationSet], cost: Cost) -> Contender:
    return Contender(
        role=saved.role,
        name=saved.name,
        facts=saved.facts_named("run_id", "mlflow_version", "rolled_back_at", *ORIGIN),
        scores={texts.name: saved.model.predict_proba(list(texts.texts)) for texts in sets},
        behaviour=run_suite(saved.model.predict_proba),
        cost=cost,
        training_rows=saved.training_rows,
    )
