"""The gate's main question: is the challenger better, and is it worse anywhere? Pure checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models import LABELS
from sentiment.evaluation.metrics import checked_indices
from sentiment.evaluation.significance import holm, mcnemar
from sentiment.evaluation.slices import slices
from sentiment.gate.comparability import correct_answers
from sentiment.gate.paired_answers import PairedAnswers
from sentiment.gate.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.evaluation.significance import Difference
    from sentiment.gate.evidence import Contender, Evidence
    from sentiment.gate.thresholds import Thresholds
    from sentiment.gate.verdict import Outcome


def check_quality(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the checks of a gain on the test split, of harm on feedback, and of accuracy.

    Feedback can only speak against a challenger. Its texts were chosen by what the champion got
    wrong, so that any other model does better there by regression to the mean: a gain on them
    proves nothing. A small feedback set decides nothing.
    """
    champion, challenger, feedback = evidence.champion, evidence.challenger, evidence.feedback
    if champion is None:
        return [_judge_first(evidence, limits)]
    on_test = PairedAnswers.to(evidence.test, champion, challenger).difference(limits.draws)
    checks = [_judge_test(on_test, limits)]
    if feedback and len(feedback.texts) >= limits.least_feedback_texts:
        on_feedback = PairedAnswers.to(feedback, champion, challenger).difference(limits.draws)
        checks.append(_judge_feedback(on_feedback, limits))
    elif feedback:
        rows = len(feedback.texts)
        sentence = (
            f"The feedback set has {rows} texts; below {limits.least_feedback_texts} it decides nothing."
        )
        checks.append(Check("macro F1 on feedback", "quality", "note", sentence, {"rows": rows}))
    return [*checks, _check_accuracy(evidence, champion, limits)]


