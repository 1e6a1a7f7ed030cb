"""The gate's question about production: is the challenger better on what people send? Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sentiment.data.division import EXAM_SHARE
from sentiment.gate.difference_text import figures_of, words_of
from sentiment.gate.paired_answers import PairedAnswers
from sentiment.gate.phrase import Phrase
from sentiment.gate.spending import GAINS, labels_missing, may_spend
from sentiment.gate.verdict import Check

if TYPE_CHECKING:
    from sentiment.evaluation.significance import Difference
    from sentiment.gate.difference_text import Figures
    from sentiment.gate.evidence import Evidence
    from sentiment.gate.thresholds import Thresholds
    from sentiment.gate.verdict import Outcome

NAME = "macro F1 in production"


@dataclass(frozen=True)
class Answer:
    """What the exam says of a challenger.

    Attributes:
        answers: Both models' answers to the exam.
        difference: The challenger's lead in macro F1.
        alpha: The level at which this verdict may ask.
        margin: How much worse it may at most be, if it is better on the base.
    """

    answers: PairedAnswers
    difference: Difference
    alpha: float
    margin: float

    @property
    def is_better(self) -> bool:
        """Whether it is shown to be better."""
        return self.difference.p_better <= self.alpha

    @cached_property
    def is_no_worse(self) -> bool:
        """Whether a loss of the margin or more is ruled out, at the level of this verdict."""
        return self.difference.p_above(-self.margin) <= self.alpha


def ask_production(evidence: Evidence, limits: Thresholds) -> Answer | None:
    """Return what the exam says; None without a champion, or where the exam is too small to ask."""
    champion, exam = evidence.champion, evidence.production
    if champion is None or exam is None or len(exam.texts) < limits.least_exam:
        return None
    answers = PairedAnswers.to(exam, champion, evidence.challenger)
    alpha = may_spend(len(exam.texts), evidence.challenger.name, evidence.exam.looks, limits)
    return Answer(answers, answers.difference(limits.draws), alpha, limits.production_margin)


def check_exam(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the checks that the exam is the one which the two models have not seen.

    That the challenger has learned none of it, that the file still begins with the rows that the
    models learned from, and that the exam did not shrink since it was looked at.
    """
    exam, rows = evidence.exam, len(evidence.production.texts) if evidence.production else 0
    if exam.learned:
        sentence = Phrase(
            "The challenger learned from {learned:,} of the production tweets that were to judge it: "
            "its answers to the others prove nothing.",
            learned=exam.learned,
        )
        return [Check("exam", "evidence", "reject", sentence, {"learned": exam.learned})]
    if evidence.champion is None or evidence.production is None:
        return []
    if exam.altered:
        sentence = Phrase(
            "The validated feedback does not begin with the rows that {model} was made with: "
            "rows were removed or changed. Restore the file from Git.",
            model=exam.altered,
        )
        return [Check("exam", "evidence", "hold", sentence)]
    seen = max((look.rows for look in exam.looks if look.start == exam.start), default=0)
    if rows < seen:
        sentence = Phrase(
            "An earlier verdict saw {seen:,} tweets of this exam, now there are {rows:,}: some are gone.",
            seen=seen,
            rows=rows,
        )
        return [Check("exam", "evidence", "hold", sentence, {"seen": seen, "rows": rows})]
    sentence = Phrase(
        "Neither model has seen the {rows:,} production tweets of the exam, "
        "which begins with row {first:,} of the validated feedback.",
        rows=rows,
        first=exam.start + 1,
    )
    return [Check("exam", "evidence", "pass", sentence, {"looks": len(exam.looks), "rows": rows})]


def check_production(
    evidence: Evidence, answer: Answer | None, limits: Thresholds, *, is_better_on_base: bool
) -> list[Check]:
    """Return the checks of the exam: macro F1, and accuracy where there are enough tweets."""
    if evidence.champion is None:
        return []
    if answer is None:
        return [_too_few(evidence, limits)]
    outcome, sentence = _judge(answer, limits, is_better_on_base=is_better_on_base)
    missing = _missing(evidence, answer.difference.spread, limits)
    if outcome == "hold":
        sentence = Phrase("{answer} {missing}", answer=sentence, missing=_say_missing(missing))
    figures = figures_of(answer.difference, -answer.margin if is_better_on_base else 0.0)
    figures |= {"alpha": answer.alpha, **missing}
    return [Check(NAME, "quality", outcome, sentence, figures), _check_accuracy(answer, limits)]


