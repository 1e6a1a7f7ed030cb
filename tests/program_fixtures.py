"""Programs on PATH that answer as a test says, and write down how they were called."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cloud_fixtures import install

NAMES = ("docker", "gh", "make", "python")


class Programs:
    """The fakes of `NAMES`; the first answer that fits a call is given, so a fault comes before the answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._answers: list[dict] = []
        for name in NAMES:
            install(folder, name, Path(__file__).with_name("fake_program.py"))

    def answer(self, call: str, out: str = "", **more) -> None:
        self._write([*self._read(), {"call": call, "out": out, **more}])

    def fail(self, call: str, err: str = "it is out of order", rc: int = 1, **more) -> None:
        self._write([{"call": call, "err": err, "rc": rc, **more}, *self._read()])

    @property
    def calls(self) -> list[dict]:
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def commands(self, start: str = "") -> list[str]:
        return [call["command"] for call in self.calls if call["command"].startswith(start)]

    def _read(self) -> list[dict]:
        file = self.folder / "answers.json"
        return json.loads(file.read_text()) if file.exists() else []

    def _write(self, answers: list[dict]) -> None:
        (self.folder / "answers.json").write_text(json.dumps(answers))


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Fakes of docker, gh, make and python, before the real ones on PATH, and files that stand for GitHub's."""
    programs = Programs(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{programs.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return programs
