"""MLflow with artifacts on a real Azurite: directly, and through a server with the credentials."""

import base64
import contextlib
import subprocess
import sys
import time

import httpx
import mlflow
import psutil
import pytest
from azurite import ACCOUNT, connection_string
from ports import free_port

import models
from models import ModelError
from sentiment.config import read_settings
from sentiment.errors import TrackingError
from sentiment.training import runs, versions


@pytest.fixture
def root(container):
    return f"wasbs://{container.container_name}@{ACCOUNT}.blob.core.windows.net/mlflow"


@pytest.fixture
def straight(home, root, monkeypatch):
    """A new MLflow whose artifacts go to Blob."""
    monkeypatch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", root)
    runs.connect(read_settings())
    return home


@pytest.fixture
def through_a_server(home, root, monkeypatch):
    """An MLflow server whose artifacts go to Blob, and an environment without credentials."""
    with _tracking_server(home, root) as address:
        monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        runs.connect(read_settings())
        yield address


@contextlib.contextmanager
def _tracking_server(home, root):
    port = free_port()
    home.mkdir(exist_ok=True)
    where = ["--backend-store-uri", f"sqlite:///{home}/server.db", "--artifacts-destination", root]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        *where,
    ]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(240):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200:
                    break
            assert process.poll() is None, (home / "server.log").read_text()
            time.sleep(0.25)
        yield f"http://127.0.0.1:{port}"
    finally:
        members = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        for member in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        process.wait(timeout=30)


def log_and_register(model, folder):
    trained = folder / runs.MODEL_FOLDER
    model.save(trained)
    model.export(trained / runs.SERVED_FOLDER, [])
    with runs.start_run("tfidf") as run_id:
        runs.log_texts({"report.md": "on Blob"})
        uri = runs.log_model(trained, "tfidf")
    return run_id, versions.register(uri, tags={})


def names(container):
    return {name.rpartition("/")[2] for name in container.list_blob_names(name_starts_with="mlflow/")}


def check_both_forms(version, model):
    for context in (versions.downloaded, versions.downloaded_native):
        with context(version) as folder:
            assert models.load(folder).predict(["I love this"]) == model.predict(["I love this"])


def test_models_and_reports_go_to_blob_and_come_back(straight, container, tfidf_model, tmp_path):
    run_id, version = log_and_register(tfidf_model, tmp_path)

    assert names(container) >= {"report.md", "MLmodel", "model.json", "pipeline.skops", "weights.npz"}
    assert not (straight / "mlartifacts").exists()
    assert runs.read_text(run_id, "report.md") == "on Blob"
    check_both_forms(version, tfidf_model)


def test_through_a_tracking_server_the_flows_need_no_credentials(
    through_a_server, container, tfidf_model, tmp_path
):
    run_id, version = log_and_register(tfidf_model, tmp_path)

    assert names(container) >= {"report.md", "MLmodel", "model.json", "pipeline.skops", "weights.npz"}
    assert runs.read_text(run_id, "report.md") == "on Blob"
    check_both_forms(version, tfidf_model)


def test_credentials_that_are_refused_are_a_clear_error_without_the_key(straight, azurite, monkeypatch):
    wrong = base64.b64encode(b"x" * 64).decode()
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(azurite.port, key=wrong))
    with runs.start_run("tfidf"):
        with pytest.raises(TrackingError, match="failed to authenticate") as caught:
            runs.log_texts({"report.md": "x"})
        assert wrong[:20] not in str(caught.value)
    assert runs.read_text(mlflow.last_active_run().info.run_id, "report.md") is None


def test_files_that_have_gone_from_blob_are_a_clear_error(straight, container, tfidf_model, tmp_path):
    _, version = log_and_register(tfidf_model, tmp_path)
    container.delete_blobs(*[name for name in container.list_blob_names() if name.endswith(".npz")])
    with versions.downloaded(version) as folder, pytest.raises(ModelError, match=r"weights\.npz"):
        models.load(folder)
    container.delete_blobs(*container.list_blob_names())
    with pytest.raises(TrackingError, match=r"cannot be read|cannot be served"), versions.downloaded(version):
        pass


def test_an_mlflow_that_keeps_its_artifacts_elsewhere_already_says_so(loop_home, root, monkeypatch, caplog):
    runs.connect(read_settings())
    assert "MLFLOW_DEFAULT_ARTIFACT_ROOT" not in caplog.text
    monkeypatch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", root)
    runs.connect(read_settings())
    assert (
        "MLFLOW_DEFAULT_ARTIFACT_ROOT is not used: MLflow's experiment keeps its artifacts at file:///"
        in caplog.text
    )
