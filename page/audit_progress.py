"""The audit's progress on the tab "Review", and how many labels the gate lacks: pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from page.texts import say
from sentiment.data.division import EXAM_SHARE
from sentiment.errors import GateError
from sentiment.gate.verdict_text import read_json
from sentiment.language import Language, number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sentiment.gate.verdict import Verdict
    from sentiment.review.items import AuditProgress

PRODUCTION_CHECK = "macro F1 in production"
_GAINS = (5, 3, 2)  # in points, the one that needs the fewest labels first


@dataclass(frozen=True)
class Missing:
    """How many audit labels the last verdict had, and how many more each gain in points needs."""

    labels: int
    more: Mapping[int, int]


def read_missing(folder: Path) -> Missing | None:
    """Return what the verdict in a folder says is missing; None if it says nothing of it."""
    try:
        verdict = read_json((folder / "verdict.json").read_text("utf-8"))
    except (OSError, ValueError, GateError):  # the tab "Models" says why
        return None
    return missing_in(verdict)


def missing_in(verdict: Verdict) -> Missing | None:
    """Return what a verdict says is missing."""
    for check in verdict.checks:
        if check.name == PRODUCTION_CHECK:
            given = {gain: check.figures.get(f"labels_missing_{gain}") for gain in _GAINS}
            more = {gain: int(count) for gain, count in given.items() if isinstance(count, int | float)}
            rows = check.figures.get("rows")
            labels = round(rows / EXAM_SHARE) if isinstance(rows, int | float) else 0
            return Missing(labels, more) if more else None
    return None


def audit_card(language: Language, audit: AuditProgress, missing: Missing | None) -> str:
    """Return the audit's progress and what is missing; nothing where there is no audit."""
    if not audit.drawn and missing is None:
        return ""
    judged = audit.settled + audit.unclear + audit.skipped
    counts = {"judged": judged, "drawn": audit.drawn, "unclear": audit.unclear, "skipped": audit.skipped}
    words = say(language, "audit_progress", **{name: number(language, n) for name, n in counts.items()})
    lines = _missing_lines(language, missing) if missing else ""
    return (
        f'<section class="card review-audit"><h3>{say(language, "audit_title")}</h3>'
        f"{_bar(judged, audit.drawn, words)}{lines}</section>"
    )


def _missing_lines(language: Language, missing: Missing) -> str:
    bars = []
    for gain, more in sorted(missing.more.items(), reverse=True):
        key = "audit_missing" if more > 0 else "audit_enough"
        words = say(language, key, points=gain, count=number(language, more))
        bars.append(_bar(missing.labels, missing.labels + max(more, 0), words))
    return f"<h3>{say(language, 'audit_missing_title')}</h3>{''.join(bars)}"


def _bar(done: int, whole: int, words: str) -> str:
    share = 100 * done / whole if whole else 0
    return (
        '<div class="review-progress"><span class="track" aria-hidden="true">'
        f'<span class="bar" style="width:{share:.1f}%"></span></span><p class="fine">{words}</p></div>'
    )
