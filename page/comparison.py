"""The tab "Models": the last training's comparison as a table and a picture."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import TYPE_CHECKING, Any

from models import LABELS
from page.cards import error_card, table
from page.comparison_texts import CAPABILITIES_IN_FRENCH, EASE_IN_FRENCH, SPLITS_IN_FRENCH
from page.texts import percent, say
from sentiment.evaluation.behaviour_report import metric_of
from sentiment.language import Language, decimal, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_HIGHER_IS_BETTER = ("val_f1_macro", "test_f1_macro", "test_accuracy", "test_coverage_at_90")
_MEASURES = (*_HIGHER_IS_BETTER, "latency_ms_p50", "latency_ms_p95", "train_seconds", "size_mb")
_STAR = ' <span class="mark" aria-hidden="true">★</span>'
_UNITS = {
    "latency_ms_p50": {"en": "ms", "fr": "ms"},
    "latency_ms_p95": {"en": "ms", "fr": "ms"},
    "train_seconds": {"en": "s", "fr": "s"},
    "size_mb": {"en": "MB", "fr": "Mo"},
}
_NO_DECIMALS_FROM = 100


def comparison_view(folder: Path, language: Language) -> str:
    """Return the last training's comparison as HTML, or what to do if it is missing or damaged."""
    path = folder / "comparison.json"
    if not path.exists():
        remedy = say(language, "models_remedy")
        return (
            f'<section class="card '
            f'empty"><strong>{say(language, "models_empty")}</strong><p>{remedy}</p></section>'
        )
    try:
        content = json.loads(path.read_text("utf-8"))
        return (
            _winner(content, language)
            + _models_table(content, language)
            + _picture(folder, "comparison", "picture", language)
            + _picture(folder, "risk_coverage", "picture_risk", language)
            + _ease_list(content, language)
            + _behaviour_table(content, language)
            + _details(content, language)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return error_card(say(language, "error_title"), say(language, "models_damaged", file=path))


def _winner(content: Mapping[str, Any], language: Language) -> str:
    date = str(content["created_at"])[:16].replace("T", " ")
    facts = say(
        language, "trained_on", date=date, profile=content["profile"], dataset=content["dataset"]["name"]
    )
    return (
        f'<section class="card winner"><p '
        f'class="eyebrow">{say(language, "winner")}</p><strong>{escape(str(content["winner"]))}</strong>'
        f'<p>{say(language, "winner_why")}</p><p class="fine">{escape(facts)}</p></section>'
    )


def _models_table(content: Mapping[str, Any], language: Language) -> str:
    """Return a row per measure and a column per model; the best value of each row stands out."""
    models = content["models"]
    measures = [measure for measure in _MEASURES if any(measure in model["metrics"] for model in models)]
    rows = (_measure_row(measure, models, language) for measure in measures)
    return table(
        say(language, "tab_models"), _names_of_models(content, say(language, "measure")), "".join(rows)
    )


def _names_of_models(content: Mapping[str, Any], corner: str) -> str:
    names = (
        f"{escape(str(model['family']))}{_STAR if model['family'] == content['winner'] else ''}"
        for model in content["models"]
    )
    return f'<th scope="col">{corner}</th>' + "".join(
        f'<th scope="col" class="number">{name}</th>' for name in names
    )


def _measure_row(measure: str, models: Sequence[Mapping[str, Any]], language: Language) -> str:
    values = [model["metrics"].get(measure) for model in models]
    known = [value for value in values if value is not None]
    best = max(known) if measure in _HIGHER_IS_BETTER else min(known)
    shown = ["–" if value is None else _quantity(value, measure, language) for value in values]
    return _row(say(language, measure), values, shown, best)


def _row(title: str, values: Sequence[float | None], shown: Sequence[str], best: float) -> str:
    cells = (
        f'<td class="number{" best" if value == best else ""}">{text}</td>'
        for value, text in zip(values, shown, strict=True)
    )
    return f'<tr><th scope="row">{title}</th>{"".join(cells)}</tr>'


def _behaviour_table(content: Mapping[str, Any], language: Language) -> str:
    """Return the behavioural suite's results, if any: a row per capability, with its cases."""
    if "behaviour" not in content:
        return ""
    rows = []
    for name, count in content["behaviour"]["cases"].items():
        rates = [model["metrics"][metric_of(name)] for model in content["models"]]
        words = CAPABILITIES_IN_FRENCH.get(name, name) if language == "fr" else name
        rows.append(
            _row(escape(f"{words} ({count})"), rates, [percent(language, rate) for rate in rates], max(rates))
        )
    return table(
        say(language, "behaviour"), _names_of_models(content, say(language, "measure")), "".join(rows)
    )


def _quantity(value: float, measure: str, language: Language) -> str:
    digits = 3 if measure in _HIGHER_IS_BETTER else 1 if value < _NO_DECIMALS_FROM else 0
    unit = _UNITS.get(measure, {}).get(language, "")
    return decimal(language, value, digits) + (f"\u00a0{unit}" if unit else "")


def _picture(folder: Path, name: str, key: str, language: Language) -> str:
    """Return a picture in the reader's language; in English if an older training left no other."""
    own, path, words = folder / f"{name}.{language}.png", folder / f"{name}.png", say(language, key)
    path = own if own.exists() else path
    if not path.exists():
        return ""
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<figure class="chart"><img alt="{escape(words)}" src="data:image/png;base64,{data}"></figure>'


def _details(content: Mapping[str, Any], language: Language) -> str:
    counts = _counts_table(content["dataset"]["counts"], language)
    return counts + "".join(_hyperparameters(model, language) for model in content["models"])


def _hyperparameters(model: Mapping[str, Any], language: Language) -> str:
    values = json.dumps(model.get("hyperparameters", {}), indent=2, ensure_ascii=False)
    return (
        f"<details><summary>{say(language, 'hyperparameters', model=escape(str(model['family'])))}</summary>"
        f"<pre>{escape(values)}</pre></details>"
    )


def _ease_list(content: Mapping[str, Any], language: Language) -> str:
    rows = (
        f"<dt>{escape(str(model['family']))}</dt><dd>{escape(_ease(model, language))}</dd>"
        for model in content["models"]
    )
    return f'<section class="card ease"><h3>{say(language, "ease")}</h3><dl>{"".join(rows)}</dl></section>'


def _ease(model: Mapping[str, Any], language: Language) -> str:
    english = str(model.get("ease", "–"))
    return EASE_IN_FRENCH.get(str(model["family"]), english) if language == "fr" else english


def _split(name: str, language: Language) -> str:
    return SPLITS_IN_FRENCH.get(name, name) if language == "fr" else name


def _counts_table(counts: Mapping[str, Mapping[str, int]], language: Language) -> str:
    head = f'<th scope="col">{say(language, "split")}</th>' + "".join(
        f'<th scope="col" class="number">{say(language, label)}</th>' for label in LABELS
    )
    body = "".join(
        f'<tr><th scope="row">{escape(_split(split, language))}</th>'
        + "".join(
            f'<td class="number">{number(language, int(per_label.get(label, 0)))}</td>' for label in LABELS
        )
        + "</tr>"
        for split, per_label in counts.items()
    )
    return table(say(language, "dataset"), head, body)
