"""Decide whether a candidate becomes the champion, and write it down: `python -m flows.promote`. No other file writes the champion."""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from prefect import flow
from prefect.logging import get_run_logger

import models
from flows.prepare import prepared_dataset
from sentiment import registry, store, tracking
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import StoreError
from sentiment.gate import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sentiment.data import Dataset

_LOCK_SECONDS = 900


@flow(name="promote", flow_run_name="promote {candidate}", persist_result=False)
def promote(candidate: str = "challenger", data: str = "default") -> Verdict:
    """Make a registered version (alias or number) the champion if it beats the present one on the test split of `data`.

    Both are scored anew by the same code on the same texts; without a champion the candidate becomes it.

    Raises:
        TrackingError: MLflow does not answer, or holds no such version.
        StoreError: The present champion is missing from the store, or another promotion holds the lock.
        ModelError: One of the two models cannot be loaded.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    tracking.connect(settings)
    version = registry.read_version(candidate)
    dataset = prepared_dataset(data)
    with _one_at_a_time():
        verdict = _decide(version, dataset)
    registry.set_tags(version, {"verdict": verdict.reason})
    get_run_logger().info("version %s: %s", version.number, verdict.reason)
    return verdict


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the lock of SENTIMENT_HOME: of two promotions at once, the second sees the champion that the first one left."""
    path = read_settings().home / "promote.lock"
    try:
        with FileLock(path, timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        raise StoreError(f"another promotion has held {path} for {_LOCK_SECONDS} s: wait for it or stop it, then run again") from error


def _decide(version: registry.Version, dataset: Dataset) -> Verdict:
    """Score both models, ask the gate, and let the store and the alias `champion` say the same afterwards."""
    texts, labels = list(dataset.test.texts), list(dataset.test.labels)
    with registry.downloaded(version) as folder:
        model = _load(folder, f"candidate, version {version.number},")
        incumbent = _stored_champion() or _registered_champion()
        champion, of_champion = incumbent if incumbent else (None, {})
        caveat = _caveat(dataset.digest, candidate=version.tags, **({"champion": of_champion} if champion else {}))
        verdict = judge(labels, model.predict_proba(texts), champion.predict_proba(texts) if champion else None, caveat=caveat)
        if verdict.is_promoted:
            store.set_champion(store.save(model, metadata=_metadata(version, verdict.candidate_f1_macro)))
            registry.set_alias("champion", version)
        elif champion:
            _restore(champion, of_champion, verdict)
    return verdict


def _stored_champion() -> tuple[models.SentimentModel, dict[str, str]] | None:
    """Return the model that is served and its metadata; None if the store is empty.

    Raises:
        StoreError: The store points to a model that it does not hold.
        ModelError: The model cannot be loaded.
    """
    if not store.has_champion():
        return None
    try:
        stored = store.champion()
    except StoreError as error:
        pointer = store.store_home() / store.POINTER_FILE
        raise StoreError(f"the champion that {pointer} names is not in the store ({error}): restore it, or delete that file") from error
    return _load(stored.path, f"champion {stored.tag}"), dict(stored.metadata)


def _load(folder: Path, name: str) -> models.SentimentModel:
    """Return a saved model; whatever a framework raises for a damaged file becomes one clear error, so that it stops the promotion."""
    try:
        return models.load(folder)
    except Exception as error:
        raise models.ModelError(
            f"the {name} cannot be loaded ({type(error).__name__}: {error}): restore its files, or train again"
        ) from error


def _registered_champion() -> tuple[models.SentimentModel, dict[str, str]] | None:
    """Return MLflow's champion and its metadata, for a store that is still empty on this machine; None if there is none."""
    version = registry.find_version("champion")
    if version is None:
        return None
    with registry.downloaded(version) as folder:
        return _load(folder, f"champion, version {version.number},"), _metadata(version, None)


def _restore(champion: models.SentimentModel, metadata: dict[str, str], verdict: Verdict) -> None:
    """Bring the store and the alias into line with the champion that stays, after a new machine or an interrupted promotion."""
    if not store.has_champion():
        store.set_champion(store.save(champion, metadata=metadata | {"test_f1_macro": f"{verdict.champion_f1_macro:.6f}"}))
    version = registry.version_of_run(metadata.get("run_id", ""))
    if version:
        registry.set_alias("champion", version)


def _metadata(version: registry.Version, test_f1_macro: float | None) -> dict[str, str]:
    from_run = {key: version.tags.get(key, "unknown") for key in ("dataset_digest", "git_commit", "family")}
    score = {} if test_f1_macro is None else {"test_f1_macro": f"{test_f1_macro:.6f}"}
    return {"run_id": version.run_id, "mlflow_version": version.number, **from_run, **score}


def _caveat(digest: str, **trained_on: Mapping[str, str]) -> str:
    """Return what to know when a model learned from other data than the dataset whose test split it is scored on."""
    others = [name for name, facts in trained_on.items() if facts.get("dataset_digest") != digest]
    if not others:
        return ""
    return f"; the digests differ: the {' and the '.join(others)} learned from other data than {digest[:12]} and may have seen these texts"


def main() -> None:
    """Read the command line, run the flow and print its verdict."""
    parser = argparse.ArgumentParser(
        "python -m flows.promote", description="Replace the champion if a candidate is better on the test split."
    )
    parser.add_argument("--candidate", default="challenger", help="alias or number of a registered version (default: %(default)s)")
    parser.add_argument("--data", default="default", help="'default', a CSV file with text,label, or a TweetEval folder")
    arguments = parser.parse_args()
    print(promote(candidate=arguments.candidate, data=arguments.data).reason)


if __name__ == "__main__":
    sys.exit(run_command(main))
