"""Decide whether a candidate becomes the champion, and write it down: `python -m flows.promote`.

No other file writes the champion.
"""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import contextlib
import logging
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from prefect import flow
from prefect.logging import get_run_logger
from pydantic import Field

from flows import judging
from flows.prepare import prepared_dataset
from flows.show import show
from sentiment.champions import store
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import GateError, StoreError, TrackingError
from sentiment.evaluation.metrics import evaluate
from sentiment.gate.judge import judge
from sentiment.gate.thresholds import Thresholds
from sentiment.gate.verdict import Decision, Override, Verdict
from sentiment.gate.verdict_text import as_markdown, headline
from sentiment.training import runs, versions

if TYPE_CHECKING:
    from sentiment.config import Settings
    from sentiment.gate.evidence import Evidence

EXIT_CODES = {Decision.PROMOTE: 0, Decision.HOLD: 3, Decision.REJECT: 4}
_NOT_PROMOTED = {Decision.HOLD: "held", Decision.REJECT: "rejected"}
_logger = logging.getLogger(__name__)


@flow(name="promote", flow_run_name="promote {candidate}", persist_result=False)
def promote(
    candidate: Annotated[str, Field(min_length=1)] = "challenger",
    data: str = "default",
    approved_by: tuple[str, ...] = (),
    because: str = "",
) -> Verdict:
    """Judge a registered version against the present champion, and promote it if the gate says so.

    Both are scored anew by the same code on the test split of `data` and on validated feedback.

    Args:
        candidate: The registered version to judge: an alias, such as challenger, or a number.
        data: 'default', a CSV file with the columns text and label, or a folder in TweetEval's
            form; a path is one of the worker's.
        approved_by: People who promote it whatever the gate says; their names are recorded. Empty:
            the gate alone decides.
        because: Why they do; recorded as well.

    Raises:
        TrackingError: MLflow does not answer, or holds no such version.
        StoreError: The present champion is missing from the store.
        ModelError: One of the two models cannot be loaded.
        DataError: The data cannot be read.
        GateError: The champion changed while this was judged, or an override lacks a name or a
            reason.
    """
    settings = read_settings()
    override = _make_override(approved_by, because)
    apply_tool_environment(settings)
    catch_up(settings)
    version, dataset = versions.read_version(candidate), prepared_dataset(data)
    expected, champion = store.pointer(), judging.find_champion()
    with versions.downloaded(version) as folder:
        new = judging.challenger(version, folder)
        evidence = judging.gather(new, champion, dataset, settings.validated_path)
        limits, earlier = Thresholds.from_settings(settings), judging.earlier_judgements(evidence.test)
        verdict = judge(
            evidence, now=datetime.now(UTC), thresholds=limits, override=override, earlier_judgements=earlier
        )
        run_id = judging.record(verdict, version)
        if verdict.is_promoted:
            try:
                _crown(new, version, expected, evidence)
            except GateError:
                judging.note_outcome("overtaken", run_id, version)
                raise
    _tell(verdict, version, run_id, settings)
    return verdict


def _tell(verdict: Verdict, version: versions.Version, run_id: str, settings: Settings) -> None:
    """Say of a verdict that was carried out what came of it, wherever people look."""
    picture = judging.publish(verdict, settings.home)
    judging.note_outcome(
        "promoted" if verdict.is_promoted else _NOT_PROMOTED[verdict.decision], run_id, version
    )
    _align()
    said = f"version {version.number}: {headline(verdict)}"
    show("verdict", as_markdown(verdict), picture, description=said)
    get_run_logger().info(said)


