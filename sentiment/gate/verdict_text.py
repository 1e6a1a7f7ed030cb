"""A verdict as JSON with its hash, and as Markdown that a product owner reads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sentiment.errors import GateError
from sentiment.gate.verdict import Check, Decision, Override, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEANING = {
    Decision.PROMOTE: "The challenger becomes the champion.",
    Decision.HOLD: "The champion stays; a person may look and decide otherwise.",
    Decision.REJECT: "The champion stays; the challenger is worse, or must not be trusted.",
}
_SIGNS = {"pass": "✓", "hold": "✋", "reject": "✗", "note": "·"}
_TITLES = {
    "quality": "Is it better?",
    "slices": "Is it worse anywhere?",
    "behaviour": "Does it behave?",
    "calibration": "Does it know how sure it is?",
    "budget": "What does it cost?",
    "evidence": "Can the two be compared?",
}


def digest(verdict: Verdict) -> str:
    """Return the SHA-256 of a verdict's whole content."""
    return _hash(_as_dict(verdict))


def as_json(verdict: Verdict) -> str:
    """Return a verdict as JSON; its `sha256` is the hash of all the rest."""
    content = _as_dict(verdict)
    return (
        json.dumps({**content, "sha256": _hash(content)}, indent=2, ensure_ascii=False, allow_nan=False)
        + "\n"
    )


def read_json(text: str) -> Verdict:
    """Return the verdict that `as_json` wrote.

    Raises:
        GateError: It is none, or it was altered after it was written.
    """
    try:
        content = json.loads(text)
        expected = content.pop("sha256")
        actual = _hash(content)
        if actual != expected:
            raise GateError(
                f"the verdict was altered: its SHA-256 is {actual[:12]}, not {str(expected)[:12]}; "
                f"take it from MLflow again"
            )
        override = content["override"]
        return Verdict(
            **content
            | {
                "decision": Decision(content["decision"]),
                "reasons": tuple(content["reasons"]),
                "checks": tuple(Check(**check) for check in content["checks"]),
                "override": Override(tuple(override["approved_by"]), override["reason"])
                if override
                else None,
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GateError(
            f"this is no verdict ({type(error).__name__}: {error}): take it from MLflow again"
        ) from error


def headline(verdict: Verdict) -> str:
    """Return a verdict in one line: the gate's decision, an override, and the first reason."""
    by = f" overridden by {', '.join(verdict.override.approved_by)}" if verdict.override else ""
    return f"{verdict.decision}{by}: {verdict.reasons[0] if verdict.reasons else 'no reason'}"


def as_markdown(verdict: Verdict) -> str:
    """Return a verdict as Markdown: the decision, its reasons, every check, models and data."""
    parts = [f"# {headline(verdict)}", "", _MEANING[verdict.decision], ""]
    if verdict.override:
        names = ", ".join(verdict.override.approved_by)
        parts += [f"**Promoted all the same**, approved by {names}: {verdict.override.reason}", ""]
    parts += [f"- {reason}" for reason in verdict.reasons]
    for group, title in _TITLES.items():
        checks = [check for check in verdict.checks if check.group == group]
        if checks:
            parts += ["", f"## {title}", "", "| | | |", "| --- | --- | --- |"]
            parts += [
                f"| {_SIGNS[check.outcome]} | {check.name} | {_cell(check.sentence)} |" for check in checks
            ]
    parts += ["", "## On what", "", _models(verdict), "", _data(verdict.data), ""]
    parts += [
        f"Judged {verdict.judged_at}; record `{digest(verdict)[:12]}`. ✓ pass, ✋ hold, ✗ reject, · note.",
        "",
    ]
    return "\n".join(parts)


def _as_dict(verdict: Verdict) -> dict[str, Any]:
    # NaN as a word: JSON has none.
    content: dict[str, Any] = json.loads(json.dumps(asdict(verdict), allow_nan=True), parse_constant=str)
    return content


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _models(verdict: Verdict) -> str:
    challenger, champion = verdict.challenger, verdict.champion or {}
    keys = dict.fromkeys([*challenger, *champion])
    rows = (
        f"| {key.replace('_', ' ')} | {_shorten(challenger.get(key))} | {_shorten(champion.get(key))} |"
        for key in keys
    )
    return "\n".join(["| | challenger | champion |", "| --- | --- | --- |", *rows])


def _shorten(value: Any) -> str:
    text = "–" if value is None else str(value)
    is_digest = len(text) == 64 and set(text) <= set("0123456789abcdef")  # noqa: PLR2004 - a SHA-256
    return _cell(text[:12] if is_digest else text)


def _data(data: Mapping[str, Any]) -> str:
    sets = [
        f"{name}: {texts['rows']:,} texts, SHA-256 `{texts['sha256'][:12]}`"
        for name, texts in data.items()
        if isinstance(texts, dict) and "sha256" in texts
    ]
    earlier = data.get("earlier_judgements_on_this_test_split", 0)
    return (
        f"Judged on {'; '.join(sets)}. This test split has decided {earlier} times before: "
        f"each use spends some of it."
    )
