"""The two models of a judgement as they are saved: folder, origin, and the model itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import models
from sentiment.champions import store
from sentiment.data import fingerprints
from sentiment.errors import StoreError
from sentiment.training import runs, versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sentiment.gate.evidence import Role

# What a version's tags and a stored model's metadata say of a model's origin.
ORIGIN = (
    *("dataset_digest", "test_digest", "feedback_digest", "feedback_rows", "exam_from"),
    *("git_commit", "git_dirty", "family", "base_model", "teacher", "profile", "recipe"),
    *("started_at", "trained_at"),
)


@dataclass(frozen=True)
class SavedModel:
    """A model on disk: its role, its name for people, its folder, and what is known of it."""

    role: Role
    name: str
    folder: Path
    facts: Mapping[str, str]

    @cached_property
    def model(self) -> models.Classifier:
        """The model, loaded once; any error of a framework becomes a ModelError."""
        try:
            return models.load(self.folder)
        except Exception as error:
            raise models.ModelError(
                f"the {self.role} {self.name} cannot be loaded ({type(error).__name__}: {error}): "
                f"restore its files, or train again"
            ) from error

    @cached_property
    def training_rows(self) -> frozenset[str] | None:
        """The fingerprints of every text that it learned from; None if they are not recorded."""
        rows = runs.read_text(self.facts.get("run_id", ""), fingerprints.ROWS_FILE)
        return None if rows is None else fingerprints.parse(rows)

    def facts_named(self, *names: str) -> dict[str, str]:
        """Return those of the facts that are known."""
        return {name: str(self.facts[name]) for name in names if name in self.facts}


def find_champion() -> SavedModel | None:
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
    return SavedModel("champion", stored.tag, stored.path, dict(stored.metadata))


def as_challenger(version: versions.Version, folder: Path) -> SavedModel:
    """Return a downloaded version as the challenger.

    If a model of the same recipe was rolled back, so was this one.
    """
    facts = {**version.tags, "run_id": version.run_id, "mlflow_version": version.number}
    twins = versions.find_versions(recipe=version.tags["recipe"]) if "recipe" in version.tags else []
    taken_back = [twin.tags["rolled_back_at"] for twin in twins if "rolled_back_at" in twin.tags]
    if taken_back:
        facts["rolled_back_at"] = max(taken_back)
    return SavedModel("challenger", f"version {version.number}", folder, facts)
