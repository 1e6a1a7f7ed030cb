"""The gate's second look: is the challenger worse anywhere? Pure checks of slices and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models import LABELS
from sentiment.evaluation.significance import holm
from sentiment.evaluation.slices import slices
from sentiment.gate.difference_text import figures_of, words_of
from sentiment.gate.paired_answers import PairedAnswers
from sentiment.gate.phrase import Phrase
from sentiment.gate.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sentiment.evaluation.significance import Difference
    from sentiment.gate.evidence import Evidence
    from sentiment.gate.phrase import Value
    from sentiment.gate.production import Answer
    from sentiment.gate.thresholds import Thresholds
    from sentiment.gate.verdict import Outcome


def check_slices(evidence: Evidence, answer: Answer | None, limits: Thresholds) -> list[Check]:
    """Return a check of each slice of the test split and of each class, and those of the exam.

    That no slice is worse is tested over all of them at alpha (Holm). Those of some size must be
    shown to be no worse than a margin: each at alpha without correction, since all must pass
    (intersection-union test: Berger, Technometrics 24, 1982). A challenger that is better in
    production may lose less than the margin, and only a loss that is shown stops it: ten slices of
    yesterday's tweets would hold back too many that are better on today's.
    """
    if evidence.champion is None:
        return []
    answers = PairedAnswers.to(evidence.test, evidence.champion, evidence.challenger)
    feedback = evidence.feedback.texts if evidence.feedback else ()
    members = slices(evidence.test.texts, feedback)
    differences = _differences(answers, members, limits)
    worse = _worse(differences, limits)
    may_lose = answer is not None and answer.is_better
    judged = [
        _judge_slice(name, difference, limits, is_worse=name in worse, may_lose=may_lose)
        for name, difference in differences.items()
    ]
    empty = [name for name, rows in members.items() if not rows.any()]
    return [
        *judged,
        *(_check(name, "note", Phrase("No test text is in the slice {name}.", name=name)) for name in empty),
        *_check_exam(evidence, answer, limits),
    ]


def _check_exam(evidence: Evidence, answer: Answer | None, limits: Thresholds) -> list[Check]:
    """Return the checks of the exam's slices: those that are worse, or that none is.

    No margin must be ruled out there: an exam's slices are small, and the champion is no standard
    for production, where it is what the challenger is to better.
    """
    if answer is None or evidence.production is None:
        return []
    differences = _differences(answer.answers, slices(evidence.production.texts), limits)
    worse = _worse(differences, limits)
    tested = [name for name in differences if differences[name].rows >= limits.least_slice_texts]
    if not worse:
        sentence = Phrase(
            "In production, none of {slices} slices and classes is shown to be worse.", slices=len(tested)
        )
        return [_check("slices in production", "pass", sentence, {"slices": len(tested)})]
    return [
        _check(
            f"{name} in production",
            "reject",
            Phrase(
                "{name!c} in production: worse, and not by chance: {words}.",
                name=name,
                words=words_of(differences[name], "texts"),
            ),
            figures_of(differences[name], 0.0),
        )
        for name in tested
        if name in worse
    ]


def _differences(
    answers: PairedAnswers, members: Mapping[str, NDArray[np.bool_]], limits: Thresholds
) -> dict[str, Difference]:
    """Return the differences on each slice that has texts, and in the F1 of each class."""
    found = {name: answers.on(rows).difference(limits.draws) for name, rows in members.items() if rows.any()}
    return found | {f"class {label}": answers.class_difference(label, limits.draws) for label in LABELS}


def _worse(differences: Mapping[str, Difference], limits: Thresholds) -> frozenset[str]:
    """Return which of them are worse, over all that are large enough to be tested."""
    tested = {
        name: difference.p_worse
        for name, difference in differences.items()
        if difference.rows >= limits.least_slice_texts
    }
    return holm(tested, limits.alpha)


def _judge_slice(
    name: str, difference: Difference, limits: Thresholds, *, is_worse: bool, may_lose: bool
) -> Check:
    rows = difference.rows
    margin = limits.slice_margin * max(1.0, limits.large_slice / max(1, rows))
    facts: dict[str, Value] = {"name": name, "words": words_of(difference, "texts")}
    figures, bounded = figures_of(difference, -margin), facts | {"points": 100 * margin}
    if rows < limits.least_slice_texts:
        sentence = Phrase("{name!c}: too few texts to tell ({rows}).", name=name, rows=rows)
        return _check(name, "note", sentence, figures)
    is_ruled_out = difference.lower_bound(limits.alpha) > -margin
    if is_worse and may_lose and is_ruled_out:
        sentence = Phrase("{name!c}: worse, by less than {points:.1f} points: {words}.", **bounded)
        return _check(name, "note", sentence, figures)
    if is_worse:
        return _check(
            name, "reject", Phrase("{name!c}: worse, and not by chance: {words}.", **facts), figures
        )
    if is_ruled_out:
        return _check(name, "pass", Phrase("{name!c}: no worse: {words}.", **facts), figures)
    if rows >= limits.least_shown_texts:
        loss = "{name!c}: a loss of more than {points:.1f} points cannot be ruled out: {words}."
        sentence = Phrase(loss, **bounded)
        return _check(name, "note" if may_lose else "hold", sentence, figures)
    sentence = Phrase("{name!c}: too few texts to rule out a loss: {words}.", **facts)
    return _check(name, "note", sentence, figures)


def _check(
    name: str, outcome: Outcome, sentence: str, figures: Mapping[str, float | int | str | None] | None = None
) -> Check:
    return Check(name, "slices", outcome, sentence, figures or {"rows": 0})
