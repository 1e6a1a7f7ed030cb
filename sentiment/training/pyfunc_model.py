"""The MLflow form of each model, as code instead of a pickle.

MLflow runs this file; nothing else imports it.
"""

from __future__ import annotations

from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
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
        """Return one row per text, with its index; its label is the one with the highest score.

        Raises:
            MlflowException: A row has no text.
        """
        texts = model_input["text"]
        missing = [index for index, text in texts.items() if not isinstance(text, str)]
        if missing:
            raise MlflowException.invalid_parameter_value(
                f"{len(missing)} of {len(texts)} rows have no text, the first with the index {missing[0]!r}: "
                "leave them out, or give them an empty text"
            )
        scores = self.model_.predict_proba(texts.tolist())
        table = pd.DataFrame(scores, columns=list(models.LABELS), index=model_input.index)
        table.insert(0, "label", [models.LABELS[index] for index in scores.argmax(axis=1)])
        return table


mlflow.models.set_model(TweetSentiment())
