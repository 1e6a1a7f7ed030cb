"""A verdict as JSON with its hash, and as Markdown that a product owner reads.

The Markdown is in the language that `sentiment.language.speaking` chose; the JSON is in English,
with the facts that each sentence is made of.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sentiment.errors import GateError
from sentiment.gate.phrase import Phrase, facts_of, from_facts, translated
from sentiment.gate.verdict import Check, Decision, Override, Verdict
from sentiment.language import number, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping

MEANING = {
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
        checks = tuple(_read_check(check) for check in content["checks"])
        sentences = {check.sentence: check.sentence for check in checks}
        return Verdict(
            **content
            | {
                "decision": Decision(content["decision"]),
                "reasons": tuple(sentences.get(reason, reason) for reason in content["reasons"]),
                "checks": checks,
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
    reason = verdict.reasons[0] if verdict.reasons else "no reason"
    facts = {"decision": str(verdict.decision), "reason": reason}
    if not verdict.override:
        return _say("{decision}: {reason}", **facts)
    names = ", ".join(verdict.override.approved_by)
    return _say("{decision} overridden by {names}: {reason}", names=names, **facts)


def as_markdown(verdict: Verdict) -> str:
    """Return a verdict as Markdown: the decision, its reasons, every check, models and data."""
    parts = [f"# {headline(verdict)}", "", _say(MEANING[verdict.decision]), ""]
    if verdict.override:
        overridden = "**Promoted all the same**, approved by {names}: {reason}"
        names = ", ".join(verdict.override.approved_by)
        parts += [_say(overridden, names=names, reason=verdict.override.reason), ""]
    parts += [f"- {translated(reason, spoken())}" for reason in verdict.reasons]
    for group, title in _TITLES.items():
        checks = [check for check in verdict.checks if check.group == group]
        if checks:
            parts += ["", f"## {_say(title)}", "", "| | | |", "| --- | --- | --- |"]
            parts += [_row(check) for check in checks]
    parts += ["", f"## {_say('On what')}", "", _models(verdict), "", _data(verdict.data), ""]
    legend = "Judged {when}; record `{digest}`. ✓ pass, ✋ hold, ✗ reject, · note."
    parts += [_say(legend, when=verdict.judged_at, digest=digest(verdict)[:12]), ""]
    return "\n".join(parts)


def _say(template: str, **values: str) -> str:
    return Phrase(template, **values).into(spoken())


def _row(check: Check) -> str:
    name, sentence = translated(check.name, spoken()), translated(check.sentence, spoken())
    return f"| {_SIGNS[check.outcome]} | {name} | {_cell(sentence)} |"


def _as_dict(verdict: Verdict) -> dict[str, Any]:
    content = asdict(verdict)
    for check, record in zip(verdict.checks, content["checks"], strict=True):
        if isinstance(check.sentence, Phrase):
            record["facts"] = facts_of(check.sentence)
    # NaN as a word: JSON has none.
    plain: dict[str, Any] = json.loads(json.dumps(content, allow_nan=True), parse_constant=str)
    return plain


def _read_check(record: Mapping[str, Any]) -> Check:
    """Return a check; one of before there were facts has its English sentence alone."""
    check = Check(**{name: value for name, value in record.items() if name != "facts"})
    return replace(check, sentence=from_facts(record["facts"])) if "facts" in record else check


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _models(verdict: Verdict) -> str:
    challenger, champion = verdict.challenger, verdict.champion or {}
    keys = dict.fromkeys([*challenger, *champion])
    rows = (
        f"| {translated(key.replace('_', ' '), spoken())} "
        f"| {_shorten(challenger.get(key))} | {_shorten(champion.get(key))} |"
        for key in keys
    )
    return "\n".join([f"| | {_say('challenger')} | {_say('champion')} |", "| --- | --- | --- |", *rows])


def _shorten(value: Any) -> str:
    text = "–" if value is None else str(value)
    is_digest = len(text) == 64 and set(text) <= set("0123456789abcdef")  # noqa: PLR2004 - a SHA-256
    return _cell(text[:12] if is_digest else text)


def _data(data: Mapping[str, Any]) -> str:
    sets = [
        _say(
            "{name}: {rows} texts, SHA-256 `{sha256}`",
            name=name,
            rows=number(spoken(), texts["rows"]),
            sha256=texts["sha256"][:12],
        )
        for name, texts in data.items()
        if isinstance(texts, dict) and "sha256" in texts
    ]
    judged = (
        "Judged on {sets}. This test split has decided {earlier} times before: each use spends some of it."
    )
    earlier = str(data.get("earlier_judgements_on_this_test_split", 0))
    return _say(judged, sets="; ".join(sets), earlier=earlier)
