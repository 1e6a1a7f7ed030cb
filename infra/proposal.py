"""Propose new validated rows as a pull request: `python -m infra.proposal`.

Everything goes through `gh`, nothing through a git push.

The branch is named by the hash of the dataset: the same rows are proposed once, however often this
runs, and a newer proposal closes the older ones, since it contains their rows.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from infra.github import summarise
from infra.programs import run, run_json
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.data.validated_feedback import manifest_path, read_manifest, read_validated
from sentiment.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 120
_PREFIX = "feedback-"
_BRANCH = re.compile(_PREFIX + "[0-9a-f]{12}")
_COMMIT = (
    "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"
)


def propose(path: Path, *, base: str, pause: float = 5.0) -> str | None:
    """Open a pull request onto `base` with the dataset and its manifest, and return its URL.

    None where `base` has the same dataset already.

    Safe to repeat, also after a kill at any step.

    Raises:
        DataError: The dataset does not match its manifest.
        ProgramError: git or gh failed.
    """
    rows = read_validated(path)
    if not rows or not run("git", "status", "--porcelain", "--", str(path), seconds=_SECONDS).strip():
        summarise("No new validated rows.")
        return None
    branch = _PREFIX + hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    start = run("git", "rev-parse", "HEAD", seconds=_SECONDS).strip()
    head = _branch(branch, start, pause)
    if not _has_commit(head, start, pause):
        _commit(branch, head, (path, manifest_path(path)))
    address = _pull_request(branch, base, describe(read_manifest(path)), pause)
    _close_others(branch, address, pause)
    summarise(f"Proposed: {address}")
    return address


def describe(manifest: dict[str, Any]) -> str:
    """Return the dataset's summary for reviewers, as Markdown."""
    counts = ", ".join(f"{count} {label}" for label, count in manifest["counts"].items())
    refused = (
        ", ".join(f"{count} {reason}" for reason, count in manifest.get("refused", {}).items()) or "none"
    )
    lines = [
        (
            "Tweets that people settled, taken from the review queue. "
            "After the merge a challenger is trained on them and sent to the gate."
        ),
        "",
        (
            f"- {manifest['rows']} rows in all: {counts}; "
            f"{manifest.get('evaluation_rows', 0)} are kept for evaluation"
        ),
        f"- refused: {refused}",
        f"- SHA-256 of the file: `{manifest['sha256']}`",
    ]
    return "\n".join(lines)


def _branch(branch: str, start: str, pause: float) -> str:
    """Return the branch's head commit; a missing branch is created at `start`."""
    where = f"repos/{_repository()}/git"
    refs = run_json(
        "gh", "api", f"{where}/matching-refs/heads/{branch}", seconds=_SECONDS, tries=3, pause=pause
    )
    if not refs:
        made = ("--method", "POST", "--raw-field", f"ref=refs/heads/{branch}", "--raw-field", f"sha={start}")
        refs = [run_json("gh", "api", f"{where}/refs", *made, seconds=_SECONDS)]
    return str(refs[0]["object"]["sha"])


def _has_commit(head: str, start: str, pause: float) -> bool:
    """Return whether a branch has commits after `start`.

    A run that was killed, perhaps weeks ago, may have created the branch alone.
    """
    ask = ("gh", "api", f"repos/{_repository()}/compare/{start}...{head}")
    return head != start and int(run_json(*ask, seconds=_SECONDS, tries=3, pause=pause)["ahead_by"]) > 0


def _commit(branch: str, head: str, files: tuple[Path, ...]) -> None:
    """Commit files on the branch through GitHub, which signs the commit."""
    additions = [
        {"path": _inside(file), "contents": base64.b64encode(file.read_bytes()).decode()} for file in files
    ]
    change = {
        "branch": {"repositoryNameWithOwner": _repository(), "branchName": branch},
        "message": {"headline": "Validated feedback from the review queue"},
        "fileChanges": {"additions": additions},
        "expectedHeadOid": head,
    }
    request = json.dumps({"query": _COMMIT, "variables": {"input": change}})
    run("gh", "api", "graphql", "--input", "-", seconds=_SECONDS, text=request)


def _pull_request(branch: str, base: str, body: str, pause: float) -> str:
    """Return the URL of the branch's pull request; open it and start its checks if needed."""
    ask = ("gh", "pr", "list", "--head", branch, "--state", "all", "--json", "url")
    pull_requests = run_json(*ask, seconds=_SECONDS, tries=3, pause=pause)
    if pull_requests:
        return str(pull_requests[0]["url"])
    # A bot's pull request starts none.
    run("gh", "workflow", "run", "ci.yml", "--ref", branch, seconds=_SECONDS, tries=3, pause=pause)
    title = "Validated feedback from the review queue"
    branches = ("--head", branch, "--base", base)
    made = run("gh", "pr", "create", *branches, "--title", title, "--body", body, seconds=_SECONDS)
    return made.strip().splitlines()[-1]


def _close_others(branch: str, address: str, pause: float) -> None:
    """Close earlier proposals: this one contains their rows."""
    fields = "number,headRefName,isCrossRepository,author"
    ask = ("gh", "pr", "list", "--state", "open", "--limit", "100", "--json", fields)
    for other in run_json(*ask, seconds=_SECONDS, tries=3, pause=pause):
        if _is_proposal(other) and other["headRefName"] != branch:
            comment = ("--comment", f"Its rows are in {address} as well.")
            run("gh", "pr", "close", str(other["number"]), "--delete-branch", *comment, seconds=_SECONDS)


def _is_proposal(pull_request: dict[str, Any]) -> bool:
    """Return whether an open pull request is one of this program's, and nobody else's."""
    has_our_name = _BRANCH.fullmatch(pull_request["headRefName"]) is not None
    return has_our_name and pull_request["author"]["is_bot"] and not pull_request["isCrossRepository"]


def _inside(file: Path) -> str:
    """Return a file's path inside the repository."""
    return run(
        "git", "ls-files", "--full-name", "--cached", "--others", "--", str(file), seconds=_SECONDS
    ).strip()


def _repository() -> str:
    repository = os.environ.get("GITHUB_REPOSITORY", "").strip()
    if not repository:
        raise ConfigError("GITHUB_REPOSITORY has no value: set it to OWNER/NAME")
    return repository


def main() -> None:
    """Read the command line and propose new rows."""
    parser = argparse.ArgumentParser(
        "python -m infra.proposal", description="Open a pull request with new validated rows."
    )
    parser.add_argument("--base", default="main", help="the branch to merge into (default: %(default)s)")
    propose(read_settings().validated_path, base=parser.parse_args().base)


if __name__ == "__main__":
    sys.exit(run_command(main))
