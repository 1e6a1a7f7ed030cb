"""Decide whether a candidate becomes the champion, and write it down: `python -m flows.promote`. No other file writes the champion."""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prefect import flow
from prefect.logging import get_run_logger

from flows import judging
from flows.prepare import prepared_dataset
from sentiment import registry, store, tracking
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import GateError, StoreError
from sentiment.evaluate import evaluate
from sentiment.gate import judge
from sentiment.thresholds import Thresholds
from sentiment.verdict import Decision, Override, Verdict
from sentiment.verdict_text import headline

if TYPE_CHECKING:
    from sentiment.evidence import Evidence

EXIT_CODES = {Decision.PROMOTE: 0, Decision.HOLD: 3, Decision.REJECT: 4}


@flow(name="promote", flow_run_name="promote {candidate}", persist_result=False)
def promote(candidate: str = "challenger", data: str = "default", approved_by: tuple[str, ...] = (), because: str = "") -> Verdict:
    """Judge a registered version (alias or number) against the present champion, and promote it if the gate says so.

    Both are scored anew by the same code on the test split of `data` and on validated feedback. `approved_by` names people who promote it
    whatever the gate says, and `because` their reason: both are recorded.

    Raises:
        TrackingError: MLflow does not answer, or holds no such version.
        StoreError: The present champion is missing from the store.
        ModelError: One of the two models cannot be loaded.
        DataError: The data cannot be read.
        GateError: The champion changed while this was judged, or an override lacks a name or a reason.
    """
    settings = read_settings()
    override = _make_override(approved_by, because)
    apply_tool_environment(settings)
    tracking.connect(settings)
    version, dataset = registry.read_version(candidate), prepared_dataset(data)
    _restore()
    expected, champion = store.pointer(), judging.find_champion()
    with registry.downloaded(version) as folder:
        new = judging.challenger(version, folder)
        evidence = judging.gather(new, champion, dataset, settings.validated_path)
        verdict = judge(
            evidence,
            now=datetime.now(UTC),
            thresholds=Thresholds.from_settings(settings),
            override=override,
            earlier_judgements=judging.earlier_judgements(evidence.test),
        )
        judging.record(verdict, version, settings.home)
        if verdict.is_promoted:
            _crown(new, version, expected, evidence)
    _align(store.champion() if store.has_champion() else None)
    get_run_logger().info("version %s: %s", version.number, headline(verdict))
    return verdict


@flow(name="roll back", persist_result=False)
def roll_back(because: str = "") -> str:
    """Make the champion before this one the champion again, and return its tag. It is served even if MLflow cannot be told.

    Raises:
        StoreError: There is no earlier champion, or the store holds it no longer.
        TrackingError: The champion is changed, but MLflow does not answer.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    fallen = store.champion()
    tag = store.roll_back(expected=fallen.tag)
    get_run_logger().info("%s is the champion again, in place of %s", tag, fallen.tag)
    tracking.connect(settings)
    reason = because or "no reason given"
    with tracking.start_run("rollback", tags={"kind": "rollback", "from": fallen.tag, "to": tag, "because": reason}):
        pass
    version = registry.version_of_run(fallen.metadata.get("run_id", ""))
    if version:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        registry.set_tags(version, {"rolled_back_at": now, "rolled_back_because": reason})
    _align(store.champion())
    return tag


@flow(name="shadow", persist_result=False)
def shadow(candidate: str) -> str:
    """Let a registered version score a share of the requests beside the champion, unseen; return its tag in the store.

    Raises:
        TrackingError: MLflow does not answer, or holds no such version.
        ModelError: The version cannot be loaded.
        StoreError: There is no champion, or the version gets every probe tweet wrong.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    tracking.connect(settings)
    version = registry.read_version(candidate)
    _restore()
    if store.pointer() is None:  # the newest model is served then, and that would be the shadow, which nobody has judged
        raise StoreError("there is no champion that a shadow could run beside: run 'python -m flows.promote' first")
    with registry.downloaded(version) as folder:
        side = judging.challenger(version, folder)
        tag = store.save(judging.load_model(side), metadata=_metadata(side))
    end_shadow()
    store.set_shadow(tag)
    return tag


