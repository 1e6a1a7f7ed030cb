"""MLflow's server with a login: what it refuses to start with, and a training through it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import httpx
import mlflow
import psutil
import pytest
from ports import free_port
from publication_fixtures import ROOT
from waiting import wait_for

from infra.mlflow_server import login_environment, server_command
from sentiment.config import EXPERIMENT_NAME, MODEL_NAME, Settings, read_settings
from sentiment.errors import ConfigError, TrackingError
from sentiment.training import runs

LOGIN = {"MLFLOW_TRACKING_USERNAME": "sentiloop", "MLFLOW_TRACKING_PASSWORD": "twelve or more"}


def test_without_names_for_clients_it_does_not_start(home):
    with pytest.raises(ConfigError, match=r"MLFLOW_SERVER_ALLOWED_HOSTS is not set, .*such as mlflow:5000"):
        server_command(Settings(), {})


@pytest.mark.parametrize(
    ("login", "fact"),
    [
        ({}, "USERNAME is missing and MLFLOW_TRACKING_PASSWORD has 0 characters"),
        (LOGIN | {"MLFLOW_TRACKING_PASSWORD": "eleven char"}, "USERNAME is set and .* has 11 characters"),
    ],
)
def test_without_a_login_or_with_a_short_one_it_does_not_start(home, login, fact):
    with pytest.raises(ConfigError, match=fact):
        login_environment(Settings(), login)


def test_the_password_is_in_no_file_and_no_argument(home):
    home.mkdir(exist_ok=True)
    variables = login_environment(Settings(), LOGIN)
    command = server_command(Settings(), LOGIN | {"MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow:5000"})

    assert variables["MLFLOW_AUTH_ADMIN_PASSWORD"] == LOGIN["MLFLOW_TRACKING_PASSWORD"]
    assert "twelve or more" not in " ".join(command)
    for path in home.iterdir():
        assert "twelve or more" not in path.read_text()
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.fixture
def mlflow_with_login(postgres, loop_home, monkeypatch):
    """A real server whose runs and users are in PostgreSQL, and the address for its clients."""
    port = free_port()
    variables = LOGIN | {
        "MLFLOW_AUTH_DATABASE_URI": postgres.url(postgres.create_database()),
        "MLFLOW_BACKEND_STORE_URI": postgres.url(postgres.create_database()),
        "MLFLOW_SERVER_ALLOWED_HOSTS": f"127.0.0.1:{port}",
        "SENTIMENT_PORT_MLFLOW": str(port),
    }
    address, log = f"http://127.0.0.1:{port}", loop_home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.mlflow_server"],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(
            lambda: answers(address) or process.poll() is not None, 180, pause=0.2, explain=log.read_text
        )
        assert process.poll() is None, log.read_text()[-4000:]
        server = psutil.Process(process.pid)
        words = [word for member in (server, *server.children(recursive=True)) for word in member.cmdline()]
        assert "basic-auth" in words
        assert not any("postgresql" in word for word in words)  # the addresses hold passwords
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        yield address
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for member in psutil.Process(process.pid).children(recursive=True):
                member.kill()
        process.kill()
        process.wait(timeout=30)


def answers(address):
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{address}/health", timeout=5).status_code == 200
    return False


@pytest.mark.slow
def test_a_training_goes_through_a_server_that_asks_for_a_login(mlflow_with_login, corpus_file, monkeypatch):
    server = mlflow_with_login
    with pytest.raises(TrackingError, match=r"refused|cannot be used"):
        runs.connect(read_settings())
    assert httpx.get(f"{server}/api/2.0/mlflow/experiments/search?max_results=1").status_code == 401
    assert httpx.get(f"{server}/health", headers={"Host": "elsewhere.example"}).status_code in (200, 403)

    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    trained = subprocess.run(
        [
            sys.executable,
            "-m",
            "flows.train",
            "--profile",
            "smoke",
            "--families",
            "tfidf",
            "--data",
            corpus_file,
        ],
        cwd=ROOT,
        env={**os.environ, "MLFLOW_TRACKING_URI": server},
        capture_output=True,
        text=True,
        check=False,
    )
    assert trained.returncode == 0, trained.stderr[-3000:]
    mlflow.set_tracking_uri(server)
    found = mlflow.search_runs(experiment_names=[EXPERIMENT_NAME], output_format="list")
    assert {"tfidf", "verdict"} <= {run.info.run_name for run in found}
    assert mlflow.MlflowClient().get_model_version_by_alias(MODEL_NAME, "champion").version == "1"
