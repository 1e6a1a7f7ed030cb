"""Locks every environment to the hashes of its packages: `python -m infra.locks`, by `make pin`.

The versions are those of `constraints.txt`; a file of `locks/` names each package of one extra of
`pyproject.toml` with the hashes of all its files. They are for CPython 3.11 on Linux x86-64, as CI,
image and releases are.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from sentiment.command import run_command

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "locks"
EXTRAS = (
    "audit",
    "blobs",
    "build",
    "collect",
    "dev",
    "flows",
    "learning",
    "release",
    "serve",
    "supervise",
    "train",
)
TORCH = "torch"  # it is on another index than the rest, so it has a file of its own
_BUILD = ("setuptools", "wheel")  # to install Sentiloop itself
_PLATFORM = ("--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28")
_HEADER = "# Made by `make pin` with uv: every package of the extra, with the hashes of its files.\n"


def lock(requirements: str, *options: str) -> str:
    """Return requirements and their dependencies, in pinned versions with hashes.

    Raises:
        subprocess.CalledProcessError: uv cannot resolve them; it has said why.
    """
    command = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"]
    command += [*_PLATFORM, "--constraint", "constraints.txt", *options, "-"]
    uv = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    answer = subprocess.run(  # noqa: S603 - our own arguments
        uv, cwd=ROOT, input=requirements, stdout=subprocess.PIPE, text=True, check=True
    )
    return _HEADER + answer.stdout


def lock_all() -> None:
    """Write the lock of each extra, and torch's, whose build for the CPU alone is on uv's indexes.

    Raises:
        subprocess.CalledProcessError: uv cannot resolve one of them.
    """
    FOLDER.mkdir(exist_ok=True)
    for extra in EXTRAS:
        own = ("pyproject.toml", "--extra", extra, "--no-emit-package", TORCH)
        (FOLDER / f"{extra}.txt").write_text(lock("\n".join(_BUILD), *own), "utf-8")
        print(f"locks/{extra}.txt")
    alone = re.search(rf"^{TORCH}==.*?(?=\n\S)", lock(TORCH), re.MULTILINE | re.DOTALL)
    (FOLDER / f"{TORCH}.txt").write_text(f"{_HEADER}{alone[0] if alone else ''}\n", "utf-8")
    print(f"locks/{TORCH}.txt")


def main() -> None:
    """Read the command line and write the locks."""
    argparse.ArgumentParser(
        "python -m infra.locks", description="Write locks/, one file per extra."
    ).parse_args()
    lock_all()


if __name__ == "__main__":
    sys.exit(run_command(main))
