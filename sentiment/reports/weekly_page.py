"""The weekly report as one HTML page that loads nothing from elsewhere.

Every text that came from the logs is escaped.
"""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from models import LABELS
from sentiment.reports.weekly_findings import (
    Finding,
    caveats,
    counted,
    moment,
    number,
    percent,
    period_text,
    report_title,
    say_empty,
    short_model,
)
from sentiment.reports.weekly_shares import HIGHER, LOWER, NOTHING_BEFORE, RULE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from sentiment.reports.weekly_report import Weekly
    from sentiment.reports.weekly_shares import Measure

_TEMPLATE = Path(__file__).with_name("weekly.html")
_TITLES = {
    "feedback": "What people say",
    "mistakes": "Where the model errs",
    "words": "Words of the mistakes",
    "models": "By model",
    "service": "Requests and response times",
    "confidence": "Labels and confidence",
    "alerts": "Alerts",
}
_TILES = ("bad_share", "feedback", "requests", "latency_ms_p95", "server_error_share", "low_confidence_share")
_MORE_IS_NOT_WORSE = ("feedback_share",)


def make_page(
    weekly: Weekly,
    findings: Mapping[str, Finding],
    pictures: Mapping[str, bytes],
    *,
    created_at: datetime,
    source: str,
) -> str:
    """Return the page: the same report, pictures (PNG) and `created_at` give the same text.

    `source` is where the logs were asked.
    """
    title = f"Sentiloop, {period_text(weekly.span)}"
    content = [
        f"<header><h1>{report_title(weekly.span)}</h1>\n<p class='quiet'>{escape(period_text(weekly.span))}</p></header>"
    ]
    if weekly.is_empty:
        content.append(f"<p class='card lead'>{escape(say_empty(weekly.span))}</p>")
    else:
        content += [
            _summary(weekly, findings),
            *(_section(topic, weekly, finding, pictures) for topic, finding in findings.items()),
        ]
        content.append(
            f"<h2 id='trend'>All figures</h2>\n{_trend(weekly)}\n<p class='fine'>{escape(RULE)}</p>"
        )
    content.append(_footer(weekly, created_at, source))
    return (
        _TEMPLATE.read_text("utf-8")
        .replace("{{title}}", escape(title))
        .replace("{{content}}", "\n".join(content))
    )


def make_summary(weekly: Weekly, findings: Mapping[str, Finding]) -> str:
    """Return the findings as Markdown, in which no sign of a word from a tweet has a meaning."""
    lines = (
        [say_empty(weekly.span)]
        if weekly.is_empty
        else [f"- {finding.headline}" for finding in findings.values()]
    )
    escaped = [
        line[:2] + "".join(f"\\{sign}" if sign in "\\`*_[]<>#|~&!" else sign for sign in line[2:])
        for line in lines
    ]
    return f"# {report_title(weekly.span)}, {period_text(weekly.span)}\n\n" + "\n".join(escaped) + "\n"


def make_headline(weekly: Weekly) -> str:
    """Return the headline figures in a few lines for the terminal."""
    if weekly.is_empty:
        return say_empty(weekly.span)
    shown = (m for m in weekly.measures.values() if m.key in (*_TILES, "alerts"))
    lines = [
        f"  {m.title:<32}{number(m):>9}   before: {number(m, before=True):>8}   {m.verdict}".rstrip()
        for m in shown
    ]
    return "\n".join([f"{period_text(weekly.span)}:", *lines])


def _summary(weekly: Weekly, findings: Mapping[str, Finding]) -> str:
    tiles = "\n".join(_tile(weekly.measures[key]) for key in _TILES)
    lines = "\n".join(
        f"<li><a href='#{topic}'>{escape(_TITLES[topic])}</a>: {escape(found.headline)}</li>"
        for topic, found in findings.items()
    )
    notes = "\n".join(f"<p class='card note'>{escape(note)}</p>" for note in caveats(weekly))
    return f"<ul class='tiles'>\n{tiles}\n</ul>\n<ul class='findings'>\n{lines}\n</ul>\n{notes}"


