"""The Prefect servers of this machine answer their own clients, and no stranger or web page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import httpx
import psutil
import pytest
from playwright.sync_api import expect
from prefect_fixtures import ROOT, interrupt, prefect_server, prefect_with_worker, start_worker
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from sentiment.config import read_settings
from sentiment.errors import ConfigError
from sentiment.prefect_access import apply_prefect_access, chosen_address, demo_access

EVIL = "https://evil.example"
PREFLIGHT = {
    "Origin": EVIL,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
}
FLOW = {"name": "from-a-web-page"}


@pytest.fixture(scope="module")
def server(tmp_path_factory, empty_prefect):
    with prefect_server(tmp_path_factory.mktemp("prefect") / "home", empty_prefect) as running:
        yield running


def names(environment):
    return {name for name in environment if name.endswith("AUTH_STRING")}


# --- Who gets which login ---


def test_the_login_is_made_once_and_only_its_owner_may_read_it(home):
    first, second = demo_access(read_settings(), {}), demo_access(read_settings(), {})

    assert first == second
    assert re.fullmatch(r"sentiloop:[\w-]{43}", first.login)
    assert (home / "prefect.key").stat().st_mode & 0o777 == 0o600
    assert first.login not in repr(first)


def test_an_empty_password_file_is_an_error_and_no_login_without_a_password(home):
    home.mkdir()
    (home / "prefect.key").write_text("\n")

    with pytest.raises(ConfigError, match=r"prefect\.key has 0 characters: delete it"):
        demo_access(read_settings(), {})


def test_flows_without_a_server_and_with_that_of_the_demo_send_the_login(home):
    settings = read_settings()
    login = demo_access(settings, {}).login

    for address in ("", settings.prefect_api, f"http://localhost:{settings.port_prefect}/api"):
        environment = {"PREFECT_API_URL": address}
        apply_prefect_access(settings, environment)
        assert environment["PREFECT_API_AUTH_STRING"] == login
        assert environment["PREFECT_SERVER_API_AUTH_STRING"] == login


@pytest.mark.parametrize(
    "address", ["https://api.prefect.cloud/api", "http://prefect.example:4200/api", "http://127.0.0.1:9/api"]
)
def test_a_server_elsewhere_is_not_sent_the_login_of_this_machine(home, address):
    environment = {"PREFECT_API_URL": address, "PREFECT_API_KEY": "pnu_1"}

    apply_prefect_access(read_settings(), environment)

    assert names(environment) == {"PREFECT_SERVER_API_AUTH_STRING"}


@pytest.mark.parametrize(
    ("address", "is_sent"),
    [("https://api.prefect.cloud/api/accounts/1", False), ("http://127.0.0.1:9/api", False), (None, True)],
)
def test_a_server_of_a_prefect_profile_counts_as_one_of_the_environment(home, tmp_path, address, is_sent):
    (tmp_path / "profiles.toml").write_text(
        f'active = "work"\n[profiles.work]\nPREFECT_API_URL = "{address}"\n'
        '[profiles.other]\nPREFECT_LOGGING_LEVEL = "INFO"\n'
    )
    environment = {"PREFECT_HOME": str(tmp_path)} | ({} if address else {"PREFECT_PROFILE": "other"})

    apply_prefect_access(read_settings(), environment)

    assert ("PREFECT_API_AUTH_STRING" in environment) == is_sent
    assert chosen_address(environment) == (address or "")


def test_the_profile_that_is_read_is_the_one_that_prefect_reads(tmp_path):
    own = 'active = "work"\n[profiles.work]\nPREFECT_API_URL = "http://x.example/api"\n'
    (tmp_path / "own.toml").write_text(own)
    environment = {"PREFECT_PROFILES_PATH": str(tmp_path / "own.toml")}
    code = "from prefect.settings import PREFECT_API_URL; print(PREFECT_API_URL.value())"
    prefect = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )

    assert chosen_address(environment) == prefect.stdout.strip() == "http://x.example/api"


def test_a_damaged_profile_is_no_profile(tmp_path):
    (tmp_path / "profiles.toml").write_text("active = [")
    assert chosen_address({"PREFECT_HOME": str(tmp_path)}) == ""


def test_a_login_of_the_users_own_wins(home):
    for variable in ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"):
        environment = {variable: "ann:secret"}
        apply_prefect_access(read_settings(), environment)
        assert {environment[name] for name in names(environment)} == {"ann:secret"}
        assert len(names(environment)) == 2
    assert not (home / "prefect.key").exists()


def test_a_password_that_cannot_be_kept_says_which_setting_takes_its_place(home):
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be")

    with pytest.raises(ConfigError, match=r"password of Prefect .*prefect\.key cannot be used .*AUTH_STRING"):
        demo_access(read_settings(), {})


# --- On a real server ---


def test_a_web_page_of_another_origin_is_refused(server):
    assert httpx.options(f"{server.page}/api/flows/", headers=PREFLIGHT, trust_env=False).status_code == 400
    answer = httpx.get(f"{server.page}/api/health", headers={"Origin": EVIL}, trust_env=False)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
@pytest.mark.parametrize("headers", [{}, {"Origin": EVIL}, {"Host": "evil.example:4200"}])
def test_nobody_starts_or_reads_anything_without_the_login(server, kind, headers):
    headers = {"Content-Type": kind, **headers}

    for path in ("/flows/", "/block_documents/filter"):
        answer = httpx.post(
            f"{server.page}/api{path}", content='{"name": "x"}', headers=headers, trust_env=False
        )
        assert answer.status_code == 401
    for login in ("sentiloop:", ":", "sentiloop:wrong"):
        wrong = httpx.post(
            f"{server.page}/api/flows/", json=FLOW, auth=tuple(login.split(":")), trust_env=False
        )
        assert wrong.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "events/in",
        "events/out",
        "logs/out",
        "task_runs/subscriptions/scheduled",
        "work_pools/sentiloop/workers/connect",
    ],
)
@pytest.mark.parametrize("token", ["", "sentiloop:wrong"])
def test_no_socket_opens_without_the_login(server, path, token):
    address = f"{server.page.replace('http', 'ws', 1)}/api/{path}"

    with connect(address, subprotocols=["prefect"], origin=EVIL) as socket:
        socket.send(json.dumps({"type": "auth", "token": token}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)

    assert closed.value.rcvd.code == 1008  # a violation of its policy


def test_with_the_login_a_flow_is_made_and_health_needs_none(server):
    assert server.http.post("/flows/", json=FLOW).status_code == 201
    assert httpx.get(f"{server.page}/api/health", trust_env=False).status_code == 200


def test_no_list_of_processes_shows_the_login(server):
    password = server.login.partition(":")[2]
    process = psutil.Process(server.process.pid)

    commands = [member.cmdline() for member in (process, *process.children(recursive=True))]

    assert process.environ()["PREFECT_SERVER_API_AUTH_STRING"] == server.login
    assert not any(password in word for command in commands for word in command)
    readable = [path for path in server.home.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert not any(password.encode() in path.read_bytes() for path in readable)


def test_the_page_asks_for_the_login_and_then_works(server, browse):
    server.post("/flows/", **FLOW)
    is_logged_in = False
    # Until then Prefect's page tells the console of every answer that it is refused.
    page = browse(f"{server.page}/flows", is_expected=lambda message: not is_logged_in)
    box = page.get_by_placeholder("admin:pass")
    expect(box).to_be_visible()

    box.fill("sentiloop:wrong")
    page.get_by_role("button", name="Login").click()
    expect(box).to_be_visible()
    box.fill(server.login)
    page.get_by_role("button", name="Login").click()

    expect(box).to_be_hidden()
    is_logged_in = True
    page.goto(f"{server.page}/flows")
    expect(page.get_by_text(FLOW["name"])).to_be_visible()


_ASKING = """
from sentiment.command import prepare_environment
prepare_environment()
import httpx
from prefect.client.orchestration import get_client
with get_client(sync_client=True) as client:
    address = str(client.api_url)
    print(len(client.read_flows()))
    print(httpx.post(f"{address}flows/filter", json={}, trust_env=False).status_code)
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    print(httpx.options(f"{address}flows/filter", headers=headers, trust_env=False).status_code)
"""


@pytest.mark.slow
def test_a_flows_own_temporary_server_is_as_closed(home, empty_prefect):
    (home / "prefect").mkdir(parents=True)
    shutil.copy(empty_prefect, home / "prefect")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_API")}

    done = subprocess.run(
        [sys.executable, "-c", _ASKING],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == ["0", "401", "400"], done.stderr


# --- After Ctrl-C ---


@pytest.mark.slow
def test_a_run_that_ctrl_c_ended_is_crashed_and_its_deployment_runs_again(
    tmp_path, empty_mlflow, empty_prefect, corpus_file
):
    home = tmp_path / "home"
    training = {"data": str(corpus_file), "profile": "smoke", "families": ["tfidf"]}
    with prefect_with_worker(home, empty_mlflow, empty_prefect) as prefect:
        interrupted = prefect.start("train", **training)
        prefect.wait(lambda: prefect.state_of(interrupted) == "RUNNING", 240)
        interrupt(prefect.worker, prefect.process)

    with (
        prefect_server(home, empty_prefect, port=prefect.port) as again,
        start_worker(again, "--sole-worker"),
    ):
        assert again.wait(lambda: again.state_of(interrupted) == "CRASHED", 60)
        run = again.start("train", **training)
        again.wait(lambda: again.state_of(run) == "RUNNING", 240)

    assert "now marked as crashed: 1" in again.log.read_text()
