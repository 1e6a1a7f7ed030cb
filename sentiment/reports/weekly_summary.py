"""The weekly report in short: as Markdown for Prefect and MLflow, and as lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.reports.span import period_text, report_title
from sentiment.reports.weekly_findings import say_empty
from sentiment.reports.wording import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.reports.weekly_finding import Finding
    from sentiment.reports.weekly_report import Weekly

# The figures that matter most, in the order of the page.
HEADLINE_KEYS = (
    "bad_share",
    "feedback",
    "requests",
    "latency_ms_p95",
    "server_error_share",
    "low_confidence_share",
)
_TITLE = 32  # columns
_MARKDOWN = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>#|~&!"})


def make_summary(weekly: Weekly, findings: Mapping[str, Finding]) -> str:
    """Return the headlines as a Markdown list, with the signs that tweets may contain escaped."""
    lines = [f"- {finding.headline.translate(_MARKDOWN)}" for finding in findings.values()]
    if weekly.is_empty:
        lines = [say_empty(weekly.span)]
    return f"# {report_title(weekly.span)}, {period_text(weekly.span)}\n\n" + "\n".join(lines) + "\n"


def make_headline(weekly: Weekly) -> str:
    """Return the headline figures, one per line, for the terminal."""
    if weekly.is_empty:
        return say_empty(weekly.span)
    shown = (measure for key, measure in weekly.measures.items() if key in (*HEADLINE_KEYS, "alerts"))
    lines = [
        f"  {say(m.title):<{_TITLE}}{m.now_text:>9}   {say('before:')} {m.before_text:>8}   "
        f"{say(m.verdict) if m.verdict else ''}".rstrip()
        for m in shown
    ]
    return "\n".join([f"{period_text(weekly.span)}:", *lines])
