"""Faults below a really served service: no acknowledged feedback is lost, and it goes on alone."""

from __future__ import annotations

import resource
import signal
import socket
import subprocess
from urllib.parse import urlsplit

import pytest
from crowning import crown
from ports import free_port
from reconciling import ALLOWED, Caller, callers
from served import family, served
from waiting import wait_for

from sentiment.champions import store
from sentiment.config import read_settings, tool_environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def story(small_disks, served_model, tmp_path_factory):
    """A small disk, a caller, and the process of a service whose telemetry goes nowhere."""
    disk = small_disks("64m")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(disk.folder / "home"))
        for variable, value in tool_environment(read_settings()).items():
            patch.setenv(variable, value)
        # BentoML keeps its metrics open all the time: elsewhere, so that the disk can be frozen.
        patch.setenv("BENTOML_HOME", home := str(tmp_path_factory.mktemp("bentoml")))
        crown(store.save(served_model, metadata={}))
        key = "InstrumentationKey=00000000-0000-0000-0000-000000000000"
        dead = f"{key};IngestionEndpoint=http://127.0.0.1:{free_port()}"
        given = {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": dead,
            "SENTIMENT_FEEDBACK_PER_MINUTE": "0",
            "BENTOML_HOME": home,
        }
        log = tmp_path_factory.mktemp("served") / "serve.log"
        with served(log, workers=1, **given) as (address, process):
            yield disk, Caller(address), process


@pytest.fixture
def caller(story):
    """The caller: before each test the service is well, after it everything is reconciled."""
    caller = story[1]
    wait_for(lambda: getattr(caller.give(), "status_code", 0) == 200, 60, pause=0.2)
    caller.statuses.clear()
    yield caller
    wait_for(lambda: getattr(caller.give(), "status_code", 0) == 200, 60, pause=0.2)
    caller.reconcile()
    assert set(caller.statuses) <= ALLOWED


def worker_of(process):
    """The process that answers."""
    return max(family(process)[1:], key=lambda member: member.memory_info().rss)


def test_a_full_disk_below_inbox_and_spool_refuses_feedback_and_predicts_on(story, caller):
    disk = story[0]
    disk.fill()
    bodies = [caller.predict() for _ in range(12)]
    assert all(bodies)
    answers = [caller.give(body) for body in bodies]
    assert 503 in {answer.status_code for answer in answers}
    disk.free()
    assert {caller.give(body).status_code for body in bodies} == {200}


def test_a_disk_that_becomes_read_only_refuses_feedback_and_predicts_on(story, caller):
    disk = story[0]
    wait_for(lambda: is_frozen(disk), 30, pause=0.2)
    bodies = [caller.predict() for _ in range(3)]
    assert all(bodies)
    assert {caller.give(body).status_code for body in bodies} == {503}
    disk.thaw()
    assert {caller.give(body).status_code for body in bodies} == {200}


def is_frozen(disk):
    """Whether the disk could be made read-only: not while a file is being written."""
    try:
        disk.freeze()
    except subprocess.CalledProcessError:
        return False
    return True


def test_without_a_free_file_descriptor_it_waits_and_goes_on(story, caller):
    worker = worker_of(story[2])
    before = worker.rlimit(resource.RLIMIT_NOFILE)
    bodies = [caller.predict() for _ in range(3)]
    parts = urlsplit(caller.address)
    worker.rlimit(resource.RLIMIT_NOFILE, (worker.num_fds() + 2, before[1]))
    held = [socket.create_connection((parts.hostname, parts.port), 5) for _ in range(20)]
    for body in bodies:
        caller.post("/feedback", body, timeout=0.5)  # no answer, or one that is allowed
    for connection in held:
        connection.close()
    worker.rlimit(resource.RLIMIT_NOFILE, before)
    wait_for(lambda: getattr(caller.give(bodies[0]), "status_code", 0) == 200, 30, pause=0.2)
    assert {caller.give(body).status_code for body in bodies} == {200}


def test_a_worker_that_is_killed_under_load_is_replaced(story, caller):
    with callers(4, caller.give):
        wait_for(lambda: len(caller.statuses) > 20, 60)
        killed = worker_of(story[2])
        killed.send_signal(signal.SIGKILL)
        killed.wait(30)
    wait_for(lambda: getattr(caller.give(), "status_code", 0) == 200, 90, pause=0.2)


def test_at_a_memory_limit_it_answers_or_is_replaced(story, caller):
    used = worker_of(story[2])  # its threads run already; a new one's need memory
    used.kill()
    used.wait(30)
    wait_for(lambda: getattr(caller.predict(), "keys", None), 90, pause=0.2)
    worker = worker_of(story[2])
    before = worker.rlimit(resource.RLIMIT_AS)
    caller.statuses.clear()
    worker.rlimit(resource.RLIMIT_AS, (worker.memory_info().vms, before[1]))
    with callers(4, caller.give):
        wait_for(lambda: len(caller.statuses) > 20 or not worker.is_running(), 60)
    assert 503 in caller.statuses or not worker.is_running()
    if worker.is_running():
        worker.rlimit(resource.RLIMIT_AS, before)


def test_sigterm_under_load_loses_nothing(story):
    _, caller, process = story
    caller.statuses.clear()
    with callers(4, caller.give):
        wait_for(lambda: len(caller.statuses) > 20, 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    caller.reconcile()
    assert set(caller.statuses) <= ALLOWED
