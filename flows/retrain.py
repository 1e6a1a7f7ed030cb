"""Train challengers on the base and the validated feedback and send the best to the gate: `python -m flows.retrain`."""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Literal, cast, get_args

from filelock import FileLock, Timeout
from prefect import flow
from prefect.logging import get_run_logger

import models
from flows.plan import ROWS, Family, Plan, Profile, Seed
from flows.prepare import prepared_dataset
from flows.promote import EXIT_CODES, promote
from flows.train import train_and_register
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data import validated_feedback
from sentiment.errors import GateError
from sentiment.gate.verdict import Verdict
from sentiment.gate.verdict_text import headline
from sentiment.promotion.alignment import catch_up
from sentiment.promotion.saved_models import find_champion
from sentiment.supervision.alert_history import last_fired
from sentiment.supervision.alert_rule import read_rule
from sentiment.training import versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.config import Settings

Trigger = Literal["manual", "schedule", "rows", "alert"]


@flow(name="retrain", flow_run_name="retrain, {trigger}", persist_result=False)
def retrain(
    data: str = "default",
    profile: Profile | None = None,
    families: Literal["champion", "all"] = "champion",
    trigger: Trigger = "manual",
    seed: Seed = 0,
) -> Verdict | None:
    """Train challengers, let the gate judge the best one, and return its verdict; None where the trigger gives no reason to train.

    Args:
        data: 'default', a CSV file with the columns text and label, or a folder in TweetEval's
            form; a path is one of the worker's.
        profile: How much to train; the champion's own profile unless given.
        families: Which models to train: the champion's family, with a BERT to teach it if the
            champion had one, or all three.
        trigger: Why: rows trains if SENTIMENT_RETRAIN_MIN_ROWS validated rows are new since the
            last attempt, whatever the gate said of it; alert if the alert fired since that began;
            manual and schedule always.
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
    path = settings.home / "retrain.lock"
    try:
        with FileLock(path, blocking=False):
            catch_up(settings)
            champion = find_champion()
            facts = champion.facts if champion else {}
            return _retrain(
                settings, data, trigger, champion=facts, plan=_plan(facts, profile, families, seed)
            )
    except Timeout as error:
        raise GateError(
            f"another retraining runs (it holds {path}): wait for its verdict, or stop it, then start again"
        ) from error


def _retrain(
    settings: Settings, data: str, trigger: Trigger, *, champion: Mapping[str, str], plan: Plan
) -> Verdict | None:
    rows, feedback_digest = (
        validated_feedback.read_validated(settings.validated_path),
        validated_feedback.digest(settings.validated_path),
    )
    reason_not = _reason_not_to(settings, trigger, len(rows), _last_attempt(champion)) if champion else ""
    if reason_not:
        get_run_logger().info("not retrained: %s", reason_not)
        return None
    whole = prepared_dataset(data)
    feedback, evaluation = validated_feedback.divide(rows, whole)
    held_back = len(evaluation.texts) if evaluation else 0
    get_run_logger().info(
        "%d validated rows: %d to train on, %d kept for evaluation", len(rows), len(feedback.texts), held_back
    )
    facts = {
        "trigger": trigger,
        "feedback_digest": feedback_digest or "none",
        "feedback_rows": str(len(rows)),
    }
    judged = evaluation.texts if evaluation else ()
    _, version = train_and_register(whole, plan, feedback=feedback, judged=judged, facts=facts)
    return promote(candidate=version.number, data=data)


def _plan(
    champion: Mapping[str, str], profile: Profile | None, families: Literal["champion", "all"], seed: int
) -> Plan:
    """Return what to train; like is compared with like unless somebody chooses otherwise."""
    teacher = champion.get("teacher")
    alike = (
        (champion["family"], *(("bert",) if teacher else ())) if champion and families == "champion" else ()
    )
    own = cast("Profile", champion.get("profile", "quick"))
    return Plan(
        profile or own,
        cast("tuple[Family, ...]", alike or tuple(models.FAMILIES)),
        champion.get("base_model", teacher) if profile in (None, own) else None,
        seed,
        teacher_only=len(alike) > 1,
    )


def _last_attempt(champion: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is known of the last training that counts: the champion's or a later retraining's, whatever became of it."""
    attempts = [version.tags for version in versions.find_versions() if "trigger" in version.tags]
    return max([champion, *attempts], key=lambda one: one.get("trained_at", ""))


def _reason_not_to(settings: Settings, trigger: Trigger, rows: int, last: Mapping[str, str]) -> str:
    """Return why the trigger gives no reason to train, in words, or nothing."""
    if trigger == "rows":
        new = rows - int(last.get("feedback_rows", "0"))
        return (
            ""
            if new >= settings.retrain_min_rows
            else f"{new} validated rows are new, {settings.retrain_min_rows} are asked for"
        )
    if trigger == "alert":
        fired = last_fired(read_rule(), settings.alert_home)
        began = last.get("started_at") or last.get("trained_at")
        if not fired or (began and fired <= datetime.fromisoformat(began)):
            return f"the alert has not fired since the last training began ({began or 'unknown when'})"
    return ""


def main() -> None:
    """Read the command line, run the flow and print the verdict."""
    parser = argparse.ArgumentParser(
        "python -m flows.retrain",
        description="Train challengers on the base and the validated feedback; the gate judges the best.",
        epilog="Exit codes: 0 promoted or no reason to train, 1 error, 3 HOLD, 4 REJECT.",
    )
    parser.add_argument(
        "--data", default="default", help="'default', a CSV file with text,label, or a TweetEval folder"
    )
    parser.add_argument("--profile", choices=list(ROWS), help="how much to train (default: as the champion)")
    parser.add_argument(
        "--families",
        default="champion",
        choices=["champion", "all"],
        help="which models (default: the champion's, with its teacher)",
    )
    parser.add_argument(
        "--trigger", default="manual", choices=get_args(Trigger), help="why (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of every model (default: %(default)s)")
    chosen = parser.parse_args()
    verdict = retrain(chosen.data, chosen.profile, chosen.families, chosen.trigger, chosen.seed)
    print(headline(verdict) if verdict else "no reason to train, as the log says")
    sys.exit(EXIT_CODES[verdict.decision] if verdict and not verdict.is_promoted else 0)


if __name__ == "__main__":
    sys.exit(run_command(main))
