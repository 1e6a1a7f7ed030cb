"""The files beside the models that name the champion, the shadow and the rolled back champions.

No model is loaded here. On Azure Blob the champion's pointer has the same name and format.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sentiment import durable
from sentiment.config import MODEL_NAME
from sentiment.errors import GateError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

POINTER_FILE = f"{MODEL_NAME}.champion"
SHADOW_FILE = f"{MODEL_NAME}.shadow"
FALLEN_FILE = f"{MODEL_NAME}.fallen.jsonl"
_LOCK_SECONDS = 30


@dataclass(frozen=True)
class Fallen:
    """A champion that was rolled back: its tag, its successor, when (ISO 8601, UTC) and why."""

    tag: str
    successor: str
    at: str
    because: str


def format_tags(tags: Iterable[str]) -> bytes:
    r"""Return a pointer's content: a tag per line, the champion first, then those before it.

    >>> format_tags(["tweet-sentiment:b", "tweet-sentiment:a"])
    b'tweet-sentiment:b\ntweet-sentiment:a\n'
    """
    return "".join(f"{tag}\n" for tag in tags).encode()


def parse_tags(content: bytes) -> list[str]:
    """Return the tags of a pointer's content, the champion first; the inverse of `format_tags`.

    Raises:
        UnicodeDecodeError: The content is not ASCII.
    """
    return content.decode("ascii").split()


def put_first(tag: str, tags: Iterable[str]) -> list[str]:
    """Return the tags of a pointer after `tag` has become the champion.

    >>> put_first("a", ["b", "a"])
    ['a', 'b']
    """
    return [tag, *(other for other in tags if other != tag)]


def read_tags(path: Path) -> list[str]:
    """Return the tags that a file names, the champion first; an empty list without a file.

    Raises:
        StoreError: The file cannot be read, or is empty.
    """
    try:
        tags = parse_tags(path.read_bytes())
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
    durable.replace(path, format_tags(tags))


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
            f"{path} cannot be read ({type(error).__name__}): mend or restore it; "
            f"it keeps what was rolled back out"
        ) from error


def write_fallen(path: Path, fallen: list[Fallen]) -> None:
    """Write the champions that were rolled back, in one step."""
    durable.replace(path, "".join(f"{json.dumps(asdict(champion))}\n" for champion in fallen).encode())


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
            f"the champion is {present or 'none'}, not {expected or 'none'}: it changed meanwhile; "
            f"look at it, judge again, then promote"
        )
