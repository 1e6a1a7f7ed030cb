"""A suite of templated cases of three kinds, after CheckList, and a model's answers to it.

Minimum functionality: a plain sentence has a known label. Invariance: a change that says nothing of
the sentiment leaves the label as it is. Direction: a change that adds sentiment ends in its label,
or at least does not move its score the other way. Source: Ribeiro et al., Beyond Accuracy, ACL
2020. The cases themselves are in `behaviour_cases`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, get_args

from models import LABELS
from sentiment.evaluation.behaviour_cases import Case, Kind, written_cases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models import Scores

KINDS: tuple[Kind, ...] = get_args(Kind)
_TOLERANCE = 0.05  # a score may move by so much the wrong way before a direction case fails


@dataclass(frozen=True)
class Answer:
    """A model's scores for one case, and whether it passes.

    `changed` is empty for minimum functionality.
    """

    case: Case
    passes: bool
    text: Mapping[str, float]
    changed: Mapping[str, float]


@functools.cache
def cases() -> tuple[Case, ...]:
    """Return all cases, always in the same order."""
    return tuple(written_cases())


def capabilities() -> dict[str, int]:
    """Return the capabilities that the suite tries, each with its number of cases."""
    return dict(Counter(case.capability for case in cases()))


def suite_digest() -> str:
    """Return the SHA-256 of the cases: figures of different suites must not be compared."""
    return hashlib.sha256(json.dumps([asdict(case) for case in cases()]).encode()).hexdigest()


def ask_suite(predict_proba: Callable[[Sequence[str]], Scores]) -> list[Answer]:
    """Return a model's answers to all cases, in their order, in one prediction."""
    texts = list(dict.fromkeys(text for case in cases() for text in (case.text, case.changed) if text))
    rows = dict(zip(texts, predict_proba(texts), strict=True))
    return [
        Answer(
            case,
            _passes(case, rows),
            _by_label(rows[case.text]),
            _by_label(rows[case.changed]) if case.changed else {},
        )
        for case in cases()
    ]


def run_suite(predict_proba: Callable[[Sequence[str]], Scores]) -> dict[str, list[float]]:
    """Return the pass rate of each template, by kind of case."""
    passes: dict[str, dict[str, list[bool]]] = {kind: {} for kind in KINDS}
    for answer in ask_suite(predict_proba):
        passes[answer.case.kind].setdefault(answer.case.template, []).append(answer.passes)
    return {
        kind: [sum(some) / len(some) for some in by_template.values()] for kind, by_template in passes.items()
    }


def pass_rates(answers: Sequence[Answer]) -> dict[str, float]:
    """Return the share of the cases that pass, by capability."""
    passed = Counter(answer.case.capability for answer in answers if answer.passes)
    return {name: passed[name] / count for name, count in capabilities().items()}


def _passes(case: Case, scores: Mapping[str, Scores]) -> bool:
    before = scores[case.text]
    if case.kind == "minimum functionality":
        return LABELS[int(before.argmax())] == case.expected
    after = scores[case.changed]
    if case.kind == "invariance":
        return bool(before.argmax() == after.argmax())
    column = LABELS.index(case.expected)
    return bool(after.argmax() == column or after[column] >= before[column] - _TOLERANCE)


def _by_label(row: Scores) -> dict[str, float]:
    return dict(zip(LABELS, row.tolist(), strict=True))
