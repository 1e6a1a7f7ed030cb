"""The files beside the models that name the champion, the shadow and the fallen: read, locked, written. No model is loaded here."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sentiment import durable
from sentiment.config import MODEL_NAME
from sentiment.errors import GateError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# One tag per line: the champion, then those before it, the latest first.
POINTER_FILE = f"{MODEL_NAME}.champion"
SHADOW_FILE = f"{MODEL_NAME}.shadow"
FALLEN_FILE = f"{MODEL_NAME}.fallen.jsonl"
_LOCK_SECONDS = 30


@dataclass(frozen=True)
class Fallen:
    """A champion that was rolled back: its tag, the one that took its place, when (ISO 8601, UTC) and why."""

    tag: str
    successor: str
    at: str
    because: str


def read_tags(path: Path) -> list[str]:
    """Return the tags that a file names, the first one first; none where there is no file.

    Raises:
        StoreError: The file cannot be read, or is empty.
    """
    try:
        tags = path.read_text("ascii").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeError) as error:
        raise StoreError(
            f"{path} cannot be read ({type(error).__name__}): restore it, or write the model's tag into it"
        ) from error
    if not tags:
        raise StoreError(f"{path} is empty: restore it, or write the model's tag into it")
    return tags


def write_tags(path: Path, tags: list[str]) -> None:
    """Write a file of tags in one step: whoever reads it sees the old ones or the new ones."""
    durable.replace(path, "".join(f"{tag}\n" for tag in tags).encode())


def read_fallen(path: Path) -> list[Fallen]:
    """Return the champions that were rolled back, the earliest first.

    Raises:
        StoreError: The file cannot be read.
    """
    try:
        return [Fallen(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(
            f"{path} cannot be read ({type(error).__name__}): mend or restore it; it keeps what was rolled back out"
        ) from error


def write_fallen(path: Path, fallen: list[Fallen]) -> None:
    """Write the champions that were rolled back, in one step."""
    durable.replace(path, "".join(f"{json.dumps(asdict(one))}\n" for one in fallen).encode())


@contextlib.contextmanager
def locked(path: Path) -> Iterator[list[str]]:
    """Hold the lock of the champion's pointer, and give its tags.

    Raises:
        StoreError: The pointer cannot be read, or has been locked for too long.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=_LOCK_SECONDS):
            yield read_tags(path)
    except Timeout as error:
        raise StoreError(
            f"{path} has been locked for {_LOCK_SECONDS} s: see who holds it, then run again"
        ) from error


def refuse_change(tags: list[str], expected: str | None) -> None:
    """Raise a GateError if the first of the tags is not the expected one (None: there are none)."""
    present = tags[0] if tags else None
    if present != expected:
        raise GateError(
            f"the champion is {present or 'none'}, not {expected or 'none'}: it changed meanwhile; look at it, judge again, then promote"
        )
