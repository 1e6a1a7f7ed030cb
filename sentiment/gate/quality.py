"""The gate's main question: is the challenger better, and is it worse anywhere that people care about? Pure checks of evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models import LABELS
from sentiment.evaluation.metrics import checked_indices
from sentiment.evaluation.significance import Difference, compare_f1, holm, mcnemar
from sentiment.evaluation.slices import slices
from sentiment.gate.comparability import correct_answers
from sentiment.gate.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sentiment.data.dataset import EvaluationSet
    from sentiment.gate.evidence import Contender, Evidence
    from sentiment.gate.thresholds import Thresholds
    from sentiment.gate.verdict import Outcome


def check_quality(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the checks of superiority on the test split, of harm on the feedback set where that is large enough, and of accuracy.

    Feedback can only speak against a challenger. Its texts were chosen by what the champion got
    wrong, so that any other model does better there by regression to the mean: a gain on them
    proves nothing.
    """
    champion, feedback = evidence.champion, evidence.feedback
    if champion is None:
        return [_judge_first(evidence, limits)]
    checks = [_judge_test(_compare(champion, evidence.challenger, evidence.test, limits.draws), limits)]
    if feedback and len(feedback.texts) >= limits.least_feedback_texts:
        checks.append(
            _judge_feedback(_compare(champion, evidence.challenger, feedback, limits.draws), limits)
        )
    elif feedback:
        sentence = f"The feedback set has {len(feedback.texts)} texts; below {limits.least_feedback_texts} it decides nothing."
        checks.append(
            Check("macro F1 on feedback", "quality", "note", sentence, {"rows": len(feedback.texts)})
        )
    return [*checks, _check_accuracy(evidence, champion, limits)]