def check_slices(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return a check of each slice of the test split and of each class.

    That no slice is worse is tested over all of them at alpha (Holm). Those of some size must be
    shown to be no worse than a margin: each at alpha without correction, since all must pass
    (intersection-union test: Berger, Technometrics 24, 1982).
    """
    if evidence.champion is None:
        return []
    answers = PairedAnswers.to(evidence.test, evidence.champion, evidence.challenger)
    feedback = evidence.feedback.texts if evidence.feedback else ()
    members = slices(evidence.test.texts, feedback)
    differences = {
        name: answers.on(rows).difference(limits.draws) for name, rows in members.items() if rows.any()
    }
    differences |= {f"class {label}": answers.class_difference(label, limits.draws) for label in LABELS}
    tested = {
        name: difference.p_worse
        for name, difference in differences.items()
        if difference.rows >= limits.least_slice_texts
    }
    worse = holm(tested, limits.alpha)
    judged = [
        _judge_slice(name, difference, limits, is_worse=name in worse)
        for name, difference in differences.items()
    ]
    empty = [name for name, rows in members.items() if not rows.any()]
    return judged + [_slice_check(name, "note", f"No test text is in the slice {name}.") for name in empty]


def _judge_first(evidence: Evidence, limits: Thresholds) -> Check:
    """Return whether a first champion beats the constant answer that is right most often.

    A test split of few texts can prove nothing, so it passes.
    """
    scores = evidence.challenger.scores["test"]
    true, answers = checked_indices(evidence.test.labels, scores), scores.argmax(axis=1)
    constant = np.full(len(true), np.bincount(true).argmax())
    difference = PairedAnswers(true, constant, answers).difference(limits.draws)
    is_more_often_right = bool((answers == true).mean() > (constant == true).mean())
    words = f"There was no champion; the challenger has a test macro F1 of {difference.challenger:.4f}"
    figures = _figures(difference, 0.0)
    is_small = difference.rows < limits.least_test_texts
    if is_small or (difference.p_better <= limits.alpha and is_more_often_right):
        return Check("macro F1 on test", "quality", "pass", f"{words}.", figures)
    sentence = (
        f"{words}, which is not shown to be better than always saying {LABELS[constant[0]]} "
        f"({difference.champion:.4f})."
    )
    return Check("macro F1 on test", "quality", "hold", sentence, figures)


def _judge_test(difference: Difference, limits: Thresholds) -> Check:
    name, words, figures = "macro F1 on test", _words(difference, "test tweets"), _figures(difference, 0.0)
    if difference.p_better <= limits.alpha:
        return Check(name, "quality", "pass", f"The challenger is better: {words}.", figures)
    if difference.p_worse <= limits.alpha:
        return Check(name, "quality", "reject", f"The challenger is worse: {words}.", figures)
    return Check(name, "quality", "hold", f"The challenger is not shown to be better: {words}.", figures)


def _judge_feedback(difference: Difference, limits: Thresholds) -> Check:
    name, figures = "macro F1 on feedback", _figures(difference, 0.0)
    words = _words(difference, "tweets that people corrected")
    if difference.p_worse <= limits.alpha:
        return Check(name, "quality", "hold", f"The challenger is worse on feedback: {words}.", figures)
    sentence = f"The challenger is not shown to be worse on feedback: {words}."
    return Check(name, "quality", "note", sentence, figures)


def _check_accuracy(evidence: Evidence, champion: Contender, limits: Thresholds) -> Check:
    old, new = (correct_answers(contender, evidence.test) for contender in (champion, evidence.challenger))
    p_value, p_worse = mcnemar(old, new)
    won, lost = int((new & ~old).sum()), int((old & ~new).sum())
    words = (
        f"it corrects {won:,} of the champion's mistakes and makes {lost:,} new ones "
        f"(McNemar's test, p = {p_value:.3g})"
    )
    figures = {
        "champion": float(old.mean()),
        "challenger": float(new.mean()),
        "won": won,
        "lost": lost,
        "p": p_value,
        "rows": len(old),
    }
    name = "accuracy on test"
    if p_worse < limits.alpha:
        return Check(name, "quality", "hold", f"The challenger is less often right: {words}.", figures)
    return Check(name, "quality", "note", f"The challenger is not less often right: {words}.", figures)


def _judge_slice(name: str, difference: Difference, limits: Thresholds, *, is_worse: bool) -> Check:
    rows = difference.rows
    margin = limits.slice_margin * max(1.0, limits.large_slice / max(1, rows))
    words, figures = _words(difference, "texts"), _figures(difference, -margin)
    if rows < limits.least_slice_texts:
        return _slice_check(name, "note", f"{name}: too few texts to tell ({rows}).", figures)
    if is_worse:
        return _slice_check(name, "reject", f"{name}: worse, and not by chance: {words}.", figures)
    if difference.lower_bound(limits.alpha) > -margin:
        return _slice_check(name, "pass", f"{name}: no worse: {words}.", figures)
    if rows >= limits.least_shown_texts:
        sentence = f"{name}: a loss of more than {100 * margin:.1f} points cannot be ruled out: {words}."
        return _slice_check(name, "hold", sentence, figures)
    return _slice_check(name, "note", f"{name}: too few texts to rule out a loss: {words}.", figures)


def _slice_check(
    name: str, outcome: Outcome, sentence: str, figures: Mapping[str, float | int | str | None] | None = None
) -> Check:
    return Check(name, "slices", outcome, sentence[0].upper() + sentence[1:], figures or {"rows": 0})


def _words(difference: Difference, what: str) -> str:
    points = (
        f"{100 * difference.value:+.1f} points, "
        f"95% interval {100 * difference.low:+.1f} to {100 * difference.high:+.1f}"
    )
    return (
        f"F1 {difference.challenger:.3f} against {difference.champion:.3f} ({points}) "
        f"on {difference.rows:,} {what}"
    )


def _figures(difference: Difference, margin: float) -> dict[str, float | int | str | None]:
    return {
        "champion": difference.champion,
        "challenger": difference.challenger,
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "p_better": difference.p_better,
        "p_worse": difference.p_worse,
        "margin": margin,
        "rows": difference.rows,
    }
