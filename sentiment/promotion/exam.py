"""Finds the exam of two models: tweets of production that neither of them has learned from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sentiment.data import validated_feedback
from sentiment.data.division import divide
from sentiment.data.fingerprints import fingerprint
from sentiment.gate.evidence import Exam
from sentiment.gate.thresholds import Thresholds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sentiment.data.dataset import Dataset, EvaluationSet
    from sentiment.data.division import Division
    from sentiment.data.validated_row import ValidatedRow
    from sentiment.gate.spending import Look
    from sentiment.promotion.saved_models import SavedModel


def find_exam(
    challenger: SavedModel,
    champion: SavedModel | None,
    *,
    dataset: Dataset,
    feedback_file: Path,
    looks: Sequence[Look] = (),
) -> tuple[Division, Exam]:
    """Return the validated feedback with the tweets that may judge two models, and their exam.

    The exam begins where the challenger's training says that it does: at its fact `exam_from`, or
    after the rows that the champion was made with. Rows that an exam has used up are in no later
    one. `looks` are the earlier verdicts on challengers of this champion.

    Raises:
        DataError: The validated feedback does not match its manifest.
    """
    rows = validated_feedback.read_validated(feedback_file)
    start = _start(challenger, champion, looks)
    parts = divide(rows, dataset, exam_from=start)
    if champion is None:
        return replace(parts, exam=None), Exam(start, len(rows))
    counted = tuple(look for look in looks if look.end > start or look.challenger == challenger.name)
    exam = Exam(start, len(rows), counted)
    if parts.exam is None:
        return parts, exam
    learned = _union(each.training_rows for each in (challenger, champion))
    exam = replace(
        exam,
        learned=len(_own_exam(challenger, parts.exam, rows, start)),
        altered=_altered(feedback_file, challenger, champion),
    )
    return replace(parts, exam=_without(parts.exam, learned)), exam


def _start(challenger: SavedModel, champion: SavedModel | None, looks: Sequence[Look]) -> int:
    """Return the first row of the exam."""
    of_champion = int((champion.facts.get("feedback_rows") if champion else 0) or 0)
    start = int(challenger.facts.get("exam_from", of_champion))
    if champion and champion.training_rows is None:  # then nothing else tells what it has learned
        start = max(start, of_champion)
    whole = Thresholds().whole_exam
    return max([start, *(look.end for look in looks if look.rows >= whole)])


def _own_exam(
    challenger: SavedModel, exam: EvaluationSet, rows: Sequence[ValidatedRow], start: int
) -> frozenset[str]:
    """Return the fingerprints of the tweets that were in its exam at its training, yet it learned.

    A tweet that was a complaint then and is in the audit only since is no fault of the challenger.
    """
    if "exam_from" not in challenger.facts:
        return frozenset()
    known = rows[start : int(challenger.facts.get("feedback_rows", len(rows)))]
    audited = {fingerprint(row.text) for row in known if row.drawn == "audit"}
    return frozenset(map(fingerprint, exam.texts)) & audited & (challenger.training_rows or frozenset())


def _without(exam: EvaluationSet, learned: frozenset[str]) -> EvaluationSet | None:
    """Return the tweets of an exam that are not among the learned ones; None if none are left."""
    weights = exam.weights or (1.0,) * len(exam.texts)
    kept = [
        each
        for each in zip(exam.texts, exam.labels, weights, strict=True)
        if fingerprint(each[0]) not in learned
    ]
    if not kept:
        return None
    texts, labels, weights = zip(*kept, strict=True)
    return replace(exam, texts=texts, labels=labels, weights=weights)


def _altered(feedback_file: Path, challenger: SavedModel, champion: SavedModel) -> str:
    """Return which of the two models was made with rows that the file does not begin with."""
    for each in (champion, challenger):
        rows, known = int(each.facts.get("feedback_rows") or 0), each.facts.get("feedback_digest", "none")
        if rows and known != "none" and not validated_feedback.begins_with(feedback_file, rows, known):
            return f"the {each.role} {each.name}"
    return ""


def _union(sets: Iterable[frozenset[str] | None]) -> frozenset[str]:
    return frozenset().union(*(each or frozenset() for each in sets))
