"""What the workflows call exists, with its options, and what they read is in the documents."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from cloud_fixtures import install
from workflows import FILES, FOLDER, ROOT, TEXTS, WORKFLOWS, scripts


@pytest.mark.parametrize("name", WORKFLOWS)
def test_only_commands_that_exist_are_called(name):
    text = "\n".join(scripts(f"{name}/"))
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert set(re.findall(r"^(?:bash \.ci/run|make) (\w+)", text, re.MULTILINE)) <= targets
    for module in re.findall(r"python3? -m ([\w.]+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module
    for file in re.findall(r"\.ci/\w+|infra/[\w.]+\.(?:bicep|bicepparam)\b", TEXTS[name]):
        assert (ROOT / file).is_file(), file
    for workflow in re.findall(r"gh workflow run (\S+)", text):
        assert (FOLDER / workflow).is_file()


def commands():
    commands_called = {
        command
        for script in scripts()
        for command in re.findall(r"python3? -m ((?:infra|flows)\.\w+[^\n|&)]*)", script)
    }
    return sorted(commands_called)


@pytest.mark.parametrize("command", commands())
def test_the_commands_take_the_options_that_they_are_given(command, monkeypatch, capsys):
    module, *words = command.split()
    verb = [word for word in words[:1] if not word.startswith("-")]
    monkeypatch.setattr(sys, "argv", [module, *verb, "--help"])

    with pytest.raises(SystemExit) as ended:
        importlib.import_module(module).main()

    assert ended.value.code == 0
    help_text = capsys.readouterr().out
    for option in re.findall(r"--[a-z-]+", command):
        assert option in help_text


def test_the_programs_that_python_calls_are_there_as_well():
    sources = "".join(
        (ROOT / "infra" / f"{name}.py").read_text("utf-8")
        for name in ("champion", "container_image", "proposal", "verdict")
    )
    modules = re.findall(r'"-m", "((?:flows|infra)\.\w+)"', sources)
    targets = re.findall(r'"make", "--silent", "(\w+)"', sources)

    assert {"flows.fetch", "flows.train", "flows.retrain", "infra.sbom"} == set(modules)
    for module in modules:
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), target


def test_every_variable_and_secret_is_in_the_documents():
    named = set(re.findall(r"(?:vars|secrets)\.(\w+)", "".join(TEXTS.values())))
    documents = "".join(
        (ROOT / "docs" / name).read_text("utf-8")
        for name in ("release.md", "deploy.md")
        if (ROOT / "docs" / name).exists()
    )

    assert {name for name in named if f"`{name}`" not in documents} == set()


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        (["check-jsonschema", "--builtin-schema", "vendor.github-workflows"], "runs-on:", "run-on:"),
        (
            ["zizmor", "--offline", "--quiet", "--no-progress", "--persona", "pedantic"],
            re.search(r"actions/checkout@\S+", TEXTS["ci"])[0],
            "actions/checkout@v7",
        ),
        (
            ["zizmor", "--offline", "--quiet", "--no-progress", "--persona", "pedantic"],
            "bash .ci/run check",
            "bash .ci/run ${{ github.head_ref }}",
        ),
    ],
)
def test_the_checks_of_make_check_pass_and_would_say_so(check, old, new, tmp_path):
    """The workflows as they are pass; one that is malformed or unsafe does not."""
    command = [Path(sys.executable).parent / check[0], *check[1:]]
    bad = tmp_path / ".github" / "workflows" / "bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(TEXTS["ci"].replace(old, new, 1))

    good, failed = (
        subprocess.run([*command, *files], capture_output=True, check=False)
        for files in (FILES.values(), [bad])
    )

    assert good.returncode == 0, good.stdout
    assert failed.returncode != 0


def test_a_bento_is_built_without_the_tracking_library():
    """The job that builds an image installs the extra `build`, which has no MLflow."""
    script = "import sys; sys.modules['mlflow'] = None; import flows.bundle, infra.sbom, infra.champion"
    script += "; from sentiment.training import source_code; import sentiment.promotion.fetching"

    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    assert "from sentiment.training.source_code import" in (ROOT / "flows" / "bundle.py").read_text("utf-8")


def test_the_audit_reads_every_list_of_packages_that_is_installed(programs, tmp_path):
    """Of torch the version that PyPI knows: of `2.13.0+cpu` no advisory speaks."""
    install(programs.folder, "pip-audit", ROOT / "tests" / "fixtures" / "fake_program.py")
    programs.answer("pip-audit")
    script = next(
        step["run"] for step in WORKFLOWS["ci"]["jobs"]["audit"]["steps"] if "sed" in step.get("run", "")
    )

    subprocess.run(
        ["bash", "-e", "-c", script], cwd=ROOT, env={**os.environ, "RUNNER_TEMP": str(tmp_path)}, check=True
    )

    (call,) = programs.calls
    lists = {word for option, word in pairwise(call["words"]) if option == "--requirement"}
    installed = {f"locks/{file.name}" for file in (ROOT / "locks").glob("*.txt")} - {"locks/torch.txt"}
    assert lists == {*installed, "data-packages.txt", "large-base-packages.txt", str(tmp_path / "torch.txt")}
    assert {"--strict", "--disable-pip", "--require-hashes"} <= set(call["words"])
    assert re.match(r"#.*\ntorch==[0-9.]+ \\\n    --hash=", (tmp_path / "torch.txt").read_text())
