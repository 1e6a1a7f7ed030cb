"""The tab "Review": annotators judge tweets blind, one after the other, by mouse or by keyboard.

The queue itself is `sentiment.review`.
"""

from __future__ import annotations

import hmac
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from models import LABELS
from page.cards import error_card
from page.host import listening_host
from page.review_cards import agreement_card, disagreement_card, empty_card, item_card, progress_bar
from page.texts import Language, language_of, say, shown
from sentiment.errors import ReviewError, SentiloopError
from sentiment.loopback import is_loopback
from sentiment.review import annotation_files
from sentiment.review.items import UNCLEAR, ItemClosedError

if TYPE_CHECKING:
    from sentiment.config import Settings
    from sentiment.review.items import Item
    from sentiment.review.queue import ReviewQueue

_OPTIONS: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_RECALL = "() => [localStorage.getItem('sentiloop-annotator') || '']"
_KEEP = "(name) => { localStorage.setItem('sentiloop-annotator', name); return []; }"
# A click must make the file first; then the browser fetches it.
_DOWNLOAD = """(file) => {
    if (file) Object.assign(document.createElement("a"), {href: file.url, download: file.orig_name}).click();
    return [];
}"""
# One key per button; not while somebody types, and only while the buttons can be seen.
_KEYS = """() => {
    const buttons = {1: "negative", 2: "neutral", 3: "positive", u: "unclear", s: "skip", z: "undo", r: "reveal"};
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        if (event.target.closest("input, textarea, [contenteditable]")) return;
        const button = document.getElementById("review-" + buttons[event.key.toLowerCase()]);
        if (button && button.offsetParent !== null && !button.disabled) { event.preventDefault(); button.click(); }
    });
}"""