def roll_back(because: str = "") -> str:
    """Make the champion before this one the champion again, and return its tag; neither Prefect nor MLflow has to be there.

    Raises:
        StoreError: There is no earlier champion, or the store holds it no longer.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    tag = store.roll_back(expected=store.pointer(), because=because or "no reason given")
    try:
        runs.connect(settings)
        _mark_fallen()
        _align()
    except TrackingError as error:  # no reason to fail: whoever ran this again would roll back twice
        _logger.warning("rolled back; MLflow will be told by the next run (%s)", error)
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
    catch_up(settings)
    version = versions.read_version(candidate)
    # The only model is served then, and that would be the shadow, which nobody has judged.
    if store.pointer() is None:
        raise StoreError(
            "there is no champion that a shadow could run beside: run 'python -m flows.promote' first"
        )
    with versions.downloaded(version) as folder:
        side = judging.challenger(version, folder)
        tag = _save(side, version)
    end_shadow()
    store.set_shadow(tag)
    return tag


def end_shadow() -> None:
    """End the shadow, if there is one, and take its copy out of the store."""
    tag = None
    with contextlib.suppress(StoreError):  # a file that cannot be read is taken away all the same
        tag = store.shadow_tag()
    store.set_shadow(None)
    if tag and tag not in store.pointed():
        store.remove(tag)


def catch_up(settings: Settings) -> None:
    """Connect to MLflow and bring it and the store together: what was rolled back is marked, an empty store gets its champion.

    Raises:
        TrackingError: MLflow does not answer.
        StoreError: Nothing says which of the store's models is the champion.
    """
    runs.connect(settings)
    _mark_fallen()
    _restore()
    _align()


def _make_override(approved_by: tuple[str, ...], because: str) -> Override | None:
    names, reason = tuple(name.strip() for name in approved_by), because.strip()
    if not names and not reason:
        return None
    if not names or not all(names) or not reason:
        raise GateError(
            "an override needs who approved it and why: give --approved-by NAME and --because REASON"
        )
    return Override(names, reason)


def _crown(new: judging.Side, version: versions.Version, expected: str | None, evidence: Evidence) -> None:
    """Save the challenger and point to it, if the champion is still the one that it was judged against."""
    shadow_tag = store.shadow_tag()
    shadowed = _version_of(shadow_tag) if shadow_tag else None
    score = evaluate(evidence.test.labels, evidence.challenger.scores["test"])["f1_macro"]
    tag = _save(new, version, test_f1_macro=f"{score:.6f}")
    try:
        store.swap_champion(tag, expected=expected)
    except Exception:
        store.remove(tag)
        raise
    if shadowed and shadowed.number == version.number:
        end_shadow()
    store.prune()


def _save(side: judging.Side, version: versions.Version, **more: str) -> str:
    """Put a copy of a version into the store and let the version say so, which is how a tag leads back to it; return the tag."""
    keys = ("run_id", "mlflow_version", *judging.ORIGIN)
    tag = store.save(
        judging.load_model(side),
        metadata={key: str(side.facts[key]) for key in keys if key in side.facts} | more,
    )
    versions.set_tags(version, {_mark_of(tag): tag})
    return tag


def _mark_of(tag: str) -> str:
    return f"stored_as_{tag.rpartition(':')[2]}"


def _version_of(tag: str) -> versions.Version | None:
    """Return the version that a tag is a copy of, even if the store has lost it; None if MLflow does not know."""
    return next(iter(versions.find_versions(**{_mark_of(tag): tag})), None)


def _mark_fallen() -> None:
    """Let MLflow know of every rollback, those that happened while it was away as well."""
    for fallen in store.fallen():
        version = _version_of(fallen.tag)
        if version and version.tags.get("rolled_back_at", "") < fallen.at:
            tags = {"kind": "rollback", "from": fallen.tag, "to": fallen.successor, "because": fallen.because}
            with runs.start_run("rollback", tags=tags):
                versions.set_tags(
                    version, {"rolled_back_at": fallen.at, "rolled_back_because": fallen.because}
                )


def _restore() -> None:
    """Name the champion of a store that names none: the one that MLflow knows, as on a new machine, or the only model that there is."""
    if store.pointer():
        return
    version = versions.find_version("champion")
    fallen = {_mark_of(one.tag) for one in store.fallen()}
    if version and not fallen & set(version.tags):
        with versions.downloaded(version) as folder:
            side = replace(judging.challenger(version, folder), role="champion")
            store.swap_champion(_save(side, version), expected=None)
    elif store.has_champion():
        store.swap_champion(store.champion().tag, expected=None)


def _align() -> None:
    """Let MLflow's aliases say what the pointer says, after a promotion, a rollback or an interrupted one of either."""
    tags = store.pointed()
    if not tags:
        return
    for alias, tag in zip(("champion", "previous"), [*tags, None], strict=False):
        version = _version_of(tag) if tag else None
        if version:
            versions.set_alias(alias, version)
        elif tag is None:
            versions.delete_alias(alias)


def main() -> None:
    """Read the command line, run what it asks for and print what came of it."""
    parser = argparse.ArgumentParser(
        "python -m flows.promote",
        description="Judge a candidate against the champion; promote it, roll back, or let it run in the shadow.",
        epilog="Exit codes: 0 promoted or done, 1 error, 3 HOLD, 4 REJECT.",
    )
    parser.add_argument(
        "--candidate",
        default="challenger",
        help="alias or number of a registered version (default: %(default)s)",
    )
    parser.add_argument(
        "--data", default="default", help="'default', a CSV file with text,label, or a TweetEval folder"
    )
    parser.add_argument(
        "--approved-by",
        action="append",
        default=[],
        metavar="NAME",
        help="promote whatever the gate says; may be repeated",
    )
    parser.add_argument("--because", default="", metavar="REASON", help="why: for an override or a rollback")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--rollback", action="store_true", help="make the champion before this one the champion again"
    )
    instead.add_argument(
        "--shadow", metavar="CANDIDATE", help="let a version score a share of the requests, unseen"
    )
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
