"""The MLflow form of each model, as code instead of a pickle.

MLflow runs this file; nothing else imports it.
"""

from __future__ import annotations

from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

import models


class TweetSentiment(PythonModel):
    """A saved model as MLflow's `predict`: texts as a table in, labels and scores out."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the plain directory that the run logged."""
        self.model_ = models.load(context.artifacts["model"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return one row per text, its label being the one with the highest score."""
        scores = self.model_.predict_proba(model_input["text"].tolist())
        table = pd.DataFrame(scores, columns=list(models.LABELS))
        table.insert(0, "label", [models.LABELS[index] for index in scores.argmax(axis=1)])
        return table


mlflow.models.set_model(TweetSentiment())
