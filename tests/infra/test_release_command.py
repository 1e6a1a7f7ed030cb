"""The command `python -m infra.release`: its summary, its messages and its exit codes."""

from __future__ import annotations

import signal

import pytest
from cloud_fixtures import COMMIT, IMAGE, NEW, OLD
from release_fixtures import DEPLOY, app, command

from infra.release import NOT_BACK, main


def test_the_command_tells_the_summary_and_the_exit_code(cloud, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    codes = []
    for fault in ({}, {"ready": 503}):
        vars(cloud.new).update(fault)
        image = IMAGE.replace("ab", "cd") if fault else IMAGE
        cloud.attest(image)
        with command(
            "deploy", "--image", image, "--commit", COMMIT, "--ready-seconds", "1", "--watch-seconds", "0"
        ) as process:
            output = process.communicate(timeout=60)[0]
        codes.append(process.returncode)

    assert codes == [0, 1]
    assert "Traceback" not in output
    summary = (tmp_path / "summary.md").read_text()
    assert f"- {NEW} is stable; 'rollback' goes back to {OLD}" in summary
    assert "is not released" in summary


def test_the_command_says_by_its_exit_code_when_a_person_must_act(cloud, monkeypatch, capsys):
    cloud.new.ready = 503
    cloud.trouble(*({"number": number, "do": "fail"} for number in range(6, 30)))
    monkeypatch.setattr("infra.release._app", app)
    monkeypatch.setattr("sys.argv", ["infra.release", *DEPLOY, "0.1"])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert ended.value.code == NOT_BACK
    assert "error: the way back to" in capsys.readouterr().err


def test_without_the_names_of_the_app_nothing_is_called(cloud, monkeypatch):
    monkeypatch.delenv("AZURE_CONTAINER_APP")

    with command("restore") as process:
        output = process.communicate(timeout=60)[0]

    assert process.returncode == 1
    assert "AZURE_CONTAINER_APP" in output
    assert cloud.calls == []
