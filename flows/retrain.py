"""Train challengers on the base and the validated feedback and send the best to the gate: `python -m flows.retrain`."""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, cast, get_args

from filelock import FileLock, Timeout
from prefect import flow
from prefect.logging import get_run_logger

import models
from flows.prepare import prepared_dataset
from flows.promote import EXIT_CODES, promote
from flows.train import ROWS, Family, Plan, Profile, train_and_register
from sentiment import store, tracking, validated
from sentiment.alerting import read_rule
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import GateError
from sentiment.verdict_text import headline
from sentiment.watch import last_fired

if TYPE_CHECKING:
    from sentiment.config import Settings
    from sentiment.verdict import Verdict

Trigger = Literal["manual", "schedule", "rows", "alert"]


@flow(name="retrain", flow_run_name="retrain {profile}, {trigger}", persist_result=False)
def retrain(
    data: str = "default",
    profile: Profile = "quick",
    families: Literal["champion", "all"] = "champion",
    trigger: Trigger = "manual",
    seed: int = 0,
) -> Verdict | None:
    """Train challengers, let the gate judge the best one, and return its verdict; None where the trigger gives no reason to train.

    `families` is the champion's own or all three. `trigger` says why: `rows` trains if SENTIMENT_RETRAIN_MIN_ROWS validated rows are new
    since the champion, `alert` if the alert fired since it was trained, the others always.

    Raises:
        GateError: Another retraining runs, or the champion changed meanwhile.
        DataError: The data or the validated feedback cannot be read.
        ModelError: A model cannot be trained.
        TrackingError: MLflow does not answer.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    path = settings.home / "retrain.lock"
    try:
        with FileLock(path, blocking=False):
            return _retrain(settings, data, Plan(profile, _families(families), seed=seed), trigger)
    except Timeout as error:
        raise GateError(f"another retraining runs (it holds {path}): wait for its verdict, or stop it, then start again") from error


def _retrain(settings: Settings, data: str, plan: Plan, trigger: Trigger) -> Verdict | None:
    rows, feedback_digest = validated.read_validated(settings.validated_path), validated.digest(settings.validated_path)
    reason_not = _reason_not_to(settings, trigger, len(rows))
    if reason_not:
        get_run_logger().info("not retrained: %s", reason_not)
        return None
    tracking.connect(settings)
    whole = prepared_dataset(data)
    feedback, evaluation = validated.divide(rows, whole)
    held_back = len(evaluation.texts) if evaluation else 0
    get_run_logger().info("%d validated rows: %d to train on, %d kept for evaluation", len(rows), len(feedback.texts), held_back)
    facts = {"trigger": trigger, "feedback_digest": feedback_digest or "none", "feedback_rows": str(len(rows))}
    _, version = train_and_register(whole, plan, feedback=feedback, facts=facts)
    return promote(candidate=version.number, data=data)


def _families(choice: Literal["champion", "all"]) -> tuple[Family, ...]:
    every = cast("tuple[Family, ...]", tuple(models.FAMILIES))
    if choice == "all" or not store.has_champion():
        return every
    return (cast("Family", store.champion().metadata["family"]),)


def _reason_not_to(settings: Settings, trigger: Trigger, rows: int) -> str:
    """Return why the trigger gives no reason to train, in words, or nothing."""
    if trigger not in ("rows", "alert") or not store.has_champion():
        return ""
    champion = store.champion().metadata
    if trigger == "rows":
        new = rows - int(champion.get("feedback_rows", "0"))
        return "" if new >= settings.retrain_min_rows else f"{new} validated rows are new, {settings.retrain_min_rows} are asked for"
    fired = last_fired(read_rule(), settings.alert_home)
    trained = datetime.fromisoformat(champion.get("trained_at", datetime.min.replace(tzinfo=UTC).isoformat()))
    return "" if fired and fired > trained else f"the alert has not fired since the champion was trained on {trained:%Y-%m-%d %H:%M} UTC"


def main() -> None:
    """Read the command line, run the flow and print the verdict."""
    parser = argparse.ArgumentParser(
        "python -m flows.retrain",
        description="Train challengers on the base and the validated feedback; the gate judges the best.",
        epilog="Exit codes: 0 promoted or no reason to train, 1 error, 3 HOLD, 4 REJECT.",
    )
    parser.add_argument("--data", default="default", help="'default', a CSV file with text,label, or a TweetEval folder")
    parser.add_argument("--profile", default="quick", choices=list(ROWS), help="how much to train (default: %(default)s)")
    parser.add_argument("--families", default="champion", choices=["champion", "all"], help="which models (default: the champion's)")
    parser.add_argument("--trigger", default="manual", choices=get_args(Trigger), help="why (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every model (default: %(default)s)")
    chosen = parser.parse_args()
    verdict = retrain(chosen.data, chosen.profile, chosen.families, chosen.trigger, chosen.seed)
    print(headline(verdict) if verdict else "no reason to train, as the log says")
    sys.exit(EXIT_CODES[verdict.decision] if verdict and not verdict.is_promoted else 0)


if __name__ == "__main__":
    sys.exit(run_command(main))
