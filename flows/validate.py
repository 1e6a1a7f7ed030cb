"""Append settled items to the dataset of validated feedback: `python -m flows.validate`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.validate import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from prefect import flow
from prefect.logging import get_run_logger

from flows.arguments.validate import make_parser
from flows.prepare import prepared_dataset
from flows.table_flags import data_of
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data import validated_feedback
from sentiment.data.division import divide
from sentiment.errors import ReviewError
from sentiment.review.admission import Caps, Known, choose_rows, to_rows
from sentiment.review.items import UNCLEAR
from sentiment.review.queue import ReviewQueue

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment.data.dataset import Dataset
    from sentiment.data.validated_row import ValidatedRow

_LOCK_SECONDS = 60


@flow(name="validate", persist_result=False)
def validate(data: str = "default") -> dict[str, Any]:
    """Append settled items to the dataset, renew its manifest, and return it with the counts.

    `data` is the base that the models train on: what is near one of its test or validation texts
    never joins. Safe to repeat and to interrupt: an item joins once.

    Raises:
        ReviewError: The queue cannot be reached, or another run is at it.
        DataError: The base cannot be read, or the dataset was changed by hand.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    base, path = prepared_dataset(data), settings.validated_path
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = settings.home / "validate.lock"
    try:
        with FileLock(lock, timeout=_LOCK_SECONDS), ReviewQueue.from_settings(settings) as queue:
            feedback_ids = {row.feedback_id for row in validated_feedback.each_validated(path)}
            known = Known(feedback_ids, queue.audit_frontier())
            caps = Caps(settings.source_cap, settings.week_cap)
            choice = choose_rows(queue.settled(), base, caps, known)
            # Closed first, appended then: cut off in between, they join the next time, with the
            # label that they have.
            item_ids = (decision.item.item_id for decision in choice.admitted)
            closed = queue.close_items(item_ids, now=datetime.now(UTC))
            rows = [row for each in closed if each.label != UNCLEAR for row in to_rows(each, known)]
            facts = {**_facts(base, path, rows), "refused": dict(choice.refused), **_progress(queue)}
            new = validated_feedback.append(path, rows, facts)
    except Timeout as error:
        raise ReviewError(
            f"another run has held {lock} for {_LOCK_SECONDS} s: wait for it or stop it, then run again"
        ) from error
    get_run_logger().info("%d new rows; refused: %s", new, choice.refused or "none")
    return {**validated_feedback.read_manifest(path), "new": new}


def _facts(base: Dataset, path: Path, new: list[ValidatedRow]) -> dict[str, Any]:
    """Return the manifest's facts on how the rows are divided, new ones among them."""
    parts = divide(chain(validated_feedback.each_validated(path), new), base)
    return {
        "base": {"name": base.name, "digest": base.digest},
        "training_rows": len(parts.lessons.texts),
        "evaluation_rows": len(parts.feedback.texts) if parts.feedback else 0,
        "exam_rows": len(parts.exam.texts) if parts.exam else 0,
    }


def _progress(queue: ReviewQueue) -> dict[str, Any]:
    """Return the manifest's facts on the review: the audit's progress, and the agreement."""
    agreement = queue.agreement()
    return {
        "audit": asdict(queue.progress().audit),
        "kappa": {
            "fleiss": agreement.fleiss,
            "items": agreement.items,
            "cohen": {
                " and ".join(pair): {"kappa": kappa, "items": items}
                for pair, (kappa, items) in agreement.cohen.items()
            },
        },
    }


def main() -> None:
    """Read the command line, run the flow and print the counts."""
    done = validate(data_of(make_parser().parse_args()))
    refused = ", ".join(f"{count} {reason}" for reason, count in done["refused"].items()) or "none"
    audit = ", ".join(f"{count} {state}" for state, count in done["audit"].items())
    print(
        f"{done['new']} new rows, {done['rows']} in all ({done['evaluation_rows']} kept for evaluation); "
        f"refused: {refused}; audit: {audit}"
    )


if __name__ == "__main__":
    sys.exit(run_command(main))
