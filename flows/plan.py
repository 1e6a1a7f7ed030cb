"""What one training tries, and with what: profiles, families, hyperparameters, and the tweets that BERT learns before the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from flows.prepare import prepared_dataset
from sentiment.data.dataset import Split
from sentiment.data.sources import DEFAULT_SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentiment.data.dataset import Dataset

Profile = Literal["smoke", "quick", "full"]
Family = Literal["tfidf", "keras", "bert"]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]

PACKAGED_BASE = "minilm"
# Rows to learn from (None: all), and what differs from each model's own defaults.
ROWS: dict[Profile, int | None] = {"smoke": 400, "quick": None, "full": None}
HYPERPARAMETERS: dict[Profile, dict[Family, dict[str, Any]]] = {
    "smoke": {"keras": {"epochs": 2}, "bert": {"base_model": PACKAGED_BASE, "epochs": 1, "adversarial": 0.0}},
    "quick": {"bert": {"base_model": PACKAGED_BASE}},
    "full": {"bert": {"base_model": "bert-base-uncased", "epochs": 3, "learning_rate": 2e-5}},
}
NO_ROWS = Split((), ())


@dataclass(frozen=True)
class Plan:
    """What one training tries: how much, which families, BERT's base where it is not the profile's, and the seed.

    `teacher_only`: BERT teaches Keras and cannot win.
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

    def related(self, dataset: Dataset, judged: Iterable[str]) -> Split:
        """Return what BERT learns before a dataset of another source: the default corpus's training tweets, apart from all others.

        Only the packaged encoder learns them: who brings a base model of their own may have tweets
        in another language.
        """
        is_packaged = self.hyperparameters("bert").get("base_model") == PACKAGED_BASE
        if (
            not is_packaged
            or "bert" not in self.families
            or ROWS[self.profile]
            or dataset.source == DEFAULT_SOURCE
        ):
            return NO_ROWS
        own = (text for split in dataset.splits.values() for text in split.texts)
        return prepared_dataset(DEFAULT_SOURCE).train.apart_from((*own, *judged))

    def hyperparameters(self, family: Family) -> dict[str, Any]:
        """Return what a model of this family is made with."""
        chosen = {"seed": self.seed, **HYPERPARAMETERS[self.profile].get(family, {})}
        return chosen | {"base_model": self.base_model} if family == "bert" and self.base_model else chosen

    def recipe(self, family: Family) -> list[Any]:
        """Return what a model of this family depends on besides the rows and the code: a base model in a folder may have changed."""
        base = Path(str(self.hyperparameters(family).get("base_model", "")))
        files = sorted(base.iterdir()) if base.is_dir() and base != Path() else []
        return [
            self.hyperparameters(family),
            [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files],
        ]
