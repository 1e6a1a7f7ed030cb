"""Train on the base and validated feedback, and judge the best: `python -m flows.retrain`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.retrain import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from filelock import FileLock, Timeout
from prefect import flow
from prefect.logging import get_run_logger

from flows.arguments.retrain import make_parser
from flows.prepare import prepared_dataset
from flows.promote import EXIT_CODES, promote
from flows.table_flags import data_of
from flows.train import train_and_register
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data import validated_feedback
from sentiment.data.division import divide
from sentiment.drift.history import History
from sentiment.errors import GateError
from sentiment.gate.verdict import Verdict
from sentiment.gate.verdict_text import headline
from sentiment.promotion.alignment import catch_up
from sentiment.promotion.saved_models import find_champion
from sentiment.supervision.alert_history import last_fired
from sentiment.supervision.alert_rule import read_rule
from sentiment.training.plan import Plan, Profile, Seed, Trigger, plan_like
from sentiment.training.retraining import (
    exam_start,
    last_attempt,
    last_retraining,
    no_alert,
    no_drift,
    too_few_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sentiment.config import Settings


@flow(name="retrain", flow_run_name="retrain, {trigger}", persist_result=False)
def retrain(
    data: str = "default",
    profile: Profile | None = None,
    families: Literal["champion", "all"] = "champion",
    trigger: Trigger = "manual",
    seed: Seed = 0,
) -> Verdict | None:
    """Train challengers, let the gate judge the best, and return its verdict.

    It returns None where the trigger gives no reason to train.

    Args:
        data: 'default', a table with the columns text and label, a folder with one for each split,
            or one in TweetEval's form; a path is one of the worker's. After a ? it may say how it
            is read: tweets.csv?label_column=mood.
        profile: How much to train; the champion's own profile unless given.
        families: Which models to train: the champion's family, with a BERT to teach it if the
            champion had one, or all three.
        trigger: Why: rows trains if SENTIMENT_RETRAIN_MIN_ROWS validated rows are new since the
            last attempt, whatever the gate said of it; alert if the alert fired since that began;
            drift if `flows.drift` found drift since then and a validated row is new; manual and
            schedule always.
        seed: The seed of every model; the same seed and data make the same models.

    Raises:
        GateError: Another retraining runs, or the champion changed meanwhile.
        DataError: The data or the validated feedback cannot be read.
        ModelError: A model cannot be trained.
        StoreError: The champion is missing from the store.
        TrackingError: MLflow does not answer.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    with _alone(settings.home / "retrain.lock"):
        catch_up(settings)
        champion = find_champion()
        facts = champion.facts if champion else {}
        plan = plan_like(facts, profile=profile, families=families, seed=seed)
        return _retrain(settings, data, trigger, champion=facts, plan=plan)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of retrainings, or raise a GateError if another retraining holds it."""
    try:
        with FileLock(path, blocking=False):
            yield
    except Timeout as error:
        raise GateError(
            f"another retraining runs (it holds {path}): wait for its verdict, or stop it, then start again"
        ) from error


def _retrain(
    settings: Settings, data: str, trigger: Trigger, *, champion: Mapping[str, str], plan: Plan
) -> Verdict | None:
    rows = validated_feedback.read_validated(settings.validated_path)
    feedback_digest = validated_feedback.digest(settings.validated_path)
    reason_not = _reason_not_to(settings, trigger, len(rows), champion) if champion else ""
    if reason_not:
        get_run_logger().info("not retrained: %s", reason_not)
        return None
    whole = prepared_dataset(data)
    exam_from = exam_start(champion, last_retraining())
    parts = divide(rows, whole, exam_from=exam_from)
    kept = sum(len(texts.texts) for texts in (parts.exam, parts.feedback) if texts)
    get_run_logger().info(
        "%d validated rows: %d tweets to train on, %d kept to judge",
        len(rows),
        len(parts.lessons.texts),
        kept,
    )
    facts = {
        "trigger": trigger,
        "feedback_digest": feedback_digest or "none",
        "feedback_rows": str(len(rows)),
        "exam_from": str(exam_from),
    }
    _, version = train_and_register(whole, plan, feedback=parts.lessons, facts=facts)
    return promote(candidate=version.number, data=data)


def _reason_not_to(settings: Settings, trigger: Trigger, rows: int, champion: Mapping[str, str]) -> str:
    """Return why the trigger gives no reason to train, or an empty string if it does."""
    if trigger == "rows":
        return too_few_rows(rows, settings.retrain_min_rows, last_attempt(champion))
    if trigger == "alert":
        return no_alert(last_fired(read_rule(), settings.alert_home), last_attempt(champion))
    if trigger == "drift":
        return no_drift(History.read(settings.drift_home).last_alarm, rows, last_attempt(champion))
    return ""


def main() -> None:
    """Read the command line, run the flow and print the verdict."""
    chosen = make_parser().parse_args()
    verdict = retrain(data_of(chosen), chosen.profile, chosen.families, chosen.trigger, chosen.seed)
    print(headline(verdict) if verdict else "no reason to train, as the log says")
    sys.exit(EXIT_CODES[verdict.decision] if verdict and not verdict.is_promoted else 0)


if __name__ == "__main__":
    sys.exit(run_command(main))
