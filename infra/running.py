"""What runs in Azure now, as the variables that keep it when infra/main.bicep is deployed again: `python -m infra.running`.

Only releases change the image and the traffic. Before there is an app it writes nothing. Needs
`az`, logged in, and no package.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from typing import Any

from infra.container_app import STABLE
from infra.programs import ProgramError, run_json
from sentiment.errors import SentiloopError

_ALL = 100
_SECONDS = 300


class RunningError(SentiloopError):
    """What runs is not settled."""


@dataclass(frozen=True)
class Running:
    """The revision that has all the traffic, "" where it goes to the newest one, and the image that it runs."""

    image: str
    revision: str

    def lines(self) -> str:
        """Return the two variables that the parameters files read."""
        return f"SENTIMENT_IMAGE={self.image}\nSENTIMENT_LIVE_REVISION={self.revision}\n"


def read(group: str, app: str) -> Running | None:
    """Return what runs in an app, or None if there is no such app yet.

    Raises:
        ProgramError: az fails.
        RunningError: A release is under way.
    """
    found = [one for one in _az("list", "--resource-group", group) if one["name"] == app]
    if not found:
        return None
    properties = found[0]["properties"]
    live = choose_live(properties["configuration"]["ingress"].get("traffic") or [])
    if not live:
        return Running(_image(properties), "")
    revision = _az("revision", "show", "--resource-group", group, "--name", app, "--revision", live)
    return Running(_image(revision["properties"]), live)


def choose_live(traffic: list[dict[str, Any]]) -> str:
    """Return the revision that has all the traffic, or "" where it follows the newest one.

    Raises:
        RunningError: Several revisions share the traffic, or a release watches another revision
            than the stable one.
    """
    serving = [share for share in traffic if share.get("weight")]
    stable = [share for share in traffic if share.get("label") == STABLE]
    if any(share["weight"] != _ALL for share in serving) or (stable and stable != serving):
        shares = ", ".join(
            f"{share.get('revisionName') or 'the newest'} {share['weight']}%" for share in serving
        )
        raise RunningError(f"a release is under way ({shares}): let it end, or roll it back, first")
    return "" if not serving or serving[0].get("latestRevision") else str(serving[0]["revisionName"])


def _image(properties: dict[str, Any]) -> str:
    return str(properties["template"]["containers"][0]["image"])


def _az(*words: str) -> Any:
    return run_json("az", "containerapp", *words, "--output", "json", "--only-show-errors", seconds=_SECONDS)


def main(arguments: list[str] | None = None) -> int:
    """Write the variables to stdout; nothing where there is no app yet."""
    parser = argparse.ArgumentParser(prog="python -m infra.running", description=__doc__)
    for option, variable in (("--group", "AZURE_RESOURCE_GROUP"), ("--app", "AZURE_CONTAINER_APP")):
        value = os.environ.get(variable, "").strip()
        parser.add_argument(
            option, default=value or None, required=not value, help=f"default: the variable {variable}"
        )
    chosen = parser.parse_args(arguments)
    try:
        running = read(chosen.group, chosen.app)
    except (ProgramError, RunningError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if running:
        print(running.lines(), end="")
    else:
        print(
            f"there is no {chosen.app} in {chosen.group} yet: SENTIMENT_IMAGE says what it is to run",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
