"""Judges a registered version against the champion, and promotes it if the gate says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sentiment.champions import store
from sentiment.errors import GateError
from sentiment.evaluation.metrics import evaluate
from sentiment.gate.judge import judge
from sentiment.gate.thresholds import Thresholds
from sentiment.gate.verdict import Decision
from sentiment.language import LANGUAGES, speaking
from sentiment.promotion.alignment import align
from sentiment.promotion.copies import save_copy, version_of
from sentiment.promotion.measurement import gather_evidence
from sentiment.promotion.record import (
    earlier_judgements,
    earlier_looks,
    note_outcome,
    publish_verdict,
    record,
)
from sentiment.promotion.saved_models import as_challenger, find_champion
from sentiment.promotion.shadow import end_shadow
from sentiment.training import versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentiment.config import Settings
    from sentiment.data.dataset import Dataset
    from sentiment.gate.evidence import Evidence
    from sentiment.gate.verdict import Override, Verdict
    from sentiment.promotion.record import Pictures
    from sentiment.promotion.saved_models import SavedModel

_NOT_PROMOTED = {Decision.HOLD: "held", Decision.REJECT: "rejected"}


@dataclass(frozen=True)
class Case:
    """The version to judge, the data to judge it on, and an override of the gate, if any."""

    version: versions.Version
    dataset: Dataset
    override: Override | None = None


@dataclass(frozen=True)
class Judgement:
    """A verdict that was carried out, and its picture as PNG in each language."""

    verdict: Verdict
    pictures: Pictures


def promote(
    case: Case,
    *,
    settings: Settings,
    draw: Callable[[Verdict], bytes],
    thresholds: Thresholds | None = None,
) -> Judgement:
    """Judge a version against the champion, record the verdict and act on it.

    Call `catch_up` before. `draw` makes the verdict's picture, a PNG, in the language spoken;
    `thresholds` are the settings' unless given.

    Raises:
        TrackingError: MLflow does not answer.
        StoreError: The present champion is missing from the store.
        ModelError: One of the two models cannot be loaded.
        DataError: The validated feedback does not match its manifest.
        GateError: The champion changed while this was judged.
    """
    version, champion = case.version, find_champion()
    with versions.downloaded(version) as folder:
        challenger = as_challenger(version, folder)
        looks = earlier_looks(champion.name) if champion else []
        evidence = gather_evidence(
            challenger, champion, dataset=case.dataset, feedback_file=settings.validated_path, looks=looks
        )
        limits = thresholds or Thresholds.from_settings(settings)
        verdict = _judge(evidence, limits, case.override)
        pictures = _draw_in_each_language(verdict, draw)
        run_id = record(verdict, version, pictures)
        if verdict.is_promoted:
            try:
                _crown(challenger, version, evidence, expected=champion.name if champion else None)
            except GateError:
                note_outcome("overtaken", run_id, version)
                raise
    publish_verdict(verdict, pictures, settings.home)
    note_outcome("promoted" if verdict.is_promoted else _NOT_PROMOTED[verdict.decision], run_id, version)
    align()
    return Judgement(verdict, pictures)


def _draw_in_each_language(verdict: Verdict, draw: Callable[[Verdict], bytes]) -> Pictures:
    pictures: Pictures = {}
    for language in LANGUAGES:
        with speaking(language):
            pictures[language] = draw(verdict)
    return pictures


def _judge(evidence: Evidence, limits: Thresholds, override: Override | None) -> Verdict:
    earlier, now = earlier_judgements(evidence.test), datetime.now(UTC)
    return judge(evidence, now=now, thresholds=limits, override=override, earlier_judgements=earlier)


def _crown(
    challenger: SavedModel, version: versions.Version, evidence: Evidence, *, expected: str | None
) -> None:
    """Save the challenger and point to it if the champion is still the `expected` one."""
    shadow_tag = store.shadow_tag()
    shadowed = version_of(shadow_tag) if shadow_tag else None
    score = evaluate(evidence.test.labels, evidence.challenger.scores["test"])["f1_macro"]
    tag = save_copy(challenger, version, test_f1_macro=f"{score:.6f}")
    try:
        store.swap_champion(tag, expected=expected)
    except Exception:
        store.remove(tag)
        raise
    if shadowed and shadowed.number == version.number:
        end_shadow()
    store.prune()
