"""Wait until the workflow ci has passed a commit: `python -m infra.ci_result --commit COMMIT`.

A release begins beside ci, on the same push; this is what makes it wait. Needs `gh`, logged in, and
no package.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

from infra.programs import ProgramError, run_json
from sentiment.errors import SentiloopError

_SECONDS = 60
_ENDED = "completed"


class NotTestedError(SentiloopError):
    """The commit is not tested, or failed its tests."""


def judge(runs: list[dict[str, Any]], commit: str) -> bool:
    """Return whether one of ci's runs passed a commit; False while one may still pass it.

    A run that waits for a person's approval, as those of a bot's pull request do, counts as none.

    Raises:
        NotTestedError: No run passed it, and none is under way.
    """
    mine = [one for one in runs if one["head_sha"] == commit]
    if any(one.get("conclusion") == "success" for one in mine):
        return True
    if any(one["status"] != _ENDED for one in mine):
        return False
    ends = ", ".join(sorted({str(one.get("conclusion")) for one in mine})) or "no run of it"
    raise NotTestedError(
        f"ci has not passed {commit} ({ends}): let it pass on main, or start it there with "
        "'gh workflow run ci.yml', then run this again"
    )


def wait(repository: str, commit: str, *, minutes: float, pause: float = 30.0) -> None:
    """Return when ci has passed a commit.

    A run appears some seconds after its push, so that for two minutes none is no answer.

    Raises:
        NotTestedError: It failed, or did not pass in time.
        ProgramError: gh fails.
    """
    begin = time.monotonic()
    path = f"repos/{repository}/actions/workflows/ci.yml/runs?head_sha={commit}&per_page=100"
    while time.monotonic() < begin + minutes * 60:
        runs = run_json("gh", "api", path, seconds=_SECONDS, tries=3)["workflow_runs"]
        if (runs or time.monotonic() > begin + 4 * pause) and judge(runs, commit):
            return
        time.sleep(pause)
    raise NotTestedError(f"ci did not pass {commit} within {minutes:g} minutes: see its run")


def main(arguments: list[str] | None = None) -> int:
    """Wait; the exit code is 1 for a commit that ci did not pass."""
    parser = argparse.ArgumentParser(prog="python -m infra.ci_result", description=__doc__)
    parser.add_argument("--commit", required=True, help="its whole hash")
    parser.add_argument("--minutes", type=float, default=100.0, help="how long (default: %(default)g)")
    chosen = parser.parse_args(arguments)
    try:
        wait(os.environ["GITHUB_REPOSITORY"], chosen.commit, minutes=chosen.minutes)
    except (ProgramError, NotTestedError) as error:
        print(f"::error::{error}" if os.environ.get("GITHUB_ACTIONS") else f"error: {error}", file=sys.stderr)
        return 1
    print(f"ci has passed {chosen.commit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
