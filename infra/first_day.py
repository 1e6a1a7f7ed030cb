"""What only a subscription can confirm, checked there: `python -m infra.first_day`.

It reads, and changes nothing, unless `--write` is given. Needs `az` and `gh`, logged in, and the
extra `release`. docs/first-day.md explains each line.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from infra import first_day_azure, first_day_github
from infra.first_day_asking import Place
from infra.programs import ProgramError
from infra.smoke import Service, SmokeError
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.errors import ConfigError, SentiloopError

if TYPE_CHECKING:
    from collections.abc import Callable

State = Literal["yes", "NO", "look", "unknown"]
_NAMES = ("AZURE_RESOURCE_GROUP", "AZURE_CONTAINER_APP", "GITHUB_REPOSITORY", "SENTIMENT_WORKSPACE_ID")


@dataclass(frozen=True)
class Line:
    """A line of the table: what is checked, how it stands, and what was found."""

    check: str
    state: State
    found: str


def examine(place: Place, *, write: bool = False) -> list[Line]:
    """Return one line for each check; what cannot be read is a line as well."""
    checks: dict[str, Callable[[Place], tuple[bool | None, str]]] = {
        **first_day_github.CHECKS,
        **first_day_azure.CHECKS,
    }
    if write:
        checks["the service predicts, and refuses forged feedback"] = _smoke
    return [_line(name, check, place) for name, check in checks.items()]


def as_table(lines: list[Line]) -> str:
    """Return the lines as a table in Markdown."""
    rows = [f"| {line.check} | {line.state} | {line.found.replace('|', '/')} |" for line in lines]
    return "\n".join(["| check | | found |", "| --- | --- | --- |", *rows])


def _line(name: str, check: Callable[[Place], tuple[bool | None, str]], place: Place) -> Line:
    try:
        holds, found = check(place)
    except (ProgramError, SentiloopError) as error:
        return Line(name, "unknown", str(error))
    return Line(name, "look" if holds is None else "yes" if holds else "NO", found)


def _smoke(place: Place) -> tuple[bool | None, str]:
    key = read_settings().api_key
    with Service(place.service, key.get_secret_value() if key else None) as service:
        try:
            service.check()
        except SmokeError as error:
            return False, str(error)
    return True, "two known tweets have their labels; they are rows in the logs now"


def main() -> None:
    """Print the table; the exit code is 1 where a check does not hold."""
    parser = argparse.ArgumentParser(
        "python -m infra.first_day",
        description="Check what only a subscription can confirm. Reads only, without --write. "
        f"Which installation: the variables {', '.join(_NAMES)}.",
    )
    more = "also predict two tweets and send forged feedback, which leaves rows in the logs"
    parser.add_argument("--write", action="store_true", help=more)
    chosen = parser.parse_args()
    values = [os.environ.get(name, "").strip() for name in _NAMES]
    missing = [name for name, value in zip(_NAMES, values, strict=True) if not value]
    if missing:
        raise ConfigError(f"{', '.join(missing)} has no value: set it as docs/deploy.md says, step 6")
    lines = examine(Place(*values), write=chosen.write)
    print(as_table(lines))
    if any(line.state == "NO" for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(run_command(main))
