"""Which code this is: its commit and the address of its repository. Imports no tracking library."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from sentiment.config import read_settings

_ROOT = Path(__file__).resolve().parents[2]


def source_version() -> dict[str, str]:
    """Return the tags `git_commit` and `git_dirty` of this code, `unknown` outside Git.

    In an image without Git, SENTIMENT_COMMIT says from which commit it was built.
    """
    built_from = read_settings().commit
    if built_from:
        return {"git_commit": built_from, "git_dirty": "false"}
    commit, changes = _git("rev-parse", "--verify", "HEAD"), _git("status", "--porcelain")
    return {
        "git_commit": commit or "unknown",
        "git_dirty": "unknown" if commit is None or changes is None else str(bool(changes)).lower(),
    }


def source_address() -> str | None:
    """Return the web address of this code's repository, or None.

    The address has no user and password.
    """
    address = describe_uri(_git("remote", "get-url", "origin") or "")
    return address.removesuffix(".git") if address.startswith(("http://", "https://")) else None


def describe_uri(uri: str) -> str:
    """Return an address without user, password and query, which may be shown.

    >>> describe_uri("https://ann:secret@mlflow.example:5000/x?token=y")
    'https://mlflow.example:5000/x'
    """
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else uri


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603
            ["git", "-C", str(_ROOT), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
