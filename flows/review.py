"""The review queue for scripts: its status, export and import: `python -m flows.review`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.review import make_parser

    make_parser().parse_args()  # a wrong flag or --help ends here, before anything large is loaded

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.arguments.review import make_parser
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import ReviewError
from sentiment.review import annotation_files
from sentiment.review.agreement import in_words
from sentiment.review.judged_files import read_judgements
from sentiment.review.queue import ReviewQueue

if TYPE_CHECKING:
    from collections.abc import Mapping


def main() -> None:
    """Read the command line and run the command that it names."""
    chosen = make_parser().parse_args()
    if chosen.command == "config":
        print(annotation_files.LABEL_STUDIO_CONFIG)
        return
    settings = read_settings()
    apply_tool_environment(settings)
    with ReviewQueue.from_settings(settings) as queue:
        if chosen.command == "status":
            print(status(queue))
        elif chosen.command == "export":
            write_file(queue, chosen.file, with_judgements=chosen.judgements)
        else:
            names = {
                number: name for number, _, name in (given.rpartition("=") for given in chosen.annotator)
            }
            read_file(queue, chosen.file, names, chosen.encoding)


def status(queue: ReviewQueue) -> str:
    """Return the progress and the agreement in a few lines."""
    progress, agreement = queue.progress(), queue.agreement()
    lines = [
        f"{progress.items} items: {progress.settled} settled ({progress.unclear} of them unclear), "
        f"{progress.disagreements} to adjudicate, {progress.waiting} waiting",
        "audit: " + ", ".join(f"{count} {state}" for state, count in asdict(progress.audit).items()),
    ]
    lines += [
        f"{first} and {second}: Cohen's kappa {_kappa(kappa)} on {shared}"
        for (first, second), (kappa, shared) in agreement.cohen.items()
    ]
    return "\n".join([*lines, f"all: Fleiss' kappa {_kappa(agreement.fleiss)} on {agreement.items}"])


def write_file(queue: ReviewQueue, path: Path, *, with_judgements: bool = False) -> None:
    """Write the waiting items, or all with their judgements, to a file: .json or .csv."""
    write = {".json": annotation_files.to_label_studio, ".csv": annotation_files.to_csv}.get(
        path.suffix.lower()
    )
    if write is None:
        raise ReviewError(f"{path.name} is neither .json nor .csv: choose one of the two")
    items = queue.items(waiting=not with_judgements)
    try:
        text = write(items, queue.judgements() if with_judgements else ())
        path.write_text(text, annotation_files.FILE_ENCODINGS[path.suffix.lower()])
    except OSError as error:
        raise ReviewError(
            f"{path} cannot be written ({error.strerror or error}): choose another file"
        ) from error
    print(f"{len(items)} items in {path}")


def read_file(queue: ReviewQueue, path: Path, names: Mapping[str, str], encoding: str | None = None) -> None:
    """Import the judgements of a file and print those that cannot be imported.

    `names` are the annotators' names by the file's numbers.
    """
    judgements, problems = read_judgements(path, encoding)
    named = annotation_files.name_annotators(judgements, names)
    done = annotation_files.take_in(queue, named, problems, now=datetime.now(UTC))
    for problem in done.problems:
        print(f"left out: {problem}", file=sys.stderr)
    print(f"{done.kept} judgements kept, {done.known} known already, {len(done.problems)} left out")
    if done.problems and not done.kept + done.known:
        raise ReviewError(f"no judgement in {path.name} can be used: the lines above say why")


def _kappa(value: float | None) -> str:
    return in_words(value) if value is None else f"{value:.2f} ({in_words(value)})"


if __name__ == "__main__":
    sys.exit(run_command(main))