def _too_few(evidence: Evidence, limits: Thresholds) -> Check:
    rows = len(evidence.production.texts) if evidence.production else 0
    more = math.ceil((limits.least_exam - rows) / EXAM_SHARE)
    missing = _missing(evidence, limits.usual_spread, limits)
    few = "There are {rows} production tweets that neither model has seen"
    sentence = Phrase(
        "{few}; below {least} the base test split decides alone. "
        "About {more:,} more audit labels are needed.",
        few=Phrase(
            "There is 1 production tweet that neither model has seen" if rows == 1 else few, rows=rows
        ),
        least=limits.least_exam,
        more=more,
    )
    return Check(NAME, "quality", "note", sentence, {"rows": rows, "alpha": 0.0, "labels": more, **missing})


def _judge(answer: Answer, limits: Thresholds, *, is_better_on_base: bool) -> tuple[Outcome, Phrase]:
    words = words_of(answer.difference, "production tweets")
    if answer.is_better:
        return "pass", Phrase("The challenger is better in production: {words}.", words=words)
    if answer.difference.p_worse <= limits.alpha:
        return "reject", Phrase("The challenger is worse in production: {words}.", words=words)
    points = 100 * answer.margin
    if is_better_on_base and answer.is_no_worse:
        what = "The challenger is no worse in production: a loss of {points:g} points is ruled out ({words})."
        return "pass", Phrase(what, points=points, words=words)
    if not answer.alpha:
        what = "Production was asked before, and too few tweets are new since then to ask again: {words}."
        return "hold", Phrase(what, words=words)
    if is_better_on_base:
        what = "Better on the base, but a loss of {points:g} points in production is not ruled out: {words}."
        return "hold", Phrase(what, points=points, words=words)
    return "hold", Phrase("The challenger is not shown to be better in production: {words}.", words=words)


def _missing(evidence: Evidence, spread: float, limits: Thresholds) -> Figures:
    """Return how many audit labels are missing to show gains of 2, 3 and 5 points."""
    rows, looks = len(evidence.production.texts) if evidence.production else 0, evidence.exam.looks
    # Where the base decides alone, the next challenger is asked about production, not this one.
    name = evidence.challenger.name if rows >= limits.least_exam else ""
    return {
        f"labels_missing_{100 * gain:.0f}": labels_missing(
            gain,
            rows=rows,
            spread=spread or limits.usual_spread,
            level=lambda tweets: may_spend(tweets, name, looks, limits),
            from_new=lambda tweets: may_spend(tweets, "", (), limits),
        )
        for gain in GAINS
    }


def _say_missing(missing: Figures) -> Phrase:
    return Phrase(
        "More audit labels that would show a true gain of 5 points: {five:,}; of 3 points: {three:,}; "
        "of 2 points: {two:,}.",
        **{
            word: int(missing[f"labels_missing_{points}"] or 0)
            for word, points in {"five": 5, "three": 3, "two": 2}.items()
        },
    )


def _check_accuracy(answer: Answer, limits: Thresholds) -> Check:
    difference = answer.answers.accuracy_difference(limits.draws)
    words = Phrase(
        "{challenger:.1%} are right, {champion:.1%} with the champion ({low:+.1f} to {high:+.1f} points)",
        challenger=float(difference.challenger),
        champion=float(difference.champion),
        low=100 * float(difference.low),
        high=100 * float(difference.high),
    )
    figures: Figures = {
        "champion": difference.champion,
        "challenger": difference.challenger,
        "p_worse": difference.p_worse,
        "rows": difference.rows,
    }
    if difference.p_worse <= limits.alpha:
        sentence = Phrase("The challenger is less often right in production: {words}.", words=words)
        return Check("accuracy in production", "quality", "hold", sentence, figures)
    sentence = Phrase("The challenger is not less often right in production: {words}.", words=words)
    return Check("accuracy in production", "quality", "note", sentence, figures)