def _tile(measure: Measure) -> str:
    before = (
        ""
        if measure.verdict == NOTHING_BEFORE
        else f"<span class='fine'>before: {number(measure, before=True)}</span><br>"
    )
    return f"<li class='card'><span class='quiet'>{escape(measure.title)}</span><b>{number(measure)}</b>{before}{_verdict(measure)}</li>"


def _verdict(measure: Measure) -> str:
    """Return the verdict, coloured where it is clearly good or bad news."""
    if measure.verdict not in (HIGHER, LOWER) or measure.key in _MORE_IS_NOT_WORSE:
        return f"<span class='fine'>{escape(measure.verdict)}</span>"
    tone, arrow = ("worse", "▲") if measure.verdict == HIGHER else ("better", "▼")
    return f"<span class='{tone}'>{arrow} {measure.verdict}</span>"


def _section(topic: str, weekly: Weekly, finding: Finding, pictures: Mapping[str, bytes]) -> str:
    parts = [f"<section id='{topic}'>\n<h2>{escape(_TITLES[topic])}</h2>"]
    if topic in pictures:
        picture = base64.b64encode(pictures[topic]).decode()
        parts.append(
            f"<figure><img alt='{escape(finding.headline)}' src='data:image/png;base64,{picture}'></figure>"
        )
    else:
        parts.append(f"<p class='lead'>{escape(finding.headline)}</p>")
    if finding.text:
        parts.append(f"<p>{escape(finding.text)}</p>")
    parts.append(_TABLES.get(topic, _nothing)(weekly))
    return "\n".join(part for part in [*parts, "</section>"] if part)


def _nothing(weekly: Weekly) -> str:
    return ""


def _feedback_table(weekly: Weekly) -> str:
    windows = weekly.tables["by_window"]
    form = "%d %b %Y" if weekly.span.window.days and not weekly.span.start.hour else "%d %b %Y, %H:%M"
    rows = [
        [
            f"{row['start']:{form}}",
            row["requests"],
            row["predictions"],
            row["right"] + row["wrong"],
            row["wrong"],
        ]
        for row in windows.to_dict("records")
    ]
    table = _table(["from (UTC)", "requests", "texts", "feedback", "wrong"], rows)
    return f"<details><summary>{'Hour by hour' if not weekly.span.window.days else 'Day by day'}</summary>\n{table}\n</details>"


def _mistake_list(weekly: Weekly) -> str:
    rows = weekly.tables["mistakes"].to_dict("records")
    items = "\n".join(_mistake(row) for row in rows)
    return (
        f"<h3>The mistakes of which the model was surest</h3>\n<ul class='tweets'>\n{items}\n</ul>"
        if rows
        else ""
    )


def _mistake(row: Mapping[str, Any]) -> str:
    said = (
        f"people say <b>{escape(str(row['feedback_label']))}</b>"
        if row["feedback_label"] in _LABELS
        else "no label given"
    )
    score = "" if pd.isna(row["score"]) else f" at {percent(row['score'])}"
    facts = f"predicted <b>{escape(str(row['predicted_label']))}</b>{score}, {said} · <code>{escape(short_model(str(row['model'])))}</code>"
    return (
        f"<li class='card'><p dir='auto'>{escape(str(row['tweet_text']))}</p><p class='said'>{facts}</p></li>"
    )


def _word_table(weekly: Weekly) -> str:
    rows = [
        [
            row["word"],
            _counted(row["wrong"], row["wrong_share"]),
            _counted(row["right"], row["right_share"]),
            _MARKS.get(row["verdict"], ""),
        ]
        for row in weekly.tables["words"].to_dict("records")
    ]
    return (
        _table(["word", "tweets predicted wrong", "predicted right", "more in the mistakes"], rows)
        if rows
        else ""
    )


