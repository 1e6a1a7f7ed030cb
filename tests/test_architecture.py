"""Imports flow one way, importing does nothing, and `models` loads no framework before it must."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml
from rooms import ROOMS, ROOT, imports, reach, sources

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
# What each room of `sentiment` may import, besides the ground floor: the files beside the rooms.
FLOORS: dict[str, set[str]] = {
    "data": {"tables"},
    "feedback": set(),
    "champions": set(),
    "queries": set(),
    "supervision": {"data", "evaluation"},
    "tables": set(),
    "bulk": {"tables"},
    "evaluation": {"data"},
    "review": {"data", "feedback", "tables"},
    "drift": {"data", "feedback", "review"},
    "telemetry": {"feedback"},
    "serving": {"champions", "feedback", "telemetry"},
    "gate": {"data", "evaluation"},
    "training": {"data", "evaluation"},
    "promotion": {"champions", "training", "gate", "data", "evaluation"},
    "reports": {"data", "evaluation", "training", "gate", "supervision", "queries", "review", "drift"},
}
# What the image carries of `sentiment`, besides the ground floor, and what nothing in it names.
IMAGE = {"serving", "telemetry", "feedback", "champions"}
NOT_IN_THE_IMAGE = {"pandas", "mlflow", "prefect", "sklearn", "matplotlib", "sqlalchemy", "pyarrow"}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_flow_one_way(room):
    assert sources(room)
    for path in sources(room):
        used = {name.split(".")[0] for name in imports(path)} & set(ROOMS)
        assert used <= ALLOWED[room], f"{path.relative_to(ROOT)} imports {sorted(used - ALLOWED[room])}"


def rooms_imported(path: Path) -> set[str]:
    """The rooms of `sentiment` that a file imports; `ground floor` is the files beside them."""
    parts = [name.split(".")[1] for name in imports(path) if name.startswith("sentiment.")]
    return {part if part in FLOORS else "ground floor" for part in parts}


def test_every_room_of_sentiment_has_its_floor_and_its_sentence():
    rooms = {path.parent.name for path in (ROOT / "sentiment").glob("*/*.py")}
    contents = (ROOT / "sentiment" / "__init__.py").read_text("utf-8")

    assert rooms == set(FLOORS)
    assert {room for room in rooms if f"`{room}`" not in contents} == set()


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_imports_only_what_its_floor_allows(room):
    for path in sources(f"sentiment/{room}"):
        used = rooms_imported(path) - {room, "ground floor"}
        assert used <= FLOORS[room], f"{path.relative_to(ROOT)} imports {sorted(used - FLOORS[room])}"


def test_the_ground_floor_imports_no_room():
    for path in (ROOT / "sentiment").glob("*.py"):
        assert rooms_imported(path) <= {"ground floor"}, path.name


def test_the_floors_have_no_circle():
    TopologicalSorter(FLOORS).prepare()


def test_the_inits_of_the_rooms_hold_a_sentence_and_nothing_else():
    for room in set(FLOORS) - {"queries"}:
        tree = ast.parse((ROOT / "sentiment" / room / "__init__.py").read_text("utf-8"))
        assert [type(node) for node in tree.body] == [ast.Expr], room


def test_what_the_service_reaches_lies_in_the_rooms_of_the_image():
    reached = reach(ROOT / "service.py")

    folders = {path.relative_to(ROOT).parts[1] for path in reached if path.is_relative_to(ROOT / "sentiment")}
    assert len(reached) > 25
    assert {name for name in folders if not name.endswith(".py")} <= IMAGE


def test_nothing_in_the_rooms_of_the_image_names_what_the_image_has_not():
    paths = [path for room in IMAGE for path in sources(f"sentiment/{room}")]

    for path in [*paths, *(ROOT / "sentiment").glob("*.py"), ROOT / "service.py"]:
        named = {name.split(".")[0] for name in imports(path)}
        assert named & NOT_IN_THE_IMAGE == set(), path.relative_to(ROOT)


def test_the_bento_carries_the_rooms_of_the_image_and_no_other():
    included = yaml.safe_load((ROOT / "bentofile.yaml").read_text("utf-8"))["include"]

    of_sentiment = {line for line in included if line.startswith("/sentiment")}
    assert of_sentiment == {"/sentiment/*.py", *(f"/sentiment/{room}/" for room in IMAGE)}


COMMANDS = [
    path.stem for path in sorted((ROOT / "flows").glob("*.py")) if "\ndef main()" in path.read_text("utf-8")
]
# What each module must not load. A list is imported in one interpreter, in this order: what an
# earlier module may load, no later one forbids.
FORBIDDEN = (
    {
        "models": FRAMEWORKS,
        "sentiment.config": FRAMEWORKS,
        "sentiment.data.dataset": FRAMEWORKS,
        **{f"flows.arguments.{flow}": FRAMEWORKS for flow in COMMANDS},
        "demo": ("sklearn", "keras", "tensorflow", "torch", "transformers", "mlflow", "prefect", "gradio"),
        "service": ("sklearn", "keras", "tensorflow", "torch", "transformers", "mlflow", "prefect", "gradio"),
        "models.keras_net": ("torch", "transformers"),
    },
    {
        "app_gradio": (
            *("sklearn", "keras", "tensorflow", "torch", "transformers", "mlflow", "prefect", "bentoml"),
        ),
        "models.tfidf": ("keras", "tensorflow", "transformers"),  # skops loads torch where it is installed
        "models.bert": ("keras", "tensorflow"),
    },
)
IMPORT_EACH = """
import importlib, json, os, sys
for module, forbidden in json.loads(sys.argv[1]).items():
    before = dict(os.environ)
    importlib.import_module(module)
    changed = [name for name in os.environ if os.environ[name] != before.get(name)]
    print(json.dumps([module, sorted(set(sys.modules) & set(forbidden)), changed]))
"""


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    """By module: forbidden modules that its import loads, variables it sets, files it leaves."""
    traces = {}
    for modules in FORBIDDEN:
        folder = tmp_path_factory.mktemp("imports")
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SENTIMENT_HOME": str(folder / "home"),
        }
        command = [sys.executable, "-c", IMPORT_EACH, json.dumps(modules)]
        run = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=True)
        files = [path.name for path in folder.iterdir()]
        for module, loaded, changed in map(json.loads, run.stdout.splitlines()):
            traces[module] = (loaded, set(changed) - set(HARMLESS), files)
    return traces


@pytest.mark.parametrize("module", [module for modules in FORBIDDEN for module in modules])
def test_importing_a_module_loads_no_more_than_it_needs_and_leaves_no_trace(module, traces):
    assert traces[module] == ([], set(), [])


def test_every_flow_reads_its_command_line_before_it_loads_its_libraries():
    for flow in COMMANDS:
        tree = ast.parse((ROOT / "flows" / f"{flow}.py").read_text("utf-8"))
        first = next(node for node in tree.body if not isinstance(node, ast.Expr | ast.ImportFrom))
        assert ast.unparse(first).startswith("if __name__ == '__main__':\n    from flows.arguments."), flow
        assert "make_parser()" in ast.unparse(first), flow


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
    """Of two fixtures with one name, the order of the files would decide which a test gets."""
    homes: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                ast.unparse(decorator).startswith("pytest.fixture") for decorator in node.decorator_list
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


EVERY_FILE = [path for room in (*ROOMS, "tests") for path in sources(room)]


def test_files_stay_short_enough_to_read():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in EVERY_FILE}

    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}


def test_functions_stay_short_enough_to_read():
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in EVERY_FILE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 40
    }

    assert long == {}
