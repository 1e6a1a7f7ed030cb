"""How the subjects of this repository's GitHub tokens begin: `python -m infra.subject`.

Azure compares a token's subject letter by letter. GitHub puts numbers into that of each repository
made, renamed or moved since 15 July 2026, so it is asked and never built from names. Needs `gh`,
logged in, and no package.
"""

from __future__ import annotations

import argparse
import os
import sys

from infra.programs import ProgramError, run_json
from sentiment.errors import SentiloopError

_SECONDS = 60


class SubjectError(SentiloopError):
    """The subjects of the repository's tokens are of a form that no credential here fits."""


def prefix_of(repository: str) -> str:
    """Return what stands before `:environment:NAME` in the subjects of a repository's tokens.

    Raises:
        ProgramError: gh fails.
        SubjectError: The repository has subjects of a form of its own.
    """
    path = f"repos/{repository}/actions/oidc/customization/sub"
    facts = run_json("gh", "api", path, seconds=_SECONDS, tries=3)
    keys = facts.get("include_claim_keys") or []
    if not facts.get("use_default", True) and keys != ["repo", "context"]:
        raise SubjectError(
            f"the tokens of {repository} have subjects of {keys}, not of the repository and the environment: "
            f"run 'gh api --method PUT {path} -F use_default=true'"
        )
    return str(facts.get("sub_claim_prefix") or f"repo:{repository}")


def main(arguments: list[str] | None = None) -> int:
    """Print the prefix."""
    repository = os.environ.get("GITHUB_REPOSITORY", "").strip()
    parser = argparse.ArgumentParser(prog="python -m infra.subject", description=__doc__)
    parser.add_argument(
        "--repository",
        default=repository or None,
        required=not repository,
        help="OWNER/NAME (default: the variable GITHUB_REPOSITORY)",
    )
    try:
        print(prefix_of(parser.parse_args(arguments).repository))
    except (ProgramError, SubjectError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
