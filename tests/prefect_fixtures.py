"""A real Prefect server with the deployments of `prefect.yaml` and a worker, each in processes of its own, and a client of its API."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
from ports import free_port

from sentiment.config import Settings, tool_environment

ROOT = Path(__file__).parents[1]
BUSY = 503
_IMPATIENT = {"PREFECT_WORKER_QUERY_SECONDS": "1"}  # instead of 10
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class Prefect:
    """The API of a server on loopback, and the log of its processes."""

    def __init__(self, environment, log):
        self.environment, self.log = environment, log
        self.page = f"http://127.0.0.1:{environment['SENTIMENT_PORT_PREFECT']}"
        self.http = httpx.Client(base_url=f"{self.page}/api", timeout=20, trust_env=False)

    def post(self, path, **body):
        """Ask as Prefect's own client does: again where the database was busy."""
        answer = self.wait(lambda: (found := self.http.post(path, json=body)).status_code != BUSY and found)
        answer.raise_for_status()
        return answer.json()

    def filter(self, what, **filters):
        return self.post(f"/{what}/filter", **filters)

    def deployments(self):
        """All deployments, by the name of their flow."""
        flows = {flow["id"]: flow["name"] for flow in self.filter("flows")}
        return {flows[one["flow_id"]]: one for one in self.filter("deployments")}

    def start(self, flow, **parameters):
        """Start a deployment, as its form does, and return the id of the run."""
        path = f"/deployments/{self.deployments()[flow]['id']}/create_flow_run"
        return self.post(path, parameters=parameters, state={"type": "SCHEDULED"})["id"]

    def end_of(self, run_id, seconds=150):
        """The run, once it has ended."""
        return self.wait(lambda: (run := self.http.get(f"/flow_runs/{run_id}").json()).get("state_type") in ENDED and run, seconds)

    def artifacts(self, run_id):
        """The artifacts of a run and of those that it called, by key."""
        tasks = self.filter("task_runs", flow_runs={"id": {"any_": [run_id]}})
        called = self.filter("flow_runs", flow_runs={"parent_task_run_id": {"any_": [task["id"] for task in tasks]}}) if tasks else []
        runs = [run_id, *(run["id"] for run in called)]
        return {one["key"]: one for one in self.filter("artifacts", artifacts={"flow_run_id": {"any_": runs}}) if one["key"]}

    def wait(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.2)
        return value

    def run(self, *command):
        """Run a command to its end."""
        done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextlib.contextmanager
def prefect_with_worker(home, empty_mlflow, **variables):
    """A server with all deployments and a worker that is online; stopped by SIGINT at the end."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(empty_mlflow, home / "mlflow.db")
    port = free_port()
    environment = {**os.environ, "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}  # the server, too, must know where its page is
    environment |= {
        **tool_environment(Settings(home=home)),
        "SENTIMENT_HOME": str(home),
        "SENTIMENT_PORT_PREFECT": str(port),
        **_IMPATIENT,
        **variables,
    }
    prefect = Prefect(environment, home / "log")
    server = ("prefect", "--no-prompt", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(prefect.log.open("ab"))
        for command in (server, ("flows.deploy", "--work")):
            process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=output, stderr=output)
            stack.callback(_stop, process)
        prefect.wait(lambda: _is_online(prefect, process), 120)
        yield prefect


def _is_online(prefect, worker):
    assert worker.poll() is None, prefect.log.read_text()
    with contextlib.suppress(httpx.HTTPError):
        return '"READY"' in prefect.http.get("/work_pools/sentiloop").text
    return False


def _stop(process):
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
