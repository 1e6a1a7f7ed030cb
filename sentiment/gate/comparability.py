"""The gate's first question: may these two models be compared on this data? Pure checks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from models import LABELS, ModelError
from sentiment.data.fingerprints import fingerprint
from sentiment.evaluation.metrics import checked_indices
from sentiment.evaluation.significance import gap_between_sets
from sentiment.gate.phrase import Phrase
from sentiment.gate.verdict import Check

if TYPE_CHECKING:
    from sentiment.data.dataset import EvaluationSet
    from sentiment.evaluation.significance import Correct
    from sentiment.gate.evidence import Contender, Evidence
    from sentiment.gate.thresholds import Thresholds
    from sentiment.gate.verdict import Outcome


def check_scores(evidence: Evidence) -> list[Check]:
    """Return the checks of the test split and that both models' scores are probabilities."""
    missing = [label for label in LABELS if label not in evidence.test.labels]
    if missing:
        empty, lacking = "it is empty", Phrase("no text in it is {label}", label=missing[0])
        what = lacking if evidence.test.texts else empty
        return [_check("test set", "hold", Phrase("The test set cannot judge a model: {what}.", what=what))]
    contenders = [each for each in (evidence.challenger, evidence.champion) if each]
    return [
        _check_probabilities(contender, texts)
        for texts in evidence.sets
        if texts.texts
        for contender in contenders
    ]


