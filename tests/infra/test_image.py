"""The image's Dockerfile, labels and health check, and its service under a read-only root."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
from image_fixtures import FACTS
from ports import free_port
from served import wait_until_ready

from flows.bundle import image_labels
from sentiment.champions.store import StoredModel
from sentiment.training import source_code

CLEAN = {"git_commit": "abc123", "git_dirty": "false", "address": "https://code.example/ann/sentiloop"}
USER = 1034  # BentoML's own
# Nothing can be written but the folder that is named first; not to be root, and yet to find a
# Python in root's home, takes the capability.
_CONFINED = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
_SCRIPT = """mount --bind "$0" "$0" && mount -o remount,bind,ro / && cd / &&
exec setpriv --reuid=1034 --regid=1034 --clear-groups \\
    --inh-caps=+dac_read_search --ambient-caps=+dac_read_search "$@" """


def test_hadolint_finds_nothing(image):
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")

    answer = subprocess.run([hadolint, str(image.dockerfile)], capture_output=True, text=True, check=False)

    assert (answer.returncode, answer.stdout) == (0, "")


def test_the_last_stage_installs_nothing_and_is_nobody_special(image):
    stages = [index for index, (name, _) in enumerate(image.instructions) if name == "FROM"]
    last = image.instructions[stages[-1] + 1 :]

    assert len(stages) == 2
    assert [value for name, value in last if name == "COPY" and "--from=build" not in value] == []
    assert [value for name, value in last if name == "RUN" and not value.startswith("groupadd")] == []
    assert image.last("USER") == f"{USER}:{USER}"
    assert image.last("EXPOSE") == "8000"
    assert json.loads(image.last("ENTRYPOINT")) == ["bentoml", "serve", "/home/bentoml/bento"]


def test_only_wheels_in_pinned_versions_are_installed(image):
    install = next(value for name, value in image.instructions if name == "RUN" and "pip" in value)

    assert {"--only-binary=:all:", "--require-hashes", "--no-deps", "--no-cache-dir"} <= set(
        shlex.split(install)
    )
    for pins in ("constraints.txt", "locks/serve.txt"):
        assert (image.context / "src" / pins).read_bytes() == (Path(__file__).parents[2] / pins).read_bytes()


def test_all_that_is_written_goes_below_one_volume(image):
    environment = image.pairs("ENV")
    home = environment["SENTIMENT_HOME"]

    assert image.last("VOLUME") == home
    assert environment["TMPDIR"] == home
    assert environment["BENTOML_HOME"].startswith(home)
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert environment["BENTOML_DO_NOT_TRACK"] == "True"


def test_the_labels_tell_the_commit_the_bento_and_where_the_model_comes_from(image, bundled):
    labels = image.pairs("LABEL")

    assert labels["org.opencontainers.image.title"] == "Sentiloop"
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert (
        labels["org.opencontainers.image.revision"].removesuffix("-dirty")
        == source_code.source_version()["git_commit"]
    )
    assert (labels["sentiloop.bento"], labels["sentiloop.model"]) == (bundled.tag, bundled.model)
    assert labels["sentiloop.model.commit"] == FACTS["git_commit"]
    assert labels["sentiloop.dataset.digest"] == FACTS["dataset_digest"]
    assert (labels["sentiloop.mlflow.run"], labels["sentiloop.mlflow.version"]) == (
        FACTS["run_id"],
        FACTS["mlflow_version"],
    )


def test_a_commit_that_is_not_all_of_the_code_is_marked():
    champion = StoredModel("tweet-sentiment:a", Path(), {})

    clean, dirty = (
        image_labels(champion, "sentiment:b", CLEAN | {"git_dirty": state}, datetime.now(UTC))
        for state in ("false", "true")
    )

    assert clean["org.opencontainers.image.revision"] == "abc123"
    assert dirty["org.opencontainers.image.revision"] == "abc123-dirty"
    assert clean["org.opencontainers.image.source"] == "https://code.example/ann/sentiloop"


def test_what_is_not_known_has_no_label():
    labels = image_labels(
        StoredModel("tweet-sentiment:a", Path(), {}),
        "sentiment:b",
        CLEAN | {"address": ""},
        datetime.now(UTC),
    )

    assert not {"org.opencontainers.image.source", "sentiloop.mlflow.run"} & set(labels)


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://ann:secret@code.example/ann/sentiloop.git", "https://code.example/ann/sentiloop"),
        ("git@code.example:ann/sentiloop.git", None),
        (None, None),
    ],
)
def test_the_address_of_the_source_holds_no_secret(remote, address, monkeypatch):
    monkeypatch.setattr(source_code, "_git", lambda *arguments: remote)

    assert source_code.source_address() == address


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_says_what_readiness_says(image, status, code):
    check = json.loads(image.last("HEALTHCHECK").partition("CMD ")[2])
    with answering(status) as port:
        environment = {"SENTIMENT_PORT_SERVICE": str(port), "HTTP_PROXY": "http://127.0.0.1:9"}
        answer = subprocess.run(
            [sys.executable, *check[1:]], env=environment, capture_output=True, timeout=20, check=False
        )

    assert (check[0], answer.returncode) == ("python", code)


@contextlib.contextmanager
def answering(status):
    """A port on which /readyz answers with a status, or a closed one."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_port
        if status:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield port
            server.shutdown()
    if not status:
        yield port


def test_the_service_of_the_bento_writes_below_its_home_only(image, tmp_path):
    home, log = tmp_path / "volume", tmp_path / "log"
    home.mkdir()
    with confined(image, home, log) as (address, process):
        wait_until_ready(address, process, log)
        tweet = "I love this, thank you so much!"
        answer = httpx.post(f"{address}/predict", json={"text": tweet}).json()
        said = httpx.post(
            f"{address}/feedback",
            json={"prediction_id": answer["prediction_id"], "text": tweet, "correct": False},
        )
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        users = {member.uids().real for member in family}

    assert answer["label"] == "positive"
    assert said.json()["status"] == "recorded"
    assert list((home / "feedback").rglob("*.json*"))
    assert 0 not in users
    assert not list(image.context.rglob("__pycache__"))
    assert "Read-only file system" not in log.read_text()
    assert "Permission denied" not in log.read_text()


@contextlib.contextmanager
def confined(image, home, log):
    """Serve an image's Bento with the image's environment, by a user who may only write `home`."""
    folder = "/home/bentoml/sentiloop"
    port = free_port()
    settings = {
        name: value.replace(folder, str(home)) for name, value in image.pairs("ENV").items() if name != "PATH"
    }
    settings |= {
        "BENTO_PATH": str(image.context),
        "SENTIMENT_PORT_SERVICE": str(port),
        "HOME": "/nowhere",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "bentoml", "serve", str(image.context)]
    if os.getuid() == 0:
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
            pytest.skip(
                "root may not mount here, so nothing can be made read-only: run as another user, "
                "or with CAP_SYS_ADMIN"
            )
        os.chown(home, USER, USER)
        command = [*_CONFINED, _SCRIPT, str(home), *command]
    else:
        image.context.chmod(0o555)
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=image.context, env=settings, stdout=output, stderr=output)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(timeout=60)
