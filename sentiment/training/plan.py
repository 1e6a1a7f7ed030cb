"""The plan of a training: profile, families, hyperparameters and rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import Field

import models
from sentiment.data.dataset import Split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.data.dataset import Dataset

Profile = Literal["smoke", "quick", "full"]
Family = Literal["tfidf", "keras", "bert"]
Trigger = Literal["manual", "schedule", "rows", "alert", "drift"]  # why a retraining was started
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]

PACKAGED_BASE = "minilm"
# Rows to learn from (None: all), and what differs from each model's own defaults.
ROWS: dict[Profile, int | None] = {"smoke": 400, "quick": None, "full": None}
HYPERPARAMETERS: dict[Profile, dict[Family, dict[str, Any]]] = {
    "smoke": {
        "tfidf": {"features": ["words (1,2) + characters (2,5) + valences"], "regularisations": [1.0]},
        "keras": {"epochs": 2, "architectures": ["average"]},
        "bert": {"base_model": PACKAGED_BASE, "epochs": 1},
    },
    "quick": {"bert": {"base_model": PACKAGED_BASE}},
    "full": {"bert": {"base_model": "bert-base-uncased", "epochs": 3, "learning_rate": 2e-5}},
}
NO_ROWS = Split((), ())


@dataclass(frozen=True)
class Plan:
    """The plan of one training.

    Attributes:
        profile: How much is trained.
        families: The models to train.
        base_model: BERT's base where it is not the profile's.
        seed: The seed of every model.
        teacher_only: BERT teaches Keras and cannot win.
    """

    profile: Profile
    families: tuple[Family, ...]
    base_model: str | None = None
    seed: int = 0
    teacher_only: bool = False

    @property
    def candidates(self) -> set[Family]:
        """The families of which one may win."""
        return {family for family in self.families if family != "bert" or not self.teacher_only}

    @property
    def teacher_first(self) -> list[Family]:
        """Each family once, BERT first: Keras learns from it."""
        return sorted(dict.fromkeys(self.families), key=lambda family: family != "bert")

    def select(self, whole: Dataset, feedback: Split) -> Dataset:
        """Return the profile's part of a dataset, with all of `feedback` in its training split."""
        rows = ROWS[self.profile]
        is_sampled = rows and rows < sum(len(split.texts) for split in whole.splits.values())
        part = whole.sample(rows) if rows and is_sampled else whole
        return part.with_training(feedback) if feedback.texts else part

    def hyperparameters(self, family: Family) -> dict[str, Any]:
        """Return the hyperparameters of a model of this family."""
        chosen = {"seed": self.seed, **HYPERPARAMETERS[self.profile].get(family, {})}
        return chosen | {"base_model": self.base_model} if family == "bert" and self.base_model else chosen

    @property
    def recipes(self) -> dict[Family, list[Any]]:
        """What each model depends on besides rows and code: hyperparameters and base files.

        A base model in a folder may have changed.
        """
        return {family: self._recipe(family) for family in self.families}

    def _recipe(self, family: Family) -> list[Any]:
        base = Path(str(self.hyperparameters(family).get("base_model", "")))
        files = sorted(base.iterdir()) if base.is_dir() and base != Path() else []
        return [
            self.hyperparameters(family),
            [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files],
        ]


def plan_like(
    champion: Mapping[str, str],
    *,
    profile: Profile | None = None,
    families: Literal["champion", "all"] = "champion",
    seed: int = 0,
) -> Plan:
    """Return the plan of a retraining: like the champion, unless profile or families are chosen."""
    teacher = champion.get("teacher")
    alike = (
        (champion["family"], *(("bert",) if teacher else ())) if champion and families == "champion" else ()
    )
    own = cast("Profile", champion.get("profile", "quick"))
    return Plan(
        profile or own,
        cast("tuple[Family, ...]", alike or tuple(models.FAMILIES)),
        champion.get("base_model", teacher) if profile in (None, own) else None,
        seed,
        teacher_only=len(alike) > 1,
    )
