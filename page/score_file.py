"""The tab "Score a file": a CSV file in, the same file with a label per row out."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import gradio as gr

from models import LABELS
from page.cards import error_card, explain, preview_table, summary_card
from page.scoring import Limits, Progress, Report, score_sheet
from page.service_client import PredictedText, ServiceClient
from page.sheet import Sheet, SheetError, read_sheet, write_result
from page.texts import Language, language_of, say, shown

_PREVIEW_ROWS = 20

Update = dict[str, object]


def add_score_file(client: ServiceClient, limits: Limits) -> None:
    """Lay out the tab inside the current Blocks."""
    gr.Markdown(shown("file_help"), elem_classes="help")
    file = gr.File(
        label=shown("file"), file_types=[".csv", ".tsv", ".txt"], type="filepath", height=140, elem_id="file"
    )
    score = gr.Button(shown("score"), variant="primary", elem_id="score")
    summary = gr.HTML(elem_id="summary", apply_default_css=False)
    download = gr.DownloadButton(shown("download"), visible=False, elem_id="download")
    preview = gr.HTML(elem_id="preview", apply_default_css=False)

    def on_score(
        file: str | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, Update, str]:
        language = language_of(request)
        title = say(language, "scoring")
        return score_file(
            client,
            file,
            limits,
            language,
            lambda done, total: progress((done, total), desc=title, unit="tweets"),
        )

    outputs = [summary, download, preview]
    score.click(on_score, file, outputs, show_progress_on=summary, api_visibility="private")
    file.change(
        lambda: ("", gr.update(visible=False), ""),
        None,
        outputs,
        show_progress="hidden",
        api_visibility="private",
    )


def score_file(
    client: ServiceClient, file: str | None, limits: Limits, language: Language, progress: Progress
) -> tuple[str, Update, str]:
    """Return the summary, the download button's update and the preview; errors are the summary."""
    hidden = gr.update(visible=False)
    if not file:
        return error_card(say(language, "error_title"), say(language, "no_file")), hidden, ""
    try:
        sheet = read_sheet(Path(file))
    except SheetError as error:
        return error_card(say(language, "error_title"), say(language, error.key, **error.values)), hidden, ""
    report = score_sheet(client, sheet, limits=limits, language=language, progress=progress)
    result = _result_path(sheet)
    write_result(result, sheet, report.outcomes)
    return (
        _summary(client, report, language),
        gr.update(visible=True, value=str(result)),
        _preview(sheet, report, language),
    )


def _result_path(sheet: Sheet) -> Path:
    folder = tempfile.mkdtemp(prefix="scored-", dir=os.environ.get("GRADIO_TEMP_DIR"))
    return Path(folder) / f"{Path(sheet.name).stem}-scored.csv"


def _summary(client: ServiceClient, report: Report, language: Language) -> str:
    counts: Counter[str] = Counter(
        outcome.label for outcome in report.outcomes if isinstance(outcome, PredictedText)
    )
    card = summary_card(language, {label: counts[label] for label in LABELS}, len(report.outcomes))
    if report.failure is None:
        return card
    return error_card(say(language, "stopped"), explain(language, report.failure, client.address)) + card


def _preview(sheet: Sheet, report: Report, language: Language) -> str:
    rows = [(row.line, row.text, outcome) for row, outcome in zip(sheet.rows, report.outcomes, strict=True)]
    return preview_table(language, rows[:_PREVIEW_ROWS], len(rows))