def check_evidence(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the checks of the origin of models and data; the scores have passed `check_scores`."""
    challenger, champion = evidence.challenger, evidence.champion
    checks = [
        _check_size(evidence.test, limits, is_needed=champion is not None),
        _check_rows(evidence, challenger),
        _check_test_split(evidence),
    ]
    if challenger.facts.get("rolled_back_at"):
        sentence = Phrase(
            "The challenger was taken back on {since}: a person must say why it may return.",
            since=challenger.facts["rolled_back_at"],
        )
        checks.append(_check("rolled back", "hold", sentence))
    if champion:
        checks += [
            _check_rows(evidence, champion),
            _check_age(challenger, champion),
            _check_feedback_rows(challenger, champion),
        ]
        checks.append(_check_identity(challenger, champion, evidence.test))
        if evidence.validation and evidence.validation.texts:
            checks.append(_check_memory(evidence, champion, evidence.validation, limits))
    return checks


def correct_answers(contender: Contender, texts: EvaluationSet) -> Correct:
    """Return which texts of a set a model labels correctly."""
    scores = contender.scores[texts.name]
    is_correct: Correct = checked_indices(texts.labels, scores) == scores.argmax(axis=1)
    return is_correct


def _check(name: str, outcome: Outcome, sentence: str, **figures: float | str) -> Check:
    return Check(name, "evidence", outcome, sentence, figures)


def _check_probabilities(contender: Contender, texts: EvaluationSet) -> Check:
    name = f"scores of the {contender.role} on {texts.name}"
    try:
        checked_indices(texts.labels, contender.scores[texts.name])
    except ModelError as error:
        outcome: Outcome = "reject" if contender.role == "challenger" else "hold"
        sentence = Phrase(
            "The {role} {model} cannot be judged: {error}.",
            role=contender.role,
            model=contender.name,
            error=str(error),
        )
        return _check(name, outcome, sentence)
    sentence = Phrase(
        "The {role} gives probabilities for all {rows:,} texts of the {name} set.",
        role=contender.role,
        rows=len(texts.texts),
        name=texts.name,
    )
    return _check(name, "pass", sentence)


def _check_size(test: EvaluationSet, limits: Thresholds, *, is_needed: bool) -> Check:
    rows = len(test.texts)
    outcome: Outcome = "hold" if is_needed else "note"
    if rows < limits.least_test_texts:
        sentence = Phrase(
            "The test split has {rows} texts; below {least} it decides nothing.",
            rows=rows,
            least=limits.least_test_texts,
        )
        return _check("test size", outcome, sentence, rows=rows)
    return _check("test size", "pass", Phrase("The test split has {rows:,} texts.", rows=rows), rows=rows)


def _check_rows(evidence: Evidence, contender: Contender) -> Check:
    """Check that a model has not learned from a text that it is judged on.

    The validation texts count too: they show what a model learned by heart.
    """
    name, role = f"training rows of the {contender.role}", contender.role
    if not contender.training_rows:
        outcome: Outcome = "hold" if role == "challenger" else "note"
        sentence = Phrase(
            "What the {role} learned from is not recorded: whether it has seen test texts cannot be told.",
            role=role,
        )
        return _check(name, outcome, sentence)
    judged = [text for texts in evidence.sets for text in texts.texts]
    seen = len(contender.training_rows & {fingerprint(text) for text in judged})
    if not seen:
        sentence = Phrase(
            "None of the {judged:,} texts to judge on is among what the {role} learned from.",
            judged=len(judged),
            role=role,
        )
        return _check(name, "pass", sentence, seen=0)
    outcome = "reject" if role == "challenger" else "hold"
    unfair = (
        "its figures mean nothing" if role == "challenger" else "the comparison is unfair to the challenger"
    )
    sentence = Phrase(
        "The {role} learned from {seen:,} of the {judged:,} texts to judge on: {unfair}.",
        role=role,
        seen=seen,
        judged=len(judged),
        unfair=unfair,
    )
    return _check(name, outcome, sentence, seen=seen)


def _check_test_split(evidence: Evidence) -> Check:
    """Check that the test split is the one that both models were made for."""
    digest = evidence.test.digest
    if not evidence.challenger.facts.get("test_digest"):
        return _check(
            "test split",
            "hold",
            "The challenger's record does not name the test split that it was made for.",
            found=digest,
        )
    for contender in (evidence.challenger, evidence.champion):
        known = contender.facts.get("test_digest") if contender else None
        if contender and known and known != digest:
            sentence = Phrase(
                "The test split is not the one of the {role} ({digest}, not {known}): "
                "it changed, or is another's.",
                role=contender.role,
                digest=digest[:12],
                known=known[:12],
            )
            return _check("test split", "hold", sentence, expected=known, found=digest)
    return _check(
        "test split", "pass", "The test split is the one that the challenger was made for.", found=digest
    )


def _check_age(challenger: Contender, champion: Contender) -> Check:
    """Check that no older challenger, such as a late backfill's, replaces a newer champion."""
    new, old = (contender.facts.get("trained_at", "") for contender in (challenger, champion))
    try:
        is_older = datetime.fromisoformat(new) < datetime.fromisoformat(old)
    except (ValueError, TypeError):
        return _check(
            "age",
            "hold",
            "When the two models were trained is not recorded: an older one must not replace a newer one.",
        )
    if is_older:
        sentence = Phrase(
            "The challenger was trained on {new}, before the champion ({old}): "
            "an older model must not replace it.",
            new=new,
            old=old,
        )
        return _check("age", "hold", sentence)
    return _check("age", "pass", "The challenger was trained after the champion.")


def _check_feedback_rows(challenger: Contender, champion: Contender) -> Check:
    """Check that the challenger knows as many rows of validated feedback as the champion.

    The dataset only grows, so a late backfill has fewer.
    """
    new, old = (int(contender.facts.get("feedback_rows") or 0) for contender in (challenger, champion))
    if new < old:
        sentence = Phrase(
            "The challenger was made when there were {new:,} rows of validated feedback, "
            "the champion at {old:,}: it is from before.",
            new=new,
            old=old,
        )
        return _check("feedback rows", "hold", sentence, challenger=new, champion=old)
    sentence = Phrase(
        "The challenger was made at {new:,} rows of validated feedback, the champion at {old:,}.",
        new=new,
        old=old,
    )
    return _check("feedback rows", "pass", sentence)


def _check_identity(challenger: Contender, champion: Contender, test: EvaluationSet) -> Check:
    new, old = challenger.scores[test.name], champion.scores[test.name]
    if np.allclose(new, old, atol=1e-6):
        return _check(
            "identity",
            "hold",
            "The challenger gives the champion's own scores on every test text: it is the same model.",
        )
    differing = int((new.argmax(axis=1) != old.argmax(axis=1)).sum())
    sentence = Phrase(
        "The two disagree on {differing:,} of {rows:,} test texts.", differing=differing, rows=len(new)
    )
    return _check("identity", "pass", sentence, differing=differing)


def _check_memory(
    evidence: Evidence, champion: Contender, validation: EvaluationSet, limits: Thresholds
) -> Check:
    """Check that the challenger does not lead on the test split by having learned it by heart."""
    on_test, on_validation = (
        (correct_answers(champion, texts), correct_answers(evidence.challenger, texts))
        for texts in (evidence.test, validation)
    )
    gap, p_value = gap_between_sets(on_test, on_validation)
    if gap > limits.memorised_gap and p_value < limits.memorised_p:
        sentence = Phrase(
            "The challenger leads by {points:.1f} points more on the test split than on validation: "
            "it has seen the test texts.",
            points=100 * float(gap),
        )
        return _check("memory", "reject", sentence, gap=gap, p=p_value)
    return _check(
        "memory",
        "pass",
        "The challenger's lead on the test split is in line with validation.",
        gap=gap,
        p=p_value,
    )
