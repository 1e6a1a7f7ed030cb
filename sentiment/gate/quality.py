"""The gate's main question: is the challenger better, on the base or in production? Pure checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models import LABELS
from sentiment.evaluation.metrics import checked_indices
from sentiment.evaluation.significance import mcnemar
from sentiment.gate.comparability import correct_answers
from sentiment.gate.difference_text import figures_of, words_of
from sentiment.gate.paired_answers import PairedAnswers
from sentiment.gate.phrase import Phrase
from sentiment.gate.production import check_production
from sentiment.gate.spending import level_of_base
from sentiment.gate.verdict import Check

if TYPE_CHECKING:
    from sentiment.evaluation.significance import Difference
    from sentiment.gate.evidence import Contender, Evidence
    from sentiment.gate.production import Answer
    from sentiment.gate.thresholds import Thresholds


def check_quality(evidence: Evidence, answer: Answer | None, limits: Thresholds) -> list[Check]:
    """Return the checks of a gain in production or on the test split, and of harm anywhere else.

    One gain is enough if a loss is ruled out at the other place. Without an answer from production
    the test split decides alone. Feedback can only speak against a challenger. Its texts were
    chosen by what the champion got wrong, so that any other model does better there by regression
    to the mean: a gain on them proves nothing. A small feedback set decides nothing.
    """
    champion, challenger, feedback = evidence.champion, evidence.challenger, evidence.feedback
    if champion is None:
        return [_judge_first(evidence, limits)]
    answers = PairedAnswers.to(evidence.test, champion, challenger)
    on_test = answers.difference(limits.draws)
    rows = len(evidence.production.texts) if evidence.production else 0
    is_better = on_test.p_better <= level_of_base(rows, challenger.name, evidence.exam.looks, limits)
    wins_production = answer is not None and answer.is_better
    checks = [
        *check_production(evidence, answer, limits, is_better_on_base=is_better),
        _judge_test(on_test, limits, is_better=is_better, wins_production=wins_production),
    ]
    if feedback and len(feedback.texts) >= limits.least_feedback_texts:
        on_feedback = PairedAnswers.to(feedback, champion, challenger).difference(limits.draws)
        checks.append(_judge_feedback(on_feedback, limits))
    elif feedback:
        texts = len(feedback.texts)
        sentence = Phrase(
            "The feedback set has {rows} texts; below {least} it decides nothing.",
            rows=texts,
            least=limits.least_feedback_texts,
        )
        checks.append(Check("macro F1 on feedback", "quality", "note", sentence, {"rows": texts}))
    allowed = limits.base_margin if wins_production else 0.0
    return [*checks, _check_accuracy(evidence, champion, answers, limits, allowed)]


def _judge_first(evidence: Evidence, limits: Thresholds) -> Check:
    """Return whether a first champion beats the constant answer that is right most often.

    A test split of few texts can prove nothing, so it passes.
    """
    scores = evidence.challenger.scores["test"]
    true, answers = checked_indices(evidence.test.labels, scores), scores.argmax(axis=1)
    constant = np.full(len(true), np.bincount(true).argmax())
    difference = PairedAnswers(true, constant, answers).difference(limits.draws)
    is_more_often_right = bool((answers == true).mean() > (constant == true).mean())
    words = Phrase(
        "There was no champion; the challenger has a test macro F1 of {f1:.4f}",
        f1=float(difference.challenger),
    )
    figures = figures_of(difference, 0.0)
    is_small = difference.rows < limits.least_test_texts
    if is_small or (difference.p_better <= limits.alpha and is_more_often_right):
        return Check("macro F1 on test", "quality", "pass", Phrase("{words}.", words=words), figures)
    sentence = Phrase(
        "{words}, which is not shown to be better than always saying {label} ({f1:.4f}).",
        words=words,
        label=LABELS[constant[0]],
        f1=float(difference.champion),
    )
    return Check("macro F1 on test", "quality", "hold", sentence, figures)


def _judge_test(
    difference: Difference, limits: Thresholds, *, is_better: bool, wins_production: bool
) -> Check:
    name, words = "macro F1 on test", words_of(difference, "test tweets")
    margin = limits.base_margin if wins_production and not is_better else 0.0
    figures, points = figures_of(difference, -margin), 100 * limits.base_margin
    if is_better:
        sentence = Phrase("The challenger is better on the base: {words}.", words=words)
        return Check(name, "quality", "pass", sentence, figures)
    if wins_production and difference.lower_bound(limits.alpha) > -margin:
        ruled_out = (
            "The challenger is no worse on the base: a loss of {points:g} points is ruled out ({words})."
        )
        sentence = Phrase(ruled_out, points=points, words=words)
        return Check(name, "quality", "pass", sentence, figures)
    if wins_production and difference.lower_bound(1 - limits.alpha) > -margin:
        unsure = (
            "Better in production, but a loss of {points:g} points on the base is not ruled out: {words}."
        )
        sentence = Phrase(unsure, points=points, words=words)
        return Check(name, "quality", "hold", sentence, figures)
    if difference.p_worse <= limits.alpha:
        sentence = Phrase("The challenger is worse on the base: {words}.", words=words)
        return Check(name, "quality", "reject", sentence, figures)
    sentence = Phrase("The challenger is not shown to be better on the base: {words}.", words=words)
    return Check(name, "quality", "hold", sentence, figures)


def _judge_feedback(difference: Difference, limits: Thresholds) -> Check:
    name, figures = "macro F1 on feedback", figures_of(difference, 0.0)
    words = words_of(difference, "tweets that people corrected")
    if difference.p_worse <= limits.alpha:
        sentence = Phrase("The challenger is worse on feedback: {words}.", words=words)
        return Check(name, "quality", "hold", sentence, figures)
    sentence = Phrase("The challenger is not shown to be worse on feedback: {words}.", words=words)
    return Check(name, "quality", "note", sentence, figures)


def _check_accuracy(
    evidence: Evidence, champion: Contender, answers: PairedAnswers, limits: Thresholds, allowed: float
) -> Check:
    old, new = (correct_answers(contender, evidence.test) for contender in (champion, evidence.challenger))
    p_value, p_worse = mcnemar(old, new)
    won, lost = int((new & ~old).sum()), int((old & ~new).sum())
    words = Phrase(
        "it corrects {won:,} of the champion's mistakes and makes {lost:,} new ones "
        "(McNemar's test, p = {p:.3g})",
        won=won,
        lost=lost,
        p=float(p_value),
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
    is_within = allowed and answers.accuracy_difference(limits.draws).lower_bound(limits.alpha) > -allowed
    if p_worse < limits.alpha and is_within:
        less = "The challenger is less often right, by less than {points:g} points: {words}."
        sentence = Phrase(less, points=100 * allowed, words=words)
        return Check(name, "quality", "note", sentence, figures)
    if p_worse < limits.alpha:
        sentence = Phrase("The challenger is less often right: {words}.", words=words)
        return Check(name, "quality", "hold", sentence, figures)
    sentence = Phrase("The challenger is not less often right: {words}.", words=words)
    return Check(name, "quality", "note", sentence, figures)