def check_slices(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return a check of each slice of the test split and of each class.

    That no slice is worse is tested over all of them at alpha (Holm). Those of some size must be
    shown to be no worse than a margin: each at alpha without correction, since all must pass
    (intersection-union test: Berger, Technometrics 24, 1982).
    """
    champion = evidence.champion
    if champion is None:
        return []
    test, feedback = evidence.test, evidence.feedback
    members = slices(test.texts, feedback.texts if feedback else ())
    differences = {
        name: _compare(champion, evidence.challenger, test, limits.draws, rows)
        for name, rows in members.items()
        if rows.any()
    }
    differences |= {
        f"class {label}": _compare(champion, evidence.challenger, test, limits.draws, label)
        for label in LABELS
    }
    tested = {name: one.p_worse for name, one in differences.items() if one.rows >= limits.least_slice_texts}
    worse = holm(tested, limits.alpha)
    empty = [
        _slice_check(name, "note", f"No test text is in the slice {name}.")
        for name, rows in members.items()
        if not rows.any()
    ]
    return [
        _judge_slice(name, one, limits, is_worse=name in worse) for name, one in differences.items()
    ] + empty


def _compare(
    champion: Contender,
    challenger: Contender,
    one: EvaluationSet,
    draws: int,
    part: NDArray[np.bool_] | str | None = None,
) -> Difference:
    """Compare the two on a whole set, on a part of its texts, or by the F1 of one label."""
    rows, label = (None, part) if isinstance(part, str) else (part, None)
    chosen = np.ones(len(one.labels), dtype=bool) if rows is None else rows
    true = checked_indices(one.labels, challenger.scores[one.name])
    if label is None:
        number, size = None, None
    else:
        number = LABELS.index(label)
        size = int((true == number).sum())
    old, new = (contender.scores[one.name].argmax(axis=1)[chosen] for contender in (champion, challenger))
    found = compare_f1(true[chosen], old, new, label=number, draws=draws)
    return found if size is None else Difference(**{**vars(found), "rows": size})


def _judge_first(evidence: Evidence, limits: Thresholds) -> Check:
    """Return whether a first champion is better than the one answer that is right most often; a tiny test split can prove nothing."""
    true = checked_indices(evidence.test.labels, evidence.challenger.scores["test"])
    constant, answers = (
        np.full(len(true), np.bincount(true).argmax()),
        evidence.challenger.scores["test"].argmax(axis=1),
    )
    found = compare_f1(true, constant, answers, draws=limits.draws)
    is_more_often_right = bool((answers == true).mean() > (constant == true).mean())
    words = f"There was no champion; the challenger has a test macro F1 of {found.challenger:.4f}"
    figures = _figures(found, 0.0)
    if found.rows < limits.least_test_texts or (found.p_better <= limits.alpha and is_more_often_right):
        return Check("macro F1 on test", "quality", "pass", f"{words}.", figures)
    sentence = f"{words}, which is not shown to be better than always saying {LABELS[constant[0]]} ({found.champion:.4f})."
    return Check("macro F1 on test", "quality", "hold", sentence, figures)


def _judge_test(found: Difference, limits: Thresholds) -> Check:
    name, words, figures = "macro F1 on test", _words(found, "test tweets"), _figures(found, 0.0)
    if found.p_better <= limits.alpha:
        return Check(name, "quality", "pass", f"The challenger is better: {words}.", figures)
    if found.p_worse <= limits.alpha:
        return Check(name, "quality", "reject", f"The challenger is worse: {words}.", figures)
    return Check(name, "quality", "hold", f"The challenger is not shown to be better: {words}.", figures)


def _judge_feedback(found: Difference, limits: Thresholds) -> Check:
    name, words, figures = (
        "macro F1 on feedback",
        _words(found, "tweets that people corrected"),
        _figures(found, 0.0),
    )
    if found.p_worse <= limits.alpha:
        return Check(name, "quality", "hold", f"The challenger is worse on feedback: {words}.", figures)
    return Check(
        name, "quality", "note", f"The challenger is not shown to be worse on feedback: {words}.", figures
    )


def _check_accuracy(evidence: Evidence, champion: Contender, limits: Thresholds) -> Check:
    old, new = (correct_answers(contender, evidence.test) for contender in (champion, evidence.challenger))
    p_value, p_worse = mcnemar(old, new)
    won, lost = int((new & ~old).sum()), int((old & ~new).sum())
    words = f"it corrects {won:,} of the champion's mistakes and makes {lost:,} new ones (McNemar's test, p = {p_value:.3g})"
    figures = {
        "champion": float(old.mean()),
        "challenger": float(new.mean()),
        "won": won,
        "lost": lost,
        "p": p_value,
        "rows": len(old),
    }
    if p_worse < limits.alpha:
        return Check(
            "accuracy on test", "quality", "hold", f"The challenger is less often right: {words}.", figures
        )
    return Check(
        "accuracy on test", "quality", "note", f"The challenger is not less often right: {words}.", figures
    )


def _judge_slice(name: str, found: Difference, limits: Thresholds, *, is_worse: bool) -> Check:
    margin = limits.slice_margin * max(1.0, limits.large_slice / max(1, found.rows))
    words, figures = _words(found, "texts"), _figures(found, -margin)
    if found.rows < limits.least_slice_texts:
        return _slice_check(name, "note", f"{name}: too few texts to tell ({found.rows}).", figures)
    if is_worse:
        return _slice_check(name, "reject", f"{name}: worse, and not by chance: {words}.", figures)
    if found.lower_bound(limits.alpha) > -margin:
        return _slice_check(name, "pass", f"{name}: no worse: {words}.", figures)
    if found.rows >= limits.least_shown_texts:
        sentence = f"{name}: a loss of more than {100 * margin:.1f} points cannot be ruled out: {words}."
        return _slice_check(name, "hold", sentence, figures)
    return _slice_check(name, "note", f"{name}: too few texts to rule out a loss: {words}.", figures)


def _slice_check(
    name: str, outcome: Outcome, sentence: str, figures: Mapping[str, float | int | str | None] | None = None
) -> Check:
    return Check(name, "slices", outcome, sentence[0].upper() + sentence[1:], figures or {"rows": 0})


def _words(found: Difference, what: str) -> str:
    points = (
        f"{100 * found.value:+.1f} points, 95% interval {100 * found.low:+.1f} to {100 * found.high:+.1f}"
    )
    return f"F1 {found.challenger:.3f} against {found.champion:.3f} ({points}) on {found.rows:,} {what}"


def _figures(found: Difference, margin: float) -> dict[str, float | int | str | None]:
    return {
        "champion": found.champion,
        "challenger": found.challenger,
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "p_better": found.p_better,
        "p_worse": found.p_worse,
        "margin": margin,
        "rows": found.rows,
    }
