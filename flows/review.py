"""The review queue for scripts: see how far it is, write it to a file, read judgements from one: `python -m flows.review`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from sentiment import annotation_files
from sentiment.agreement import in_words
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import ReviewError
from sentiment.review import ReviewQueue


def main() -> None:
    """Read the command line and do what it asks for."""
    parser = argparse.ArgumentParser(
        "python -m flows.review", description="The review queue, for scripts; people use the page's tab Review."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="how far the review is, and how far annotators agree")
    for name, more in (("export", "write the queue to a file"), ("import", "read judgements from a file")):
        command = commands.add_parser(name, help=f"{more}: .json is Label Studio's, .csv a table")
        command.add_argument("file", type=Path)
    chosen = parser.parse_args()
    settings = read_settings()
    apply_tool_environment(settings)
    with ReviewQueue.from_settings(settings) as queue:
        if chosen.command == "status":
            print(status(queue))
        elif chosen.command == "export":
            write_file(queue, chosen.file)
        else:
            read_file(queue, chosen.file)


def status(queue: ReviewQueue) -> str:
    """Return the progress and the agreement in a few lines."""
    progress, agreement = queue.progress(), queue.agreement()
    lines = [
        f"{progress.items} items: {progress.settled} settled ({progress.unclear} of them unclear), "
        f"{progress.disagreements} to adjudicate, {progress.waiting} waiting"
    ]
    lines += [
        f"{first} and {second}: Cohen's kappa {_kappa(kappa)} on {shared}" for (first, second), (kappa, shared) in agreement.cohen.items()
    ]
    return "\n".join([*lines, f"all: Fleiss' kappa {_kappa(agreement.fleiss)} on {agreement.items}"])


def write_file(queue: ReviewQueue, path: Path) -> None:
    """Write the queue to a file of the kind that its name says."""
    write = {".json": annotation_files.to_label_studio, ".csv": annotation_files.to_csv}.get(path.suffix.lower())
    if write is None:
        raise ReviewError(f"{path.name} is neither .json nor .csv: choose one of the two")
    items = queue.items()
    try:
        path.write_text(write(items, queue.judgements()), "utf-8")
    except OSError as error:
        raise ReviewError(f"{path} cannot be written ({error.strerror or error}): choose another file") from error
    print(f"{len(items)} items in {path}")


def read_file(queue: ReviewQueue, path: Path) -> None:
    """Keep the judgements of a file, and say which ones cannot be kept."""
    read = {".json": annotation_files.read_label_studio, ".csv": annotation_files.read_csv}.get(path.suffix.lower())
    if read is None:
        raise ReviewError(f"{path.name} is neither .json nor .csv: choose one of the two")
    try:
        judgements, problems = read(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewError(f"{path} cannot be read ({error}): give a file in UTF-8") from error
    done = annotation_files.take_in(queue, judgements, problems, now=datetime.now(UTC))
    for problem in done.problems:
        print(f"left out: {problem}", file=sys.stderr)
    print(f"{done.kept} judgements kept, {len(done.problems)} left out")


def _kappa(value: float | None) -> str:
    return in_words(value) if value is None else f"{value:.2f} ({in_words(value)})"


if __name__ == "__main__":
    sys.exit(run_command(main))
