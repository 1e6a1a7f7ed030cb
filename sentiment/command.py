"""What the flows' commands share: the environment first, errors as one line and an exit code."""

from __future__ import annotations

import argparse
import io
import logging
import sys
from typing import TYPE_CHECKING

from models import ModelError
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import ConfigError, SentiloopError
from sentiment.prefect_access import apply_prefect_access

if TYPE_CHECKING:
    from collections.abc import Callable

EXPECTED = (SentiloopError, ModelError)
_INTERRUPTED = 130  # what shells report for Ctrl-C


def prepare_environment(parser: argparse.ArgumentParser | None = None) -> None:
    """Set the tools' defaults and the login of this machine's Prefect servers, or exit with 1.

    Call it before Prefect is imported, which reads its settings at once. With the command's parser,
    `--help` and a flag that is wrong end here, before anything large is loaded.
    """
    if parser:
        parser.parse_args()
    try:
        settings = read_settings()
        apply_tool_environment(settings)
        apply_prefect_access(settings)
    except (ConfigError, OSError) as error:
        sys.exit(f"error: {error}")


def run_command(command: Callable[[], None]) -> int:
    """Run a flow's command and return its exit code.

    An expected error is one line on stderr; any other keeps its traceback. A sign that the terminal
    has no code for is printed as `?`.
    """
    _tolerate_signs()
    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(_is_worth_showing)
    try:
        command()
    except EXPECTED as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return _INTERRUPTED
    finally:
        for handler in handlers:
            handler.removeFilter(_is_worth_showing)
    return 0


def whole_number(what: str, least: int, most: int) -> Callable[[str], int]:
    """Return an argparse type for whole numbers from `least` to `most`; `what` they count."""

    def parse(text: str) -> int:
        number = int(text) if text.isdecimal() else least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of {what} from {least} to {most}")
        return number

    return parse


def _tolerate_signs() -> None:
    """Print `?` for what the streams' encoding lacks: else good work would end in an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _is_worth_showing(record: logging.LogRecord) -> bool:
    """Return False for Prefect's traceback of an expected error.

    The run's page shows it; the terminal gets one line.
    """
    return not (record.exc_info and isinstance(record.exc_info[1], EXPECTED))
