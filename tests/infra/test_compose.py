"""compose.yaml: valid, safe, and its processes start and answer without a container engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import httpx
import psutil
import pytest
import yaml
from bicep_fixtures import ROOT
from ports import free_port
from waiting import wait_for

TEXT = (ROOT / "compose.yaml").read_text("utf-8")
BOOK = yaml.safe_load(TEXT)
SERVICES = BOOK["services"]
SECRETS = dict.fromkeys(re.findall(r"\$\{(\w+):\?", TEXT), "aSecretOfTheTest42")
OURS = {"service": 8000, "page": 7860, "monitor": 8600, "mlflow": 5000, "prefect": 4200}
THEIRS = {"azurite": 10000, "postgres": 5432}


def test_the_schema_of_compose_has_nothing_against_it():
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "compose.yaml",
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_write_to_its_volume_alone_and_is_not_root(name):
    service = SERVICES[name]

    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    # The service's image says by itself who runs it (tests/infra/test_image.py).
    assert service.get("user") in {None: ("service",)} or service["user"] in ("1034:1034", "node", "postgres")
    for volume in service["volumes"]:
        assert volume.partition(":")[0] in BOOK["volumes"]
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:")


def test_every_secret_must_be_given_and_the_document_makes_it():
    document = (ROOT / "docs" / "platforms.md").read_text("utf-8")
    asked = set(re.findall(r"\$\{(\w+)", TEXT)) - {"SENTIMENT_IMAGE", "LEARNING_IMAGE"}

    assert asked == SECRETS.keys()
    assert SECRETS.keys() <= set(re.findall(r"[A-Z_]+", document))


def test_what_waits_waits_for_a_health_check():
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other]
    assert SERVICES.keys() - {name for name, one in SERVICES.items() if "healthcheck" in one} == {
        "worker",
        "storage",
    }


@pytest.fixture
def stack(postgres, azurite, tmp_path):
    """The services of the file with ports of their own, and functions that start and check them."""
    postgres.run(f"CREATE ROLE sentiloop LOGIN SUPERUSER PASSWORD '{SECRETS['POSTGRES_PASSWORD']}'")
    for statement in [*BOOK["configs"]["databases"]["content"].splitlines(), "CREATE DATABASE review"]:
        postgres.run(statement.rstrip(";"))
    running = Stack({"azurite": azurite.port, "postgres": postgres.port}, tmp_path)
    yield running
    running.stop()


class Stack:
    """Processes that run as the file's containers do, as far as that goes without an engine."""

    def __init__(self, theirs, folder):
        text = re.sub(r"\$\{(\w+)(?::[?-][^}]*)?\}", lambda hole: SECRETS.get(hole[1], ""), TEXT)
        ports = {name: free_port() for name in OURS} | theirs
        for name, port in (OURS | THEIRS).items():
            text = text.replace(f"{name}:{port}", f"127.0.0.1:{ports[name]}")
            text = re.sub(rf"(?<!\d){port}(?!\d)", str(ports[name]), text)
        self.services, self._folder, self.running = yaml.safe_load(text)["services"], folder, {}

    def environment(self, name):
        """A container's variables: of the file, and what an image sets for all of its processes."""
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "TMPDIR")}
        home = self._folder / name
        given = {key: str(value) for key, value in self.services[name].get("environment", {}).items()}
        inside = {key: value.replace("/home/sentiloop/home", str(home)) for key, value in given.items()}
        return kept | {"PYTHONPATH": str(ROOT), "HOME": str(home), "SENTIMENT_HOME": str(home)} | inside

    def start(self, name, *command):
        (self._folder / name).mkdir(exist_ok=True)
        with (self._folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *(command or self.services[name]["command"])],
                cwd=ROOT,
                env=self.environment(name),
                stdout=log,
                stderr=log,
            )
        return self.running[name]

    def log(self, name):
        return (self._folder / f"{name}.log").read_text()[-3000:]

    def is_healthy(self, name):
        """Run the health check of the file."""
        assert self.running[name].poll() is None, self.log(name)
        kind, _, *check = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        run = subprocess.run(
            [sys.executable, *check], capture_output=True, env=self.environment(name), check=False
        )
        return run.returncode == 0

    def stop(self):
        for process in self.running.values():
            if process.poll() is None:
                for member in [
                    *psutil.Process(process.pid).children(recursive=True),
                    psutil.Process(process.pid),
                ]:
                    member.kill()
            process.wait(timeout=30)


@pytest.mark.slow
@pytest.mark.timeout(900)  # six programs start at once
def test_its_processes_start_and_their_health_checks_succeed(stack):
    for name in ("prefect", "mlflow", "monitor", "storage", "page"):
        stack.start(name)
    assert stack.running["storage"].wait(timeout=120) == 0, stack.log("storage")
    assert stack.log("storage").splitlines()[:1] == ["models: made"]
    for name in ("monitor", "page", "prefect", "mlflow"):
        wait_for(
            lambda name=name: stack.is_healthy(name), 200, pause=1, explain=lambda name=name: stack.log(name)
        )

    stack.start("worker")  # what it deploys is tested in tests/flows/test_deploy.py; here, that it gets in
    address = f"{stack.services['worker']['environment']['PREFECT_API_URL']}/work_pools/sentiloop"
    login = ("sentiloop", SECRETS["PREFECT_PASSWORD"])
    assert httpx.get(address).status_code == 401
    wait_for(
        lambda: httpx.get(address, auth=login).status_code == 200,
        200,
        pause=1,
        explain=lambda: stack.log("worker"),
    )
