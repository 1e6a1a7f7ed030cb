"""A model's results in the behavioural suite: metrics by capability, failures as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.evaluation.behaviour_suite import capabilities, pass_rates, suite_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentiment.evaluation.behaviour_suite import Answer

_DIGEST_SHOWN = 12


def metric_of(capability: str) -> str:
    """Return the metric that holds the pass rate of a capability.

    >>> metric_of("handles and links")
    'behaviour_handles_and_links'
    """
    return f"behaviour_{capability.replace(' ', '_')}"


def behaviour_metrics(answers: Sequence[Answer]) -> dict[str, float]:
    """Return the share of the cases that pass, by the metric of each capability."""
    return {metric_of(capability): rate for capability, rate in pass_rates(answers).items()}


def describe_suite() -> dict[str, object]:
    """Return the suite's digest and its number of cases by capability, for a record.

    Figures of suites with different digests must not be compared.
    """
    return {"suite": suite_digest(), "cases": capabilities()}


def list_failures(family: str, answers: Sequence[Answer]) -> str:
    """Return every failing case as Markdown: its texts, the expectation, and the labels given."""
    failing = [answer for answer in answers if not answer.passes]
    lines = [
        f"# {family}: {len(failing)} of {len(answers)} cases of the behavioural suite fail",
        "",
        f"Suite {suite_digest()[:_DIGEST_SHOWN]}. Each text is followed by the label with the highest score.",
    ]
    for capability, rate in pass_rates(answers).items():
        some = [answer for answer in failing if answer.case.capability == capability]
        if some:
            lines += [
                "",
                f"## {capability}: {rate:.0%} pass",
                "",
                "| expected | text | changed |",
                "| --- | --- | --- |",
            ]
            lines += [_row(answer) for answer in some]
    return "\n".join(lines) + "\n"


def _row(answer: Answer) -> str:
    case = answer.case
    expected = {
        "minimum functionality": case.expected,
        "invariance": "the same label",
        "direction": f"more {case.expected}",
    }[case.kind]
    shown = [
        expected,
        _with_scores(case.text, answer.text, case.expected),
        _with_scores(case.changed, answer.changed, case.expected),
    ]
    return f"| {' | '.join(cell.replace('|', '/') for cell in shown)} |"


def _with_scores(text: str, scores: Mapping[str, float], wanted: str) -> str:
    """Return a text with its label and score, and the score of a wanted label that differs."""
    if not scores:
        return "–"
    label = max(scores, key=lambda name: scores[name])
    also = f", {wanted} {scores[wanted]:.2f}" if wanted not in ("", label) else ""
    return f"{text} → {label} {scores[label]:.2f}{also}"
