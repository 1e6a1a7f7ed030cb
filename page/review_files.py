"""The files of the tab "Review": the queue's items out, and labels from elsewhere in."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from page.cards import error_card
from page.texts import language_of, say, shown
from sentiment.errors import SentiloopError
from sentiment.language import Language
from sentiment.review import annotation_files
from sentiment.review.judged_files import ENDINGS, read_judgements

if TYPE_CHECKING:
    from page.review_desk import Desk

_OPTIONS: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# A click must make the file first; then the browser fetches it.
DOWNLOAD = """(file) => {
    if (file) Object.assign(document.createElement("a"), {href: file.url, download: file.orig_name}).click();
    return [];
}"""


def add_files() -> dict[str, Any]:
    """Lay out the export's and the import's components, by their names."""
    with gr.Accordion(shown("review_files"), open=False, elem_id="review-files"):
        with gr.Row():
            files: dict[str, Any] = {
                kind: gr.Button(shown(f"review_to_{kind}"), size="sm", elem_id=f"review-to-{kind}")
                for kind in ("json", "csv")
            }
        files["made"] = gr.File(visible="hidden", elem_id="review-made")
        files["file"] = gr.File(
            label=shown("review_import"),
            file_types=list(ENDINGS),
            type="filepath",
            height=120,
            elem_id="review-file",
        )
        files["result"] = gr.HTML(elem_id="review-imported", apply_default_css=False)
    return files


def wire_files(desk: Desk, files: dict[str, Any], who: list[Any]) -> None:
    """Connect the components; `who` are those of the annotator's name and key."""

    def wire_export(kind: str) -> None:
        def on_export(_name: str, key: str, request: gr.Request) -> tuple[str | None, str]:
            return _export(desk, language_of(request), key, kind)

        made = files[kind].click(on_export, who, [files["made"], files["result"]], **_OPTIONS)
        made.then(None, files["made"], None, js=DOWNLOAD)

    def on_import(_name: str, key: str, file: str | None, request: gr.Request) -> str:
        return _import(desk, language_of(request), key, file) if file else ""

    for kind in ("json", "csv"):
        wire_export(kind)
    files["file"].upload(on_import, [*who, files["file"]], files["result"], **_OPTIONS)


def _export(desk: Desk, language: Language, key: str, kind: str) -> tuple[str | None, str]:
    """Return a file of the waiting items without anybody's labels, and an error card."""
    write = {"json": annotation_files.to_label_studio, "csv": annotation_files.to_csv}[kind]
    try:
        desk.check(key)
        text = write(desk.queue.items(waiting=True))
    except SentiloopError as error:
        return None, error_card(say(language, "error_title"), str(error))
    path = Path(tempfile.mkdtemp(prefix="review-", dir=os.environ.get("GRADIO_TEMP_DIR"))) / f"review.{kind}"
    path.write_text(text, annotation_files.FILE_ENCODINGS[path.suffix])
    return str(path), ""


def _import(desk: Desk, language: Language, key: str, file: str) -> str:
    try:
        desk.check(key)
        judgements, problems = read_judgements(Path(file))
        done = annotation_files.take_in(
            desk.queue, annotation_files.name_annotators(judgements, {}), problems, now=datetime.now(UTC)
        )
    except SentiloopError as error:
        # Where the upload lies concerns nobody.
        words = str(error).replace(str(Path(file).parent) + os.sep, "")
        return error_card(say(language, "error_title"), words)
    words = say(language, "review_imported", kept=done.kept, known=done.known, problems=len(done.problems))
    return (
        error_card(words, "; ".join(done.problems[:5]))
        if done.problems
        else f'<section class="card good"><p>{words}</p></section>'
    )
