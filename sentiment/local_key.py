"""Random secrets of this installation, each in a file that only its owner may read."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sentiment import durable
from sentiment.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def read_or_make_key(path: Path, *, purpose: str, setting: str) -> str:
    """Return the secret kept in a file, made at random and with mode 0600 where there is none yet.

    Raises:
        ConfigError: The file is empty, or cannot be written or read; `purpose` and `setting` are in
            its message.
    """
    try:
        if not path.exists():
            durable.create_once(path, secrets.token_urlsafe(32).encode())
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeError) as error:
        reason = type(error).__name__
        raise ConfigError(f"the {purpose} {path} cannot be used ({reason}): set {setting}") from error
    if not key:
        raise ConfigError(f"the {purpose} {path} has 0 characters: delete it, or set {setting}")
    return key
