"""Gather what the gate decides on, and keep what it said: both models scored anew by the same code on the same texts. No decision here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import models
from sentiment import canvas, durable, lineage, registry, store, tracking, validated
from sentiment.behaviour_suite import run_suite
from sentiment.errors import StoreError
from sentiment.evidence import Contender, EvaluationSet, Evidence
from sentiment.footprint import measure_costs
from sentiment.verdict_picture import draw_verdict
from sentiment.verdict_text import as_json, as_markdown, digest, headline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sentiment.data import Dataset
    from sentiment.evidence import Cost, Role
    from sentiment.verdict import Verdict

_TIMED_TEXTS = 60
# What a version's tags and a stored model's metadata say of a model's origin.
ORIGIN = ("dataset_digest", "test_digest", "feedback_digest", "feedback_rows", "git_commit", "git_dirty", "family", "trained_at", "profile")


@dataclass(frozen=True)
class Side:
    """One of the two models on disk: its name for people, its folder, and what is known of it."""

    role: Role
    name: str
    folder: Path
    facts: Mapping[str, str]


def find_champion() -> Side | None:
    """Return the model that is served; None if the store is empty.

    Raises:
        StoreError: The store points to a model that it does not hold.
    """
    if not store.has_champion():
        return None
    try:
        stored = store.champion()
    except StoreError as error:
        pointer = store.store_home() / store.POINTER_FILE
        raise StoreError(f"the champion that {pointer} names is not in the store ({error}): restore it, or delete that file") from error
    return Side("champion", stored.tag, stored.path, dict(stored.metadata))


def challenger(version: registry.Version, folder: Path) -> Side:
    """Return a downloaded version as the challenger."""
    facts = {**version.tags, "run_id": version.run_id, "mlflow_version": version.number}
    return Side("challenger", f"version {version.number}", folder, facts)


def load_model(side: Side) -> models.SentimentModel:
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
    feedback = validated.divide(validated.read_validated(feedback_file), dataset)[1]
    sets = [one for one in (judged_texts(dataset), validation, feedback) if one]
    sides = [side for side in (new, old) if side]
    loaded = {side.role: load_model(side) for side in sides}
    costs = measure_costs({side.role: side.folder for side in sides}, dataset.test.texts[:_TIMED_TEXTS])
    contenders = {side.role: _contender(side, loaded[side.role], sets, costs[side.role]) for side in sides}
    return Evidence(contenders["challenger"], contenders.get("champion"), sets[0], validation, feedback)


def _contender(side: Side, model: models.SentimentModel, sets: list[EvaluationSet], cost: Cost) -> Contender:
    rows = tracking.read_text(side.facts.get("run_id", ""), lineage.ROWS_FILE)
    return Contender(
        role=side.role,
        name=side.name,
        facts={key: side.facts[key] for key in ("run_id", "mlflow_version", "rolled_back_at", *ORIGIN) if key in side.facts},
        scores={one.name: model.predict_proba(list(one.texts)) for one in sets},
        behaviour=run_suite(model.predict_proba),
        cost=cost,
        training_rows=None if rows is None else lineage.parse(rows),
    )


def record(verdict: Verdict, version: registry.Version, home: Path) -> None:
    """Keep a verdict: as a run in MLflow, on the version that it is about, and in the folder `verdict` that the page reads.

    Raises:
        TrackingError: MLflow does not answer.
    """
    markdown, content, picture = as_markdown(verdict), as_json(verdict), draw_verdict(verdict)
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
        tags |= {"override_approved_by": ", ".join(verdict.override.approved_by), "override_reason": verdict.override.reason}
    with tracking.start_run("verdict", tags=tags):
        tracking.log_texts({"verdict.md": markdown, "verdict.json": content})
        tracking.log_pictures({"verdict": picture})
    registry.set_tags(version, {"verdict": headline(verdict), "verdict_digest": tags["verdict_digest"]})
    for name, file in (("verdict.png", canvas.as_png(picture)), ("verdict.md", markdown.encode()), ("verdict.json", content.encode())):
        durable.replace(home / "verdict" / name, file)


def earlier_judgements(test: EvaluationSet) -> int:
    """Return how many verdicts this very test split has decided before."""
    return tracking.count_runs({"kind": "verdict", "test_digest": test.digest})