def end_shadow() -> None:
    """End the shadow, if there is one, and take its copy out of the store."""
    present = store.shadow()
    store.set_shadow(None)
    if present and present.tag not in store.pointed():
        store.remove(present.tag)


def _make_override(approved_by: tuple[str, ...], because: str) -> Override | None:
    names, reason = tuple(name.strip() for name in approved_by), because.strip()
    if not names and not reason:
        return None
    if not names or not all(names) or not reason:
        raise GateError("an override needs who approved it and why: give --approved-by NAME and --because REASON")
    return Override(names, reason)


def _crown(new: judging.Side, version: registry.Version, expected: str | None, evidence: Evidence) -> None:
    """Save the challenger and point to it, if the champion is still the one that it was judged against."""
    score = evaluate(evidence.test.labels, evidence.challenger.scores["test"])["f1_macro"]
    tag = store.save(judging.load_model(new), metadata=_metadata(new) | {"test_f1_macro": f"{score:.6f}"})
    try:
        store.swap_champion(tag, expected=expected)
    except Exception:
        store.remove(tag)
        raise
    present = store.shadow()
    if present and present.metadata.get("run_id") == version.run_id:
        end_shadow()


def _restore() -> None:
    """Give an empty store the champion that MLflow knows, as on a new machine, and an unnamed champion its pointer."""
    if store.has_champion():
        if store.pointer() is None:
            store.swap_champion(store.newest().tag, expected=None)
        return
    version = registry.find_version("champion")
    if version is None:
        return
    with registry.downloaded(version) as folder:
        side = judging.Side("champion", f"version {version.number}", folder, judging.challenger(version, folder).facts)
        store.swap_champion(store.save(judging.load_model(side), metadata=_metadata(side)), expected=None)


def _align(champion: store.StoredModel | None) -> None:
    """Let MLflow's aliases say what the store says, after a promotion, a rollback or an interrupted one of either."""
    for alias, model in (("champion", champion), ("previous", store.previous() if champion else None)):
        version = registry.version_of_run(model.metadata.get("run_id", "")) if model else None
        if version:
            registry.set_alias(alias, version)


def _metadata(side: judging.Side) -> dict[str, str]:
    keys = ("run_id", "mlflow_version", *judging.ORIGIN)
    return {key: str(side.facts[key]) for key in keys if key in side.facts}


def main() -> None:
    """Read the command line, run what it asks for and print what came of it."""
    parser = argparse.ArgumentParser(
        "python -m flows.promote",
        description="Judge a candidate against the champion; promote it, roll back, or let it run in the shadow.",
        epilog="Exit codes: 0 promoted or done, 1 error, 3 HOLD, 4 REJECT.",
    )
    parser.add_argument("--candidate", default="challenger", help="alias or number of a registered version (default: %(default)s)")
    parser.add_argument("--data", default="default", help="'default', a CSV file with text,label, or a TweetEval folder")
    parser.add_argument(
        "--approved-by", action="append", default=[], metavar="NAME", help="promote whatever the gate says; may be repeated"
    )
    parser.add_argument("--because", default="", metavar="REASON", help="why: for an override or a rollback")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--rollback", action="store_true", help="make the champion before this one the champion again")
    instead.add_argument("--shadow", metavar="CANDIDATE", help="let a version score a share of the requests, unseen")
    instead.add_argument("--no-shadow", action="store_true", help="end the shadow")
    chosen = parser.parse_args()
    if chosen.rollback:
        print(f"{roll_back(chosen.because)} is the champion again")
    elif chosen.shadow:
        print(f"{shadow(chosen.shadow)} runs in the shadow")
    elif chosen.no_shadow:
        end_shadow()
        print("no shadow")
    else:
        verdict = promote(chosen.candidate, chosen.data, tuple(chosen.approved_by), chosen.because)
        print(headline(verdict))
        sys.exit(0 if verdict.is_promoted else EXIT_CODES[verdict.decision])


if __name__ == "__main__":
    sys.exit(run_command(main))
