"""The model that all contenders serve, in the form of each.

Its weights are the champion's if that is a BERT, else quickly trained ones.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import models
from benchmarks.serving_environments import ROOT
from sentiment.champions import store
from sentiment.errors import SentiloopError

if TYPE_CHECKING:
    from sentiment.config import Settings
    from sentiment.data.dataset import Dataset

ASKED = 200  # texts whose labels are compared
_ROWS = 1250  # tweets of the quick training, those that it validates on included
PYFUNC_MODEL = ROOT / "sentiment" / "training" / "pyfunc_model.py"


@dataclass(frozen=True)
class Folders:
    """The folders of the model's forms, and the float network's labels of some texts.

    The texts are the first of the validation split.
    """

    native: Path
    served: Path
    mlflow: Path
    store: Path
    labels: tuple[str, ...]

    def places(self) -> dict[str, str]:
        """Return the folders as the contenders' commands name them."""
        return {"native": str(self.native), "served": str(self.served), "mlflow": str(self.mlflow)}


def prepare_model(settings: Settings, home: Path, dataset: Dataset) -> Folders:
    """Return the model in every form; forms that are missing or outdated are made."""
    number = _champion_version()
    native = home / "models" / (f"version-{number}" if number else "quick") / "native"
    if not native.exists():
        _whole(
            native, lambda folder: _download(settings, number, folder) if number else _train(dataset, folder)
        )
    code = b"".join(path.read_bytes() for path in (*sorted((ROOT / "models").glob("*.py")), PYFUNC_MODEL))
    made = native.parent / hashlib.sha256(code).hexdigest()[:12]
    if not made.exists():
        _tell("exporting the model")
        _whole(made, lambda folder: _export(dataset, native, folder))
    labels = tuple(json.loads((made / "labels.json").read_text("utf-8")))
    return Folders(native, made / "served", made / "mlflow", made / "store", labels)


def _champion_version() -> str | None:
    """Return the champion's registered version if it is a BERT."""
    try:
        facts = store.champion().metadata
    except SentiloopError:
        return None
    return facts.get("mlflow_version") if facts.get("family") == "bert" else None


def _download(settings: Settings, number: str, folder: Path) -> None:
    import mlflow

    from sentiment.config import MODEL_NAME
    from sentiment.training.runs import MODEL_FOLDER, SERVED_FOLDER, connect

    _tell(f"taking the weights of version {number}, the champion")
    connect(settings)
    local = mlflow.artifacts.download_artifacts(
        f"models:/{MODEL_NAME}/{number}", dst_path=str(folder / "download")
    )
    shutil.copytree(Path(local) / "artifacts" / MODEL_FOLDER, folder, dirs_exist_ok=True)
    shutil.rmtree(folder / "download")
    shutil.rmtree(folder / SERVED_FOLDER, ignore_errors=True)


def _train(dataset: Dataset, folder: Path) -> None:
    sample = dataset.sample(_ROWS)
    _tell(f"no champion is a BERT: training one for an epoch on {len(sample.train.texts):,} tweets")
    validation = (sample.validation.texts, sample.validation.labels)
    data = models.TrainingData(sample.train.texts, sample.train.labels, validation=validation)
    models.create("bert", epochs=1).fit(data, progress=_tell).save(folder)


def _export(dataset: Dataset, native: Path, folder: Path) -> None:
    """Write the served form, MLflow's, a store with this model alone, and the float labels."""
    from models.onnx_session import choose_precision

    model: Any = models.load(native)
    (folder / "labels.json").write_text(json.dumps(model.predict(dataset.validation.texts[:ASKED])), "utf-8")
    model.export(folder / "served", dataset.validation.texts[-256:])
    choose_precision(folder / "served", "int8")
    _save_for_mlflow(native, folder / "mlflow")
    before = os.environ.get("BENTOML_HOME")
    os.environ["BENTOML_HOME"] = str(folder / "store")
    try:
        tag = store.save(models.load(folder / "served"), metadata={"family": "bert"})
        store.swap_champion(tag, expected=None)
    finally:
        os.environ.pop("BENTOML_HOME")
        if before is not None:
            os.environ["BENTOML_HOME"] = before


def _save_for_mlflow(native: Path, folder: Path) -> None:
    """Write the folder as a run would log it."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    texts, scores = Schema([ColSpec("string", "text")]), [ColSpec("double", label) for label in models.LABELS]
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "[\\s\\S]*input example")
        mlflow.pyfunc.save_model(
            path=str(folder),
            python_model=str(PYFUNC_MODEL),
            artifacts={"model": str(native)},
            code_paths=[str(ROOT / "models")],
            signature=ModelSignature(inputs=texts, outputs=Schema([ColSpec("string", "label"), *scores])),
            pip_requirements=[],
        )


def _whole(folder: Path, make: Callable[[Path], None]) -> None:
    """Make a folder atomically: it appears only when it is complete."""
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    make(unfinished)
    unfinished.rename(folder)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
