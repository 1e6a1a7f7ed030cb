"""A real Bento of a small champion, and what `bentoml containerize` hands to a builder of images."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from crowning import crown

import models
from sentiment import store
from sentiment.config import read_settings, tool_environment

ROOT = Path(__file__).parents[1]
FACTS = {"family": "tfidf", "git_commit": "c0ffee", "dataset_digest": "5b1455", "run_id": "d14217", "mlflow_version": "7"}
# As far as BentoML asks: it is there, and builds; what it is given to build from is kept.
_BUILDER = """#!/bin/sh
if [ "$1" = version ]; then echo '"28.0.0"'; else for context; do :; done; cp -r "$context" "$KEPT_CONTEXT"; fi
"""


@dataclass(frozen=True)
class Bundled:
    """A Bento: its tag, its folder in the store, and the environment of commands that are to find it."""

    tag: str
    folder: Path
    model: str
    environment: dict[str, str]


@dataclass(frozen=True)
class Image:
    """What an image is built from: the folder, and its Dockerfile as instructions with their arguments."""

    context: Path
    instructions: list[tuple[str, str]]

    @property
    def dockerfile(self) -> Path:
        return self.context / "env" / "docker" / "Dockerfile"

    def last(self, name: str) -> str:
        return [value for instruction, value in self.instructions if instruction == name][-1]

    def pairs(self, name: str) -> dict[str, str]:
        """The names and values of every ENV, or of every LABEL."""
        words = [word for instruction, value in self.instructions if instruction == name for word in shlex.split(value)]
        return dict(word.split("=", 1) for word in words)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory, tfidf_model, small_corpus):
    """The Bento of a small champion, as `python -m flows.bundle` builds it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(tmp_path_factory.mktemp("home")))
        for variable, value in tool_environment(read_settings()).items():
            patch.setenv(variable, value)
        served = tmp_path_factory.mktemp("served") / "model"
        tfidf_model.export(served, small_corpus[0])
        model = store.save(models.load(served), metadata=FACTS)
        crown(model)
        environment = dict(os.environ)
        answer = run([sys.executable, "-m", "flows.bundle"], environment)
        name, _, version = answer.stdout.strip().partition(":")
        yield Bundled(f"{name}:{version}", store.store_home() / "bentos" / name / version, model, environment)


@pytest.fixture(scope="module")
def image(bundled, tmp_path_factory) -> Image:
    """What Docker gets from `bentoml containerize`."""
    folder = tmp_path_factory.mktemp("builder")
    docker = folder / "docker"
    docker.write_text(_BUILDER, "ascii")
    docker.chmod(0o755)
    environment = bundled.environment | {"PATH": f"{folder}:{os.environ['PATH']}", "KEPT_CONTEXT": str(folder / "context")}
    run([sys.executable, "-m", "bentoml", "containerize", bundled.tag], environment, folder="/")
    return Image(folder / "context", read_instructions((folder / "context" / "env" / "docker" / "Dockerfile").read_text("utf-8")))


def run(command, environment, *, folder=ROOT, seconds=200):
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer


def read_instructions(dockerfile: str) -> list[tuple[str, str]]:
    code = "\n".join(line for line in dockerfile.splitlines() if not line.startswith("#"))
    lines = code.replace("\\\n", "").splitlines()
    return [(name, value.strip()) for name, _, value in (line.strip().partition(" ") for line in lines) if name]