class Desk:
    """What the handlers of all annotators share: the queue, opened at the first use, and who may use it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue: ReviewQueue | None = None
        self.key = settings.review_key.get_secret_value() if settings.review_key else ""
        self.is_open = bool(self.key) or is_loopback(listening_host())

    @property
    def queue(self) -> ReviewQueue:
        """The review queue.

        Raises:
            ReviewError: Its address cannot be used.
        """
        if self._queue is None:
            from sentiment.review.queue import ReviewQueue

            self._queue = ReviewQueue.from_settings(self._settings)
        return self._queue

    def check(self, key: str | None) -> None:
        """Return if the key is right, or none is needed.

        Raises:
            ReviewError: It is wrong.
        """
        if not self.is_open or not hmac.compare_digest((key or "").encode(), self.key.encode()):
            raise ReviewError("the key is wrong: ask who runs this page for SENTIMENT_REVIEW_KEY")


def add_review(settings: Settings, page: gr.Blocks) -> None:
    """Lay out the tab inside the current Blocks."""
    desk = Desk(settings)
    if not desk.is_open:
        closed = gr.HTML(elem_id="review-closed", apply_default_css=False)

        def on_closed(request: gr.Request) -> str:
            return empty_card(language_of(request), "review_closed", "review_closed_remedy")

        page.load(on_closed, None, closed, **_OPTIONS)
        return
    gr.Markdown(shown("review_help"), elem_classes="help")
    with gr.Row(elem_id="review-who"):
        name = gr.Textbox(label=shown("review_name"), max_length=100, elem_id="review-name", scale=3)
        key = gr.Textbox(
            label=shown("review_key"), type="password", visible=bool(desk.key), elem_id="review-key", scale=2
        )
        begin = gr.Button(shown("review_begin"), variant="primary", elem_id="review-begin", scale=1)
    item: gr.State = gr.State(None)
    with gr.Column(visible=False, elem_id="review-desk") as place:
        progress = gr.HTML(elem_id="review-bar", apply_default_css=False)
        card = gr.HTML(elem_id="review-card", apply_default_css=False)
        buttons = _add_buttons()
        with gr.Column(visible=False, elem_id="review-adjudicate") as dispute:
            disputed = gr.HTML(elem_id="review-disputed", apply_default_css=False)
            choices = _add_choices()
        agreement = gr.HTML(elem_id="review-agreement", apply_default_css=False)
        files = _add_files()
    trouble = gr.HTML(elem_id="review-trouble", apply_default_css=False)
    disputed_item: gr.State = gr.State(None)
    outputs = [item, place, card, trouble]
    figures = [progress, dispute, disputed, disputed_item, agreement]

    def on_figures(name: str, key: str, request: gr.Request) -> list[Any]:
        return _figures(desk, language_of(request), (name, key))

    def wire(
        button: gr.Button, act: Callable[[str, Item | None, Item | None], Item | None], js: str | None = None
    ) -> None:
        # Gradio reads these types.
        def on_click(name: str, key: str, item: Any, disputed: Any, request: gr.Request) -> list[Any]:
            return _act(desk, language_of(request), (name, key), lambda: act(name, item, disputed))

        clicked = button.click(
            on_click, [name, key, item, disputed_item], outputs, trigger_mode="once", js=js, **_OPTIONS
        )
        # After the next tweet, which nobody should wait for.
        clicked.then(on_figures, [name, key], figures, **_OPTIONS)

    now = partial(datetime.now, UTC)
    for label in (*LABELS, UNCLEAR):
        wire(
            buttons[label],
            lambda who, item, _, label=label: (  # type: ignore[misc]
                desk.queue.judge(item.item_id, who, label, now=now()) if item else None
            ),
        )
        wire(
            choices[label],
            lambda who, _, one, label=label: (  # type: ignore[misc]
                desk.queue.adjudicate(one.item_id, who, label, now=now()) if one else None
            ),
        )
    wire(
        buttons["skip"], lambda who, item, _: desk.queue.skip(item.item_id, who, now=now()) if item else None
    )
    wire(buttons["undo"], lambda who, _, __: desk.queue.undo(who, now=now()))
    wire(begin, lambda _, __, ___: None)
    name.submit(None, None, None, js="() => document.getElementById('review-begin').click()")
    begin.click(None, name, None, js=_KEEP)
    page.load(None, None, name, js=_RECALL, **_OPTIONS)
    page.load(None, None, None, js=_KEYS)

    def on_reveal(item: Any, request: gr.Request) -> Any:
        return item_card(language_of(request), item, is_revealed=True) if item else gr.skip()

    buttons["reveal"].click(on_reveal, item, card, **_OPTIONS)
    _wire_files(desk, files, [name, key])


def _add_buttons() -> dict[str, gr.Button]:
    with gr.Row(elem_id="review-labels"):
        found = {
            label: gr.Button(
                shown(f"key_{label}"), elem_id=f"review-{label}", elem_classes=label, min_width=90
            )
            for label in LABELS
        }
    with gr.Row(elem_id="review-more"):
        names = (UNCLEAR, "skip", "undo", "reveal")
        found |= {
            name: gr.Button(shown(f"review_{name}"), size="sm", elem_id=f"review-{name}", min_width=90)
            for name in names
        }
    return found


def _add_choices() -> dict[str, gr.Button]:
    with gr.Row():
        return {
            label: gr.Button(shown(label), size="sm", elem_id=f"review-settle-{label}", min_width=80)
            for label in (*LABELS, UNCLEAR)
        }


def _add_files() -> dict[str, Any]:
    with gr.Accordion(shown("review_files"), open=False, elem_id="review-files"):
        with gr.Row():
            found: dict[str, Any] = {
                kind: gr.Button(shown(f"review_to_{kind}"), size="sm", elem_id=f"review-to-{kind}")
                for kind in ("json", "csv")
            }
        found["made"] = gr.File(visible="hidden", elem_id="review-made")
        found["file"] = gr.File(
            label=shown("review_import"),
            file_types=[".json", ".csv"],
            type="filepath",
            height=120,
            elem_id="review-file",
        )
        found["result"] = gr.HTML(elem_id="review-imported", apply_default_css=False)
    return found


def _wire_files(desk: Desk, files: dict[str, Any], who: list[Any]) -> None:
    def wire_export(kind: str) -> None:
        def on_export(_name: str, key: str, request: gr.Request) -> tuple[str | None, str]:
            return _export(desk, language_of(request), key, kind)

        made = files[kind].click(on_export, who, [files["made"], files["result"]], **_OPTIONS)
        made.then(None, files["made"], None, js=_DOWNLOAD)

    def on_import(_name: str, key: str, file: str | None, request: gr.Request) -> str:
        return _import(desk, language_of(request), key, file) if file else ""

    for kind in ("json", "csv"):
        wire_export(kind)
    files["file"].upload(on_import, [*who, files["file"]], files["result"], **_OPTIONS)


def _export(desk: Desk, language: Language, key: str, kind: str) -> tuple[str | None, str]:
    """Return a file of what waits for annotators, without anybody's labels, and what went wrong."""
    write = {"json": annotation_files.to_label_studio, "csv": annotation_files.to_csv}[kind]
    try:
        desk.check(key)
        text = write(desk.queue.items(waiting=True))
    except SentiloopError as error:
        return None, error_card(say(language, "error_title"), str(error))
    path = Path(tempfile.mkdtemp(prefix="review-", dir=os.environ.get("GRADIO_TEMP_DIR"))) / f"review.{kind}"
    path.write_text(text, "utf-8")
    return str(path), ""


