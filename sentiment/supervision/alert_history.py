"""The history file of an alert: one line for each time that it fired or was resolved."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING

from sentiment.errors import AlertError

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment.supervision.alert_rule import AlertRule
    from sentiment.supervision.notices import Notice


class AlertHistory:
    """The append-only history file: one line per change, even if it is sent twice."""

    name = "history"

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, notice: Notice) -> None:
        """Append the line of a change, unless the file has it."""
        facts = {
            "fired": notice.fired.isoformat(),
            "at": notice.at.isoformat(),
            "value": notice.value,
            "most": notice.most,
        }
        line = json.dumps({"change": notice.change, **facts})
        with self._path.open("a+", encoding="utf-8") as file:
            file.seek(0)
            text = file.read()
            if line not in text.splitlines():
                # A crash can leave half a line.
                file.write(f"{line}\n" if text.endswith("\n") or not text else f"\n{line}\n")
                file.flush()
                os.fsync(file.fileno())


def last_fired(rule: AlertRule, home: Path) -> datetime | None:
    """Return when the alert last fired, from the history file; None if it never did.

    Raises:
        AlertError: The history cannot be read.
    """
    path = home / "alerts" / f"{rule.name}.jsonl"
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        changes = [json.loads(line) for line in lines if line.endswith("}")]  # a crash can leave half a line
        fired = [datetime.fromisoformat(each["fired"]) for each in changes if each["change"] == "fired"]
        return max(fired, default=None)
    except (OSError, ValueError, KeyError) as error:
        raise AlertError(
            f"the history of the alert in {path} cannot be read ({type(error).__name__}): "
            "mend or move that file"
        ) from error
