"""The tab "Score a file": a file of tweets in, the same rows with a label each out."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from models import LABELS
from page.cards import error_card, explain, preview_table, rows_table, summary_card
from page.review_files import DOWNLOAD
from page.scoring import Limits, Progress, Report, score_sheet
from page.service_client import PredictedText, ServiceClient
from page.sheet import EACH_LINE, Sheet, SheetError, columns_of, look_into, read_sheet, write_result
from page.texts import language_of, say, shown
from sentiment.language import Language
from sentiment.tables.opening import ENDINGS

_PREVIEW_ROWS = 20
_MAY_BE_TABLE = ("file_doubt", "file_unnamed")
_MAY_BE_LINES = (*_MAY_BE_TABLE, "file_header_below", "file_json_inside")
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

Update = dict[str, object]


class Choice(NamedTuple):
    """What the user chose: a file, and the column of its tweets."""

    file: str | None
    column: str | None = None


class Scored(NamedTuple):
    """What a scoring shows, and the file that it made, if it made one."""

    summary: str
    result: str | None = None
    preview: str = ""


def add_score_file(client: ServiceClient, limits: Limits) -> None:
    """Lay out the tab inside the current Blocks."""
    gr.Markdown(shown("file_help"), elem_classes="help")
    file = gr.File(label=shown("file"), file_types=list(ENDINGS), type="filepath", height=140, elem_id="file")
    column = gr.Dropdown(label=shown("column"), visible=False, elem_id="column")
    first_rows = gr.HTML(elem_id="first-rows", apply_default_css=False)
    score = gr.Button(shown("score"), variant="primary", elem_id="score")
    summary = gr.HTML(elem_id="summary", apply_default_css=False)
    download = gr.Button(shown("download"), visible=False, elem_id="download")
    result, made = gr.State(), gr.File(visible="hidden", elem_id="scored-file")
    preview = gr.HTML(elem_id="preview", apply_default_css=False)

    def on_score(
        file: str | None,
        column: str | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, str | None, str, Update]:
        language = language_of(request)
        title = say(language, "scoring")

        def tell(done: int, total: int) -> None:
            progress((done, total), desc=title, unit="tweets")

        scored = score_file(client, Choice(file, column), limits, language, tell)
        return *scored, gr.update(visible=scored.result is not None)

    outputs = [summary, result, preview, download]
    score.click(on_score, [file, column], outputs, show_progress_on=summary, api_visibility="private")
    file.change(lambda: ("", None, "", gr.update(visible=False)), None, outputs, **_QUIET)
    file.change(on_file, file, [column, first_rows], **_QUIET)
    column.input(on_column, [file, column], first_rows, **_QUIET)
    download.click(on_download, result, [made, summary], **_QUIET).then(None, made, None, js=DOWNLOAD)


def on_file(file: str | None, request: gr.Request) -> tuple[Update, str]:
    """Return the columns to choose from, and the first rows or what is wrong with the file."""
    language, hidden = language_of(request), gr.update(visible=False, choices=[], value=None)
    if not file:
        return hidden, ""
    path = Path(file)
    try:
        look = look_into(path)
    except SheetError as error:
        columns = columns_of(path) if error.key in _MAY_BE_TABLE else []
        choices = _choices(language, columns, may_be_lines=error.key in _MAY_BE_LINES)
        return gr.update(visible=bool(choices), choices=choices, value=None), _error(language, error)
    columns = columns_of(path) if look.column == EACH_LINE else look.header
    choices = _choices(language, columns, may_be_lines=look.may_be_lines)
    update = gr.update(visible=len(choices) > 1, choices=choices, value=look.column)
    return update, rows_table(language, look.header, look.rows)


def on_column(file: str | None, column: str | None, request: gr.Request) -> str:
    """Return the first rows as they are read with this choice."""
    language = language_of(request)
    try:
        look = look_into(Path(file), column) if file else None
    except SheetError as error:
        return _error(language, error)
    return rows_table(language, look.header, look.rows) if look else ""


def on_download(result: str | None, request: gr.Request) -> tuple[str | None, str | Update]:
    """Return the result for the browser to fetch, or an error where it is no longer there."""
    language = language_of(request)
    if result and Path(result).is_file():
        return result, gr.skip()
    return None, error_card(say(language, "error_title"), say(language, "result_gone"))


def score_file(
    client: ServiceClient, choice: Choice, limits: Limits, language: Language, progress: Progress
) -> Scored:
    """Return what the scoring of a file shows; an error is the summary."""
    if not choice.file:
        return Scored(error_card(say(language, "error_title"), say(language, "no_file")))
    try:
        sheet = read_sheet(Path(choice.file), choice.column)
    except SheetError as error:
        return Scored(_error(language, error))
    report = score_sheet(client, sheet, limits=limits, language=language, progress=progress)
    result = _result_path(sheet)
    write_result(result, sheet, report.outcomes)
    summary = _summary(client, sheet, report, language)
    return Scored(summary, str(result), _preview(sheet, report, language))


def _choices(language: Language, columns: list[str], *, may_be_lines: bool) -> list[tuple[str, str]]:
    """Return what can be chosen: the columns, and each line."""
    choices = [
        (name.strip() or say(language, "column_unnamed", number=place + 1), str(place))
        for place, name in enumerate(columns)
    ]
    return [*choices, (say(language, "each_line"), EACH_LINE)] if may_be_lines else choices


def _error(language: Language, error: SheetError) -> str:
    return error_card(say(language, "error_title"), say(language, error.key, **error.values))


def _result_path(sheet: Sheet) -> Path:
    folder = tempfile.mkdtemp(prefix="scored-", dir=os.environ.get("GRADIO_TEMP_DIR"))
    return Path(folder) / f"{sheet.name.partition('.')[0] or 'tweets'}-scored.csv"


def _summary(client: ServiceClient, sheet: Sheet, report: Report, language: Language) -> str:
    counts: Counter[str] = Counter(
        outcome.label for outcome in report.outcomes if isinstance(outcome, PredictedText)
    )
    by_label = {label: counts[label] for label in LABELS}
    card = summary_card(language, by_label, len(report.outcomes), sheet.results[-1])
    if report.failure is None:
        return card
    return error_card(say(language, "stopped"), explain(language, report.failure, client.address)) + card


def _preview(sheet: Sheet, report: Report, language: Language) -> str:
    rows = [(row.line, row.text, outcome) for row, outcome in zip(sheet.rows, report.outcomes, strict=True)]
    return preview_table(language, rows[:_PREVIEW_ROWS], len(rows))
