"""Names who must review what can release: `python -m infra.owners @NAME ...`.

The repository comes without `.github/CODEOWNERS`, since GitHub ignores owners that it does not know
or that may not write, and nobody knows yours.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from sentiment.command import run_command
from sentiment.errors import ConfigError

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".github" / "CODEOWNERS"
# What a release runs, builds or installs, and what decides it.
PATHS = (
    *("/.ci/", "/.github/", "/infra/", "/locks/", "/Makefile", "/bentofile.yaml", "/compose.yaml"),
    *("/constraints.txt", "/data-packages.txt", "/large-base-packages.txt", "/pyproject.toml"),
)
_HEADER = (
    "# Who must review what can release. Written by `python -m infra.owners`: run it again to change it.\n"
)
_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9._-]+)?", re.ASCII)


def write_owners(owners: list[str], file: Path) -> None:
    """Write the file that makes the owners reviewers of what can release.

    Raises:
        ConfigError: An owner is no name on GitHub, or the file is somebody else's work.
    """
    wrong = [owner for owner in owners if not _OWNER.fullmatch(owner)]
    if wrong:
        raise ConfigError(f"{wrong[0]!r} is no name on GitHub: write @NAME or @ORGANISATION/TEAM")
    if file.exists() and not file.read_text("utf-8").startswith(_HEADER):
        raise ConfigError(f"{file} is not of this command: add the paths there, or remove it first")
    file.parent.mkdir(exist_ok=True)
    file.write_text(_HEADER + "".join(f"{path} {' '.join(owners)}\n" for path in PATHS), "utf-8")


def main() -> None:
    """Read the command line, write the file and say what is left to do."""
    parser = argparse.ArgumentParser(
        "python -m infra.owners", description="Write .github/CODEOWNERS: who must review what can release."
    )
    more = "@NAME of a person or @ORGANISATION/TEAM, who may write to the repository"
    parser.add_argument("owners", nargs="+", metavar="OWNER", help=more)
    write_owners(parser.parse_args().owners, FILE)
    print(
        f"{FILE.relative_to(ROOT)} is written: commit and push it, then require their review, "
        "as docs/release.md says"
    )


if __name__ == "__main__":
    sys.exit(run_command(main))
