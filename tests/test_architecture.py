"""Imports flow one way, importing does nothing, and `models` loads no framework before it must."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest
from rooms import ROOMS, ROOT, imports, sources

FRAMEWORKS = (
    "sklearn",
    "skops",
    "keras",
    "tensorflow",
    "torch",
    "transformers",
    "mlflow",
    "prefect",
    "bentoml",
    "gradio",
    "pandas",
)
# What importing may set: the choice of Keras's backend, which Keras reads at its import, and what
# libraries set for themselves.
HARMLESS = (
    "KERAS_BACKEND",
    *(
        "ENABLE_RUNTIME_UPTIME_TELEMETRY",
        "HDF5_PLUGIN_PATH",
        "KMP_DUPLICATE_LIB_OK",
        "KMP_INIT_AT_FORK",
        "TF2_BEHAVIOR",
    ),
    *("TPU_ML_PLATFORM", "TPU_ML_PLATFORM_VERSION"),
)
# Who may import which room of ours.
ALLOWED = {
    "models": {"models"},
    "sentiment": {"models", "sentiment"},
    "flows": {"models", "sentiment", "flows"},
    "service": {"models", "sentiment"},
    "monitor": {"models", "sentiment", "monitor"},
    "infra": {"sentiment", "infra"},
    "page": {"models", "sentiment", "page"},
    "app_gradio": {"models", "sentiment", "page"},
    "demo": {"sentiment"},
    "loop": {"sentiment", "loop"},
    "benchmarks": {"models", "sentiment", "monitor", "benchmarks"},
}
# Rooms of `sentiment` that serve one side and know nothing of the other.
APART = {
    "training": {"champions", "feedback", "telemetry"},
    "champions": {"training", "feedback", "telemetry", "data", "evaluation"},
    "feedback": {"training", "champions", "telemetry", "data", "evaluation"},
    "data": {"training", "champions", "feedback", "telemetry", "evaluation"},
    "evaluation": {"training", "champions", "feedback", "telemetry"},
    "config": {"data", "evaluation", "training", "champions", "feedback", "telemetry"},
    "errors": {"config", "data", "evaluation", "training", "champions", "feedback", "telemetry"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_flow_one_way(room):
    assert sources(room)
    for path in sources(room):
        used = {name.split(".")[0] for name in imports(path)} & set(ROOMS)
        assert used <= ALLOWED[room], f"{path.relative_to(ROOT)} imports {sorted(used - ALLOWED[room])}"


@pytest.mark.parametrize("room", APART)
def test_rooms_of_sentiment_that_stand_apart_do_not_know_each_other(room):
    paths = sources(f"sentiment/{room}")

    used = {name.split(".")[1] for path in paths for name in imports(path) if name.startswith("sentiment.")}

    assert paths
    assert not used & APART[room]


def test_the_service_knows_neither_training_nor_tracking():
    used = imports(ROOT / "service.py")

    assert not {
        name
        for name in used
        if name.split(".")[0] in ("flows", "mlflow", "prefect", "sklearn", "keras", "torch", "transformers")
    }
    assert not used & {"sentiment.training", "sentiment.evaluation", "sentiment.data"}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("models", FRAMEWORKS),
        # Skops imports torch where it is installed.
        ("models.tfidf", ("keras", "tensorflow", "transformers")),
        ("models.keras_net", ("torch", "transformers")),
        ("models.bert", ("keras", "tensorflow")),
        ("sentiment.config", FRAMEWORKS),
        ("sentiment.data.dataset", FRAMEWORKS),
        (
            "service",
            ("sklearn", "keras", "tensorflow", "torch", "transformers", "mlflow", "prefect", "gradio"),
        ),
        (
            "app_gradio",
            ("sklearn", "keras", "tensorflow", "torch", "transformers", "mlflow", "prefect", "bentoml"),
        ),
        ("demo", ("sklearn", "keras", "tensorflow", "torch", "transformers", "mlflow", "prefect", "gradio")),
    ],
)
def test_importing_a_module_loads_no_more_than_it_needs_and_leaves_no_trace(module, forbidden, tmp_path):
    script = f"""
import os, sys
before = dict(os.environ)
import {module}
print(*sorted(set(sys.modules) & set({forbidden!r})))
print(*sorted(name for name in os.environ if os.environ[name] != before.get(name) and name not in {HARMLESS!r}))
"""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SENTIMENT_HOME": str(tmp_path / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=True,
    )

    assert run.stdout.split() == []
    assert list(tmp_path.iterdir()) == []


def test_no_file_in_flows_shares_its_name_with_a_room_or_a_library():
    names = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}

    assert not names & {
        *ROOMS,
        *FRAMEWORKS,
        *sys.stdlib_module_names,
        "data",
        "feedback",
        "evaluate",
        "datasets",
    }


def test_no_fixture_name_occurs_twice():
    """A name that two files define is the one or the other, by the order of the files."""
    homes: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                ast.unparse(one).startswith("pytest.fixture") for one in node.decorator_list
            ):
                homes.setdefault(node.name, []).append(path.name)

    assert len(homes) > 50
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def test_shared_fixtures_are_registered_in_one_place():
    registering = [
        path.name
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if "\npytest_plugins" in path.read_text("utf-8")
    ]

    assert registering == ["conftest.py"]


def test_files_stay_short_enough_to_read():
    long = {
        str(path.relative_to(ROOT)): lines
        for room in ROOMS
        for path in sources(room)
        if (lines := len(path.read_text("utf-8").splitlines())) > 360
    }

    assert long == {}