def _import(desk: Desk, language: Language, key: str, file: str) -> str:
    try:
        desk.check(key)
        text = Path(file).read_text("utf-8")
        read = (
            annotation_files.read_csv if file.lower().endswith(".csv") else annotation_files.read_label_studio
        )
        judgements, problems = read(text)
        done = annotation_files.take_in(
            desk.queue, annotation_files.name_annotators(judgements, {}), problems, now=datetime.now(UTC)
        )
    except UnicodeDecodeError:
        return error_card(
            say(language, "error_title"), "the file is not UTF-8: save it with the encoding UTF-8"
        )
    except SentiloopError as error:
        return error_card(say(language, "error_title"), str(error))
    words = say(language, "review_imported", kept=done.kept, known=done.known, problems=len(done.problems))
    return (
        error_card(words, "; ".join(done.problems[:5]))
        if done.problems
        else f'<section class="card good"><p>{words}</p></section>'
    )


def _act(desk: Desk, language: Language, who: tuple[str, str], act: Callable[[], Item | None]) -> list[Any]:
    """Do what was asked and return the next tweet; what goes wrong stands below, and what was shown stays if it can be judged."""
    name, key = who
    trouble = ""
    try:
        desk.check(key)
        try:
            item = act()
        except ItemClosedError as error:
            item, trouble = None, error_card(say(language, "error_title"), str(error))
        item = item or desk.queue.next_item(name, now=datetime.now(UTC))
    except SentiloopError as error:
        return [gr.skip()] * 3 + [error_card(say(language, "error_title"), str(error))]
    card = item_card(language, item) if item else empty_card(language, "review_empty", "review_empty_remedy")
    return [item, gr.update(visible=True), card, trouble]


def _figures(desk: Desk, language: Language, who: tuple[str, str]) -> list[Any]:
    """Return how far the review is, the first disagreement and the agreement; what was shown stays if they cannot be had."""
    name, key = who
    try:
        desk.check(key)
        progress, agreement, disputes = (
            desk.queue.progress(name),
            desk.queue.agreement(),
            desk.queue.disagreements(),
        )
    except SentiloopError:  # the click said it already
        return [gr.skip()] * 5
    disputed = disputes[0] if disputes else None
    return [
        progress_bar(language, progress),
        gr.update(visible=disputed is not None),
        disagreement_card(language, *disputed, len(disputes) - 1) if disputed else "",
        disputed[0] if disputed else None,
        agreement_card(language, agreement),
    ]
