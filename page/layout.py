"""The page as a whole: the heading with the status of the service, and one tab per room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from page.cards import status_line
from page.comparison import comparison_view
from page.drift_card import drift_card
from page.monitor_tab import Monitor, add_badge, add_monitor
from page.review_tab import add_review
from page.score_file import add_score_file
from page.scoring import Limits
from page.service_client import ServiceClient, ServiceError
from page.texts import language_of, shown
from page.training_banner import training_line
from page.try_it import add_try_it
from page.verdict_view import verdict_view
from sentiment.language import Language
from sentiment.training.training_now import read_training

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment.config import Settings

_STATUS_SECONDS = 15.0
_CONCURRENCY = 8
_LOGO = (
    '<h1><svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" '
    'fill="#0f766e"/><g fill="none" stroke="#fff" '
    'stroke-width="2.4" stroke-linecap="round"><path d="M11 11.5v1.6M21 11.5v1.6M8.5 18.5q7.5 8 '
    '15 0"/></g></svg>Sentiloop</h1>'
)


def lay_out(settings: Settings) -> gr.Blocks:
    """Return the page, wired to the service and the monitor of the settings."""
    client = ServiceClient.from_settings(settings)
    monitor = Monitor.from_settings(settings)
    page: gr.Blocks
    with gr.Blocks(title="Sentiloop", analytics_enabled=False, delete_cache=(600, 3600)) as page:
        with gr.Column(elem_id="head"):
            gr.HTML(_LOGO, elem_id="brand", apply_default_css=False)
            status = gr.HTML(elem_id="status", apply_default_css=False)
            gr.Markdown(shown("subtitle"), elem_id="subtitle")
            add_badge(monitor, page)
            training = gr.HTML(elem_id="training", apply_default_css=False)
        with gr.Tabs(overflow_behavior="wrap"):  # a menu of tabs would hide the monitor on a phone
            with gr.Tab(shown("tab_try"), id="try") as try_tab:
                add_try_it(client)
            with gr.Tab(shown("tab_file"), id="file") as file_tab:
                add_score_file(client, Limits(settings.max_chars, settings.max_body_bytes))
            with gr.Tab(shown("tab_models"), id="models") as models_tab:
                comparison = gr.HTML(elem_id="comparison", apply_default_css=False)
            with gr.Tab(shown("tab_monitor"), id="monitor", elem_id="monitor") as monitor_tab:
                dashboard = add_monitor(monitor, page)
                drift = gr.HTML(elem_id="drift", apply_default_css=False)
            with gr.Tab(shown("tab_review"), id="review", elem_id="review") as review_tab:
                add_review(settings, page)
        dashboard.open_with(monitor_tab, others=[try_tab, file_tab, models_tab, review_tab])
        _refresh_status(client, settings.home, page, [status, training])
        _refresh_comparison(settings.home, [page.load, models_tab.select], comparison)
        _refresh_drift(settings.drift_home, [page.load, monitor_tab.select], drift)
    page.queue(default_concurrency_limit=_CONCURRENCY)  # else one slow answer holds up everybody
    return page


def _refresh_status(client: ServiceClient, home: Path, page: gr.Blocks, lines: list[gr.HTML]) -> None:
    """Show the states of the service and of a training when the page loads, and at intervals."""

    def on_status(request: gr.Request) -> tuple[str, str]:
        language = language_of(request)
        return service_status(client, language), training_line(language, read_training(home))

    triggers = [page.load, gr.Timer(_STATUS_SECONDS).tick]
    gr.on(triggers, on_status, None, lines, show_progress="hidden", api_visibility="private")


def _refresh_comparison(home: Path, triggers: list[Any], comparison: gr.HTML) -> None:
    """Show the last comparison and verdict at each of the triggers."""

    def on_models(request: gr.Request) -> str:
        language = language_of(request)
        return comparison_view(home / "comparison", language) + verdict_view(home / "verdict", language)

    gr.on(triggers, on_models, None, comparison, show_progress="hidden", api_visibility="private")


def _refresh_drift(folder: Path, triggers: list[Any], card: gr.HTML) -> None:
    """Show the measured drift at each of the triggers."""

    def on_drift(request: gr.Request) -> str:
        return drift_card(folder, language_of(request))

    gr.on(triggers, on_drift, None, card, show_progress="hidden", api_visibility="private")


def service_status(client: ServiceClient, language: Language) -> str:
    """Return the status line, after asking the service whether it is ready."""
    try:
        client.check_ready()
    except ServiceError as error:
        if error.status is None:
            return status_line(language, "status_down", client.address)
        return status_line(
            language, "status_waiting", str(error) if error.reason == "refused" else f"HTTP {error.status}"
        )
    return status_line(language, "status_ready")
