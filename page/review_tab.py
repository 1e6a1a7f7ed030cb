"""The tab "Review": annotators judge tweets blind, one after the other, by mouse or by keyboard.

The queue itself is `sentiment.review`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from models import LABELS
from page.review_cards import empty_card, item_card
from page.review_desk import Desk, act, figures
from page.review_files import add_files, wire_files
from page.texts import language_of, shown
from sentiment.review.items import UNCLEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentiment.config import Settings
    from sentiment.review.items import Item

    Action = Callable[[str, Item | None, Item | None], Item | None]

_OPTIONS: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_RECALL = "() => [localStorage.getItem('sentiloop-annotator') || '']"
_KEEP = "(name) => { localStorage.setItem('sentiloop-annotator', name); return []; }"
# One key per button; not while somebody types, and only while the buttons can be seen.
_KEYS = """() => {
    const labels = {1: "negative", 2: "neutral", 3: "positive", u: "unclear"};
    const buttons = {...labels, s: "skip", z: "undo", r: "reveal"};
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        if (event.target.closest("input, textarea, [contenteditable]")) return;
        const button = document.getElementById("review-" + buttons[event.key.toLowerCase()]);
        if (!button || button.offsetParent === null || button.disabled) return;
        event.preventDefault();
        button.click();
    });
}"""


def add_review(settings: Settings, page: gr.Blocks) -> None:
    """Lay out the tab inside the current Blocks."""
    desk = Desk(settings)
    if not desk.is_open:
        closed = gr.HTML(elem_id="review-closed", apply_default_css=False)

        def on_closed(request: gr.Request) -> str:
            return empty_card(language_of(request), "review_closed", "review_closed_remedy")

        page.load(on_closed, None, closed, **_OPTIONS)
        return
    parts = _Parts(has_key=bool(desk.key))
    _wire_actions(desk, parts)
    parts.name.submit(None, None, None, js="() => document.getElementById('review-begin').click()")
    parts.begin.click(None, parts.name, None, js=_KEEP)
    page.load(None, None, parts.name, js=_RECALL, **_OPTIONS)
    page.load(None, None, None, js=_KEYS)

    def on_reveal(item: Any, request: gr.Request) -> Any:
        return item_card(language_of(request), item, is_revealed=True) if item else gr.skip()

    parts.buttons["reveal"].click(on_reveal, parts.item, parts.card, **_OPTIONS)
    wire_files(desk, parts.files, [parts.name, parts.key])


class _Parts:
    """The components of the tab, laid out inside the current Blocks in the order of their lines."""

    def __init__(self, *, has_key: bool) -> None:
        gr.Markdown(shown("review_help"), elem_classes="help")
        with gr.Row(elem_id="review-who"):
            self.name = gr.Textbox(label=shown("review_name"), max_length=100, elem_id="review-name", scale=3)
            self.key = gr.Textbox(
                label=shown("review_key"), type="password", visible=has_key, elem_id="review-key", scale=2
            )
            self.begin = gr.Button(shown("review_begin"), variant="primary", elem_id="review-begin", scale=1)
        self.item: gr.State = gr.State(None)
        with gr.Column(visible=False, elem_id="review-desk") as self.desk:
            self.progress = gr.HTML(elem_id="review-bar", apply_default_css=False)
            self.card = gr.HTML(elem_id="review-card", apply_default_css=False)
            self.buttons = _add_buttons()
            with gr.Column(visible=False, elem_id="review-adjudicate") as self.dispute:
                self.disputed = gr.HTML(elem_id="review-disputed", apply_default_css=False)
                self.choices = _add_choices()
            self.agreement = gr.HTML(elem_id="review-agreement", apply_default_css=False)
            self.files = add_files()
        self.trouble = gr.HTML(elem_id="review-trouble", apply_default_css=False)
        self.disputed_item: gr.State = gr.State(None)


def _wire_actions(desk: Desk, parts: _Parts) -> None:
    """Connect each button with what it does in the queue."""
    now = partial(datetime.now, UTC)
    wire = partial(_wire_action, desk, parts)
    for label in (*LABELS, UNCLEAR):
        wire(
            parts.buttons[label],
            lambda who, item, _, label=label: (  # type: ignore[misc]
                desk.queue.judge(item.item_id, who, label, now=now()) if item else None
            ),
        )
        wire(
            parts.choices[label],
            lambda who, _, disputed, label=label: (  # type: ignore[misc]
                desk.queue.adjudicate(disputed.item_id, who, label, now=now()) if disputed else None
            ),
        )
    wire(
        parts.buttons["skip"],
        lambda who, item, _: desk.queue.skip(item.item_id, who, now=now()) if item else None,
    )
    wire(parts.buttons["undo"], lambda who, _, __: desk.queue.undo(who, now=now()))
    wire(parts.begin, lambda _, __, ___: None)


def _wire_action(desk: Desk, parts: _Parts, button: gr.Button, action: Action) -> None:
    """Let a click carry out an action, then refresh the tab."""

    # Gradio reads these types.
    def on_click(name: str, key: str, item: Any, disputed: Any, request: gr.Request) -> list[Any]:
        return act(desk, language_of(request), (name, key), lambda: action(name, item, disputed))

    def on_figures(name: str, key: str, request: gr.Request) -> list[Any]:
        return figures(desk, language_of(request), (name, key))

    clicked = button.click(
        on_click,
        [parts.name, parts.key, parts.item, parts.disputed_item],
        [parts.item, parts.desk, parts.card, parts.trouble],
        trigger_mode="once",
        **_OPTIONS,
    )
    # After the next tweet, which nobody should wait for.
    shown_figures = [parts.progress, parts.dispute, parts.disputed, parts.disputed_item, parts.agreement]
    clicked.then(on_figures, [parts.name, parts.key], shown_figures, **_OPTIONS)


def _add_buttons() -> dict[str, gr.Button]:
    with gr.Row(elem_id="review-labels"):
        buttons = {
            label: gr.Button(
                shown(f"key_{label}"), elem_id=f"review-{label}", elem_classes=label, min_width=90
            )
            for label in LABELS
        }
    with gr.Row(elem_id="review-more"):
        names = (UNCLEAR, "skip", "undo", "reveal")
        buttons |= {
            name: gr.Button(shown(f"review_{name}"), size="sm", elem_id=f"review-{name}", min_width=90)
            for name in names
        }
    return buttons


def _add_choices() -> dict[str, gr.Button]:
    with gr.Row():
        return {
            label: gr.Button(shown(label), size="sm", elem_id=f"review-settle-{label}", min_width=80)
            for label in (*LABELS, UNCLEAR)
        }
