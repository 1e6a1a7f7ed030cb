"""The outputs of a deployment as shell variables: `eval "$(python -m infra.outputs sentiloop)"`.

Azure may change the case of an output's name (`AZURE_X` comes back as `azurE_X`); here it is upper
case again. Needs `az`, logged in, and no package.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys

from infra.programs import ProgramError, run_json

_SECONDS = 120


def read(group: str, deployment: str) -> dict[str, str]:
    """Return the outputs of a deployment by their names in upper case.

    Raises:
        ProgramError: az fails: there may be no such deployment.
    """
    where = ("--resource-group", group, "--name", deployment, "--query", "properties.outputs")
    outputs = run_json("az", "deployment", "group", "show", *where, "--output", "json", seconds=_SECONDS)
    return {name.upper(): str(output["value"]) for name, output in (outputs or {}).items()}


def main(arguments: list[str] | None = None) -> int:
    """Print one `export` for each output."""
    group = os.environ.get("AZURE_RESOURCE_GROUP", "").strip()
    parser = argparse.ArgumentParser(prog="python -m infra.outputs", description=__doc__)
    parser.add_argument("deployment", help="its name: sentiloop or bootstrap")
    more = "default: the variable AZURE_RESOURCE_GROUP"
    parser.add_argument("--group", default=group or None, required=not group, help=more)
    chosen = parser.parse_args(arguments)
    try:
        outputs = read(chosen.group, chosen.deployment)
    except ProgramError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name, value in outputs.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
