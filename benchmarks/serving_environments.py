"""The virtual environment of each contender, made once below SENTIMENT_HOME.

It holds the contender's requirements and nothing else.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "serving_peers"
SERVICE, PROJECT = "service", "project"  # what our service needs; this very environment
_CONSTRAINTS = ROOT / "constraints.txt"
_MARK = "installed.txt"


def make_environment(name: str, home: Path) -> Path:
    """Return the Python of an environment, made anew if its requirements have changed.

    Raises:
        SystemExit: pip failed; its output says why.
    """
    if name == PROJECT:
        return Path(sys.executable)
    wanted = read_requirements(name)
    folder = home / "envs" / name
    mark = "\n".join([*wanted, hashlib.sha256(_CONSTRAINTS.read_bytes()).hexdigest(), sys.version])
    python = folder / "bin" / "python"
    if not (folder / _MARK).exists() or (folder / _MARK).read_text("utf-8") != mark:
        print(f"installing the environment {name!r}: {', '.join(wanted)}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--python",
            str(python),
            "install",
            "-qq",
        ]
        _run([*pip, "--constraint", str(_CONSTRAINTS), *wanted])
        (folder / _MARK).write_text(mark, "utf-8")
    return python


def read_requirements(name: str) -> list[str]:
    """Return an environment's requirements: a peer's own file, or the service's extras."""
    if name != SERVICE:
        lines = (PEERS / f"{name}.txt").read_text("utf-8").splitlines()
        return [line for line in lines if line and not line.startswith("#")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["serve"]]


def installed_mb(python: Path) -> float:
    """Return the megabytes of all packages in an environment, their bytecode included."""
    folders = [
        folder for folder in (python.parent.parent / "lib").glob("python*/site-packages") if folder.is_dir()
    ]
    return (
        sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file()) / 1e6
    )


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - pip and venv
        raise SystemExit(f"error: {' '.join(command[:4])} ... failed, as told above")
