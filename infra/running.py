"""The running image and traffic, as parameters for infra/main.bicep: `python -m infra.running`.

With them a deployment of the infrastructure keeps both: only releases change them. Before there is
an app it writes nothing. Needs `az`, logged in, and no package.
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
    """A release is in progress."""


@dataclass(frozen=True)
class Running:
    """The revision with all traffic ("" where traffic follows the newest one), and its image."""

    image: str
    revision: str

    def lines(self) -> str:
        """Return the two variables that the parameters files read."""
        return f"SENTIMENT_IMAGE={self.image}\nSENTIMENT_LIVE_REVISION={self.revision}\n"


def read(group: str, app: str) -> Running | None:
    """Return the serving revision of an app, or None if there is no such app yet.

    Raises:
        ProgramError: az fails.
        RunningError: A release is under way.
    """
    apps = [candidate for candidate in _az("list", "--resource-group", group) if candidate["name"] == app]
    if not apps:
        return None
    properties = apps[0]["properties"]
    live = choose_live(properties["configuration"]["ingress"].get("traffic") or [])
    if not live:
        return Running(_image(properties), "")
    revision = _az("revision", "show", "--resource-group", group, "--name", app, "--revision", live)
    return Running(_image(revision["properties"]), live)


def choose_live(traffic: list[dict[str, Any]]) -> str:
    """Return the revision with all traffic, or "" where traffic follows the newest one.

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
