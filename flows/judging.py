"""Gather what the gate decides on, and keep what it said: both models scored anew by the same code on the same texts. No decision here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import models
from sentiment import durable
from sentiment.champions import store
from sentiment.data import fingerprints, validated_feedback
from sentiment.data.dataset import EvaluationSet
from sentiment.errors import StoreError
from sentiment.evaluation.behaviour_suite import run_suite
from sentiment.evaluation.cost import measure_costs
from sentiment.gate.evidence import Contender, Evidence
from sentiment.gate.verdict_text import as_json, as_markdown, digest, headline
from sentiment.reports import canvas
from sentiment.reports.verdict import draw_verdict
from sentiment.training import runs, versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sentiment.data.dataset import Dataset
    from sentiment.evaluation.cost import Cost
    from sentiment.gate.evidence import Role
    from sentiment.gate.verdict import Verdict

_TIMED_TEXTS = 60
# What a version's tags and a stored model's metadata say of a model's origin.
ORIGIN = (
    *(
        "dataset_digest",
        "related_digest",
        "test_digest",
        "feedback_digest",
        "feedback_rows",
        "git_commit",
        "git_dirty",
    ),
    *("family", "base_model", "teacher", "profile", "recipe", "started_at", "trained_at"),
)


@dataclass(frozen=True)
class Side:
    """One of the two models on disk: its name for people, its folder, and what is known of it."""

    role: Role
    name: str
    folder: Path
    facts: Mapping[str, str]


def find_champion() -> Side | None:
    """Return the model that the store names as its champion; None if it names none.

    Raises:
        StoreError: The store does not hold it.
    """
    tag = store.pointer()
    if tag is None:
        return None
    try:
        stored = store.find(tag)
    except StoreError as error:
        raise StoreError(
            f"the champion {tag} is not in the store {store.store_home()}: restore its folder, "
            f"or go back to the one before with 'python -m flows.promote --rollback'"
        ) from error
    return Side("champion", stored.tag, stored.path, dict(stored.metadata))


def challenger(version: versions.Version, folder: Path) -> Side:
    """Return a downloaded version as the challenger; if a model of the same recipe was rolled back, so was this one."""
    facts = {**version.tags, "run_id": version.run_id, "mlflow_version": version.number}
    twins = versions.find_versions(recipe=version.tags["recipe"]) if "recipe" in version.tags else []
    taken_back = [twin.tags["rolled_back_at"] for twin in twins if "rolled_back_at" in twin.tags]
    if taken_back:
        facts["rolled_back_at"] = max(taken_back)
    return Side("challenger", f"version {version.number}", folder, facts)


def load_model(side: Side) -> models.Classifier:
    """Return a saved model; whatever a framework raises for a damaged file becomes one clear error.

    Raises:
        ModelError: The model cannot be loaded.
    """
    try:
        return models.load(side.folder)
    except Exception as error:
        raise models.ModelError(
            f"the {side.role} {side.name} cannot be loaded ({type(error).__name__}: {error}): restore its files, or train again"
        ) from error


def judged_texts(dataset: Dataset) -> EvaluationSet:
    """Return the test split as the set that decides."""
    return EvaluationSet("test", dataset.test.texts, dataset.test.labels)


def gather(new: Side, old: Side | None, dataset: Dataset, feedback_file: Path) -> Evidence:
    """Return the evidence on two models: scores, behaviour, cost and origin, all measured here and now.

    Raises:
        ModelError: One of the two cannot be loaded.
        DataError: The validated feedback does not match its manifest.
    """
    validation = EvaluationSet("validation", dataset.validation.texts, dataset.validation.labels)
    feedback = validated_feedback.divide(validated_feedback.read_validated(feedback_file), dataset)[1]
    sets = [one for one in (judged_texts(dataset), validation, feedback) if one]
    sides = [side for side in (new, old) if side]
    loaded = {side.role: load_model(side) for side in sides}
    costs = measure_costs({side.role: side.folder for side in sides}, dataset.test.texts[:_TIMED_TEXTS])
    contenders = {side.role: _contender(side, loaded[side.role], sets, costs[side.role]) for side in sides}
    return Evidence(contenders["challenger"], contenders.get("champion"), sets[0], validation, feedback)


def _contender(side: Side, model: models.Classifier, sets: list[EvaluationSet], cost: Cost) -> Contender:
    rows = runs.read_text(side.facts.get("run_id", ""), fingerprints.ROWS_FILE)
    return Contender(
        role=side.role,
        name=side.name,
        facts={
            key: side.facts[key]
            for key in ("run_id", "mlflow_version", "rolled_back_at", *ORIGIN)
            if key in side.facts
        },
        scores={one.name: model.predict_proba(list(one.texts)) for one in sets},
        behaviour=run_suite(model.predict_proba),
        cost=cost,
        training_rows=None if rows is None else fingerprints.parse(rows),
    )


def record(verdict: Verdict, version: versions.Version) -> str:
    """Keep a verdict as a run in MLflow and on the version that it is about; return the run's id.

    What comes of it is not known yet.

    Raises:
        TrackingError: MLflow does not answer.
    """
    champion = verdict.champion or {}
    tags = {
        "kind": "verdict",
        "decision": str(verdict.decision),
        "verdict_digest": digest(verdict),
        "test_digest": verdict.data["test"]["sha256"],
        "challenger": str(verdict.challenger["name"]),
        "champion": str(champion.get("name", "none")),
    }
    if verdict.override:
        tags |= {
            "override_approved_by": ", ".join(verdict.override.approved_by),
            "override_reason": verdict.override.reason,
        }
    with runs.start_run("verdict", tags=tags) as run_id:
        runs.log_texts({"verdict.md": as_markdown(verdict), "verdict.json": as_json(verdict)})
        runs.log_pictures({"verdict": draw_verdict(verdict)})
    versions.set_tags(version, {"verdict": headline(verdict), "verdict_digest": tags["verdict_digest"]})
    return run_id


def note_outcome(outcome: str, run_id: str, version: versions.Version) -> None:
    """Say of a recorded verdict what came of it: `promoted`, `overtaken`, `held` or `rejected`.

    Raises:
        TrackingError: MLflow does not answer.
    """
    runs.tag_run(run_id, {"outcome": outcome})
    versions.set_tags(version, {"outcome": outcome})


def publish(verdict: Verdict, home: Path) -> bytes:
    """Put a verdict that was carried out into the folder `verdict`, which the page reads; return its picture."""
    picture = canvas.as_png(draw_verdict(verdict))
    for name, file in (
        ("verdict.png", picture),
        ("verdict.md", as_markdown(verdict).encode()),
        ("verdict.json", as_json(verdict).encode()),
    ):
        durable.replace(home / "verdict" / name, file)
    return picture


def earlier_judgements(test: EvaluationSet) -> int:
    """Return how many verdicts this very test split has decided before."""
    return runs.count_runs({"kind": "verdict", "test_digest": test.digest})
