"""The gate's last verdict on the tab "Models", from SENTIMENT_HOME/verdict."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from page.audit_progress import PRODUCTION_CHECK
from page.cards import error_card
from page.texts import say
from sentiment.errors import GateError
from sentiment.gate.phrase import translated
from sentiment.gate.verdict_text import MEANING, read_json
from sentiment.language import Language

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment.gate.verdict import Verdict

_KINDS = {"PROMOTE": "good", "HOLD": "", "REJECT": "bad"}


def verdict_view(folder: Path, language: Language) -> str:
    """Return the last verdict as HTML, or a line on why there is none to show."""
    path = folder / "verdict.json"
    if not path.exists():
        return f'<p class="fine">{say(language, "verdict_none")}</p>'
    try:
        verdict = read_json(path.read_text("utf-8"))
        own = folder / f"verdict.{language}.png"  # English, and what is from before, has no such name
        picture = (own if own.exists() else folder / "verdict.png").read_bytes()
    except (OSError, ValueError, GateError):
        return error_card(say(language, "error_title"), say(language, "verdict_damaged", file=path))
    return _card(verdict, language) + _picture(picture, language)


def _card(verdict: Verdict, language: Language) -> str:
    asked = [check.sentence for check in verdict.checks if check.name == PRODUCTION_CHECK]
    production = "".join(
        f"<p><b>{say(language, 'verdict_production')}</b> {escape(translated(sentence, language))}</p>"
        for sentence in asked
    )
    # Not twice where it is also a reason.
    others = [translated(reason, language) for reason in verdict.reasons if reason not in asked]
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in others)
    override = ""
    if verdict.override:
        names = ", ".join(verdict.override.approved_by)
        override = (
            f"<p>{escape(say(language, 'verdict_override', names=names, reason=verdict.override.reason))}</p>"
        )
    return (
        f'<section class="card verdict-card {_KINDS[verdict.decision]}"><p '
        f'class="eyebrow">{say(language, "verdict_title")}</p>'
        f"<strong>{verdict.decision}</strong>"
        f"<p>{translated(MEANING[verdict.decision], language)}</p>{production}<ul>{reasons}</ul>{override}"
        f'<p class="fine">{escape(str(verdict.challenger["name"]))} · '
        f"{escape(verdict.judged_at[:16].replace('T', ' '))} UTC</p></section>"
    )


def _picture(picture: bytes, language: Language) -> str:
    source = base64.b64encode(picture).decode()
    return (
        f'<figure class="chart"><img alt="{escape(say(language, "verdict_picture"))}" '
        f'src="data:image/png;base64,{source}"></figure>'
    )
