"""Run another program: one thin runner with a time limit, retries, and one clear error.

What is run, and why, is its callers' business.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from itertools import takewhile
from typing import Any

from sentiment.errors import SentiloopError


class ProgramError(SentiloopError):
    """A program is missing, failed, took too long, or answered what cannot be read."""


def run(*command: str, seconds: float, text: str = "", tries: int = 1, pause: float = 5.0) -> str:
    """Run a program of PATH and return its stdout; `text` goes to its stdin.

    It has a process group of its own: at a timeout, or when we are stopped, its children end with
    it. A program that is safe to repeat is tried `tries` times, with a pause that doubles.

    Raises:
        ProgramError: It could not be started, failed, or took longer than `seconds`, in every try.
    """
    for left in range(tries - 1, -1, -1):
        try:
            return _run_once(command, seconds, text)
        except ProgramError:
            if not left:
                raise
        time.sleep(pause)
        pause *= 2
    raise ProgramError(f"{_name(command)} was to be tried {tries} times: give 1 or more")


def run_json(*command: str, seconds: float, tries: int = 1, pause: float = 5.0) -> Any:
    """Run a program as `run` does and parse its output as JSON; None for no output.

    Raises:
        ProgramError: As for `run`, or its output is no JSON.
    """
    output = run(*command, seconds=seconds, tries=tries, pause=pause)
    try:
        return json.loads(output) if output.strip() else None
    except ValueError as error:
        raise ProgramError(
            f"{_name(command)} wrote {output.strip()[:80]!r}, which is no JSON: check its version"
        ) from error


def _run_once(command: tuple[str, ...], seconds: float, text: str) -> str:
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )
    except OSError as error:
        raise ProgramError(
            f"{command[0]} cannot be started ({error.strerror or error}): install it, or put it on PATH"
        ) from error
    with process:
        try:
            output, problem = process.communicate(text, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise ProgramError(
                f"{_name(command)} took longer than {seconds:g} s and was ended: run this again"
            ) from error
        except BaseException:  # we are being stopped
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        said = problem.strip().splitlines() or ["it said nothing"]
        raise ProgramError(f"{_name(command)} failed with {process.returncode}: {said[-1][:500]}")
    return output


def _name(command: tuple[str, ...]) -> str:
    """Return a command's words before its options: these are long, and may hold secrets."""
    return f"'{' '.join(takewhile(lambda word: not word.startswith('-'), command[:5]))}'"