def _counted(count: int, share: float) -> str:
    return f"{count:,} ({percent(share)})"


def _model_table(weekly: Weekly) -> str:
    rows = [
        [
            short_model(row["model"]),
            row["predictions"],
            f"{row['wrong']:,} of {row['right'] + row['wrong']:,}",
            _interval(row),
        ]
        for row in weekly.tables["models"].to_dict("records")
    ]
    return _table(["model", "texts", "wrong", "95% interval"], rows) if rows else ""


def _interval(row: Mapping[str, Any]) -> str:
    return "–" if pd.isna(row["wrong_share"]) else f"{percent(row['low'])} to {percent(row['high'])}"


def _error_table(weekly: Weekly) -> str:
    errors = weekly.tables["errors"]
    rows = [
        [row["name"], row["status"], row["requests"], moment(row["last_seen"])]
        for row in errors.to_dict("records")
    ]
    return (
        f"<h3>Requests that were refused or failed</h3>\n{_table(['request', 'status', 'requests', 'last seen'], rows)}"
        if rows
        else ""
    )


def _alert_table(weekly: Weekly) -> str:
    rows = [
        [moment(e.fired), moment(e.resolved) if e.resolved else "not by the end", e.most]
        for e in weekly.alerts
    ]
    return _table(["fired", "resolved", "most bad predictions in a window"], rows) if rows else ""


def _trend(weekly: Weekly) -> str:
    """Return every headline figure of both periods; the only table with markup in its cells, none of which came from the logs."""
    rows = "\n".join(
        f"<tr><th scope='row'>{escape(m.title)}<br>{_verdict(m)}</th><td class='number'>{_with_interval(m)}</td>"
        f"<td class='number'>{_with_interval(m, before=True)}</td></tr>"
        for m in weekly.measures.values()
    )
    head = "<th scope='col'>figure</th><th scope='col' class='number'>this period</th><th scope='col' class='number'>before</th>"
    return f"<div class='scroll' tabindex='0'><table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>"


def _with_interval(measure: Measure, *, before: bool = False) -> str:
    low, high = measure.before_interval if before else measure.now_interval
    value = number(measure, before=before)
    return (
        value if pd.isna(low) or value == "–" else f"{value}<small>{percent(low)} to {percent(high)}</small>"
    )


def _table(head: list[str], rows: Iterable[list[object]]) -> str:
    """Return a table of plain values, all escaped; whole numbers stand to the right."""
    body = "\n".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    names = "".join(f"<th scope='col'>{escape(name)}</th>" for name in head)
    return f"<div class='scroll' tabindex='0'><table><thead><tr>{names}</tr></thead><tbody>\n{body}\n</tbody></table></div>"


def _cell(value: object) -> str:
    return f"<td>{value:,}</td>" if isinstance(value, int) else f"<td dir='auto'>{escape(str(value))}</td>"


def _footer(weekly: Weekly, created_at: datetime, source: str) -> str:
    days = weekly.span.days
    command = f"python -m flows.analyse --days {days} --end {weekly.span.end.isoformat()}"
    return (
        f"<footer class='fine'><p>Made on {moment(created_at)} from the logs at {escape(source)}. The period is compared with the "
        f"{counted(days, 'day')} before it. A feedback counts once, however often it arrived; a tweet counts once among the words. "
        f"Handles, links, mail addresses and phone numbers were masked before the tweets were logged. "
        f"Where requests are sampled, their numbers "
        f"are estimates.</p><p>To make it again: <code>{escape(command)}</code></p></footer>"
    )


_MARKS = {HIGHER: "clearly", LOWER: "clearly less"}
_LABELS = frozenset(LABELS)
_TABLES: Mapping[str, Callable[[Weekly], str]] = {
    "feedback": _feedback_table,
    "mistakes": _mistake_list,
    "words": _word_table,
    "models": _model_table,
    "service": _error_table,
    "alerts": _alert_table,
}
