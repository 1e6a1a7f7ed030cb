"""What MLflow answers, or that it does not, as one error with its remedy."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, PERMISSION_DENIED

from sentiment.config import EXPERIMENT_NAME, read_settings
from sentiment.errors import TrackingError
from sentiment.training import runs
from sentiment.training.tracking_server import as_tracking_error


def test_an_experiment_that_was_deleted_is_named_with_the_way_to_restore_it(home, monkeypatch):
    home.mkdir()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
    runs.connect(read_settings())
    number = mlflow.get_experiment_by_name(EXPERIMENT_NAME).experiment_id
    mlflow.delete_experiment(number)

    with pytest.raises(TrackingError, match=rf"was deleted: restore it with '.* --experiment-id {number}'"):
        runs.connect(read_settings())

    mlflow.tracking.MlflowClient().restore_experiment(number)
    assert runs.connect(read_settings())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            MlflowException("no right\nlong story", PERMISSION_DENIED),
            "refused: no right; see the server's log",
        ),
        (MlflowException("API request failed", INTERNAL_ERROR), "start the server or correct"),
        (ConnectionRefusedError(), "start the server or correct"),
    ],
)
def test_what_refuses_is_told_from_what_does_not_answer(error, said):
    assert said in str(as_tracking_error(error, "http://mlflow.example"))
