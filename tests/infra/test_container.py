"""The image, really built and started: `pytest -n 0 -m container`.

Slow, and only where buildah, debootstrap and root are.
"""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time

import httpx
import psutil
import pytest
from container_fixtures import started
from image_fixtures import FACTS, run
from served import wait_until_ready

pytestmark = [pytest.mark.container, pytest.mark.timeout(1800)]
TWEET = "I love this, thank you so much!"
TOOLS = ("gcc", "g++", "cc", "make", "git", "uv", "curl", "wget")
HEAVY = (
    "torch",
    "tensorflow",
    "keras",
    "sklearn",
    "skops",
    "transformers",
    "mlflow",
    "prefect",
    "gradio",
    "pandas",
    "matplotlib",
    "pip",
)
MOST_MEGABYTES = 350  # beyond the base image


def test_it_serves_as_nobody_special_from_files_that_cannot_be_written(built, tmp_path, capsys):
    volume, log = tmp_path / "volume", tmp_path / "log"
    volume.mkdir()
    begun = time.monotonic()
    with started(built, volume, log) as (address, process):
        wait_until_ready(address, process, log)
        ready = time.monotonic() - begun
        prediction = httpx.post(f"{address}/predict", json={"text": TWEET}).json()
        feedback = {
            "prediction_id": prediction["prediction_id"],
            "text": TWEET,
            "correct": False,
            "label": "neutral",
        }
        said, again = (httpx.post(f"{address}/feedback", json=feedback).json() for _ in range(2))
        forged = httpx.post(
            f"{address}/feedback", json=feedback | {"prediction_id": "x" + prediction["prediction_id"]}
        )
        (first,) = psutil.Process(process.pid).children()
        users = {member.uids() for member in (first, *first.children(recursive=True))}
        first.terminate()
        code = process.wait(timeout=60)

    assert prediction["label"] == "positive"
    assert (said["status"], again["status"], forged.status_code) == ("recorded", "already recorded", 400)
    assert [path for path in (volume / "feedback").rglob("*") if path.is_file()]
    assert {number for user in users for number in user} == {1034}
    assert code == 0, log.read_text()
    assert "Read-only" not in log.read_text()
    with capsys.disabled():
        own = built.own_bytes / 1e6
        print(
            f"\nimage: {own:.0f} MB beyond the base, built in {built.seconds:.0f} s, ready in {ready:.1f} s"
        )


def test_its_configuration_is_what_an_orchestrator_needs(built, bundled):
    labels = built.config["Labels"]

    assert built.config["User"] == "1034:1034"
    assert list(built.config["ExposedPorts"]) == ["8000/tcp"]
    assert list(built.config["Volumes"]) == [built.environment["SENTIMENT_HOME"]]
    assert built.config["Healthcheck"]["Test"][:3] == ["CMD", "python", "-c"]
    assert (labels["sentiloop.bento"], labels["sentiloop.model"]) == (bundled.tag, bundled.model)
    assert labels["sentiloop.dataset.digest"] == FACTS["dataset_digest"]
    assert {"org.opencontainers.image.revision", "org.opencontainers.image.licenses"} <= set(labels)


def test_it_holds_no_tool_and_no_framework_of_training(built):
    places = [
        built.rootfs / place / tool
        for tool in TOOLS
        for place in ("app/bin", "usr/local/bin", "usr/bin", "bin")
    ]
    packages = next((built.rootfs / "app" / "lib").glob("python*/site-packages"))

    assert [str(place) for place in places if place.exists()] == []
    assert [name for name in HEAVY if (packages / name).exists()] == []
    assert (packages / "bentoml").is_dir()
    assert built.own_bytes / 1e6 < MOST_MEGABYTES


def test_its_user_may_write_to_the_volume_alone(built):
    home = built.rootfs / built.environment["SENTIMENT_HOME"].lstrip("/")

    assert [str(path) for path in built.rootfs.rglob("*") if _may_write(path.lstat())] == [str(home)]


def test_the_bill_of_materials_names_what_is_installed_and_nothing_else(built, bundled, tmp_path):
    run([sys.executable, "-m", "infra.sbom", bundled.tag, str(tmp_path / "bill")], bundled.environment)
    bill = json.loads((tmp_path / "bill").read_text("utf-8"))
    script = (
        "import importlib.metadata as m, json; "
        "print(json.dumps(sorted((d.name, d.version) for d in m.distributions(path=[PATH]))))"
    )
    packages = next((built.rootfs / "app" / "lib").glob("python*/site-packages"))
    installed = json.loads(
        run([sys.executable, "-c", script.replace("PATH", repr(str(packages)))], bundled.environment).stdout
    )

    assert {(_canonical(name), version) for name, version in installed} == {
        (component["name"], component["version"])
        for component in bill["components"]
        if component["type"] == "library"
    }


def test_a_shell_of_its_user_finds_the_health_check_failing_without_a_service(built):
    check = built.config["Healthcheck"]["Test"][1:]
    command = ["chroot", f"--userspec={built.config['User']}", str(built.rootfs), "/usr/bin/env", "-i"]

    answer = subprocess.run(
        [*command, f"PATH={built.environment['PATH']}", "SENTIMENT_PORT_SERVICE=9", *check],
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 1
    assert "ConnectionRefusedError" in answer.stderr


def _may_write(status) -> bool:
    is_shared = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
    return (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)) and bool(
        status.st_uid == 1034 or is_shared
    )


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
