"""The tab "Monitor": its Gradio components and their events.

What is asked lives in `questions`, what is drawn in `dashboard`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from page.alert_banner import banner, head_badge
from page.answers import Answer, Answers, Reader
from page.audit import Audit
from page.clock import Clock
from page.dashboard import PANELS, PARTS, render, skeleton_panel
from page.headline import skeleton_figures
from page.questions import View, alert_questions, view_questions
from page.ranges import DEFAULT_RANGE, RANGES
from page.texts import language_of, say, shown
from sentiment.supervision.alert_rule import AlertRule, read_rule

if TYPE_CHECKING:
    from sentiment.config import Settings

REFRESH_SECONDS = 10.0
_BADGE_SECONDS = 15.0
_FIRST_SECONDS = 0.6  # what is not there by then is shown as loading
_PATIENCE_SECONDS = 6.0  # what is later is drawn with the next look
_WIDE = ("trouble", "figures", "bad_predictions", "alert_history", "shadow")

# The browser says its time zone, and whether anybody can see the page: a hidden one asks for
# nothing.
_VIEWER = "JSON.stringify({zone: Intl.DateTimeFormat().resolvedOptions().timeZone, hidden: document.hidden})"
_LOOK = f"(range, model) => [range, model, {_VIEWER}]"
_GLANCE = f"() => [{_VIEWER}]"
_KEEP = (
    "(range, model) => { localStorage.setItem('sentiloop-monitor', JSON.stringify([range, "
    "model])); return []; }"
)
_RECALL = """() => {
    try {
        const [range, model] = JSON.parse(localStorage.getItem('sentiloop-monitor'));
        if (%s.includes(range) && typeof model === 'string') return [range, model];
    } catch {}
    return ['%s', ''];
}""" % (json.dumps(list(RANGES)), DEFAULT_RANGE)  # noqa: UP031 - braces are JavaScript's


@dataclass(frozen=True)
class Monitor:
    """The state that the handlers of all viewers share: the answers and the alert rule."""

    answers: Answers
    rule: AlertRule
    low_confidence: float
    audit: Audit

    @classmethod
    def from_settings(cls, settings: Settings) -> Monitor:
        """Return a monitor that queries Azure or the local stand-in, as the settings say."""

        def make_reader() -> Reader:
            from sentiment.supervision.reader import LogsReader

            return LogsReader.from_settings(settings)

        return cls(Answers(make_reader), read_rule(), settings.low_confidence, Audit(settings))

    def look(
        self, request: gr.Request, zone: str, chosen: tuple[str, str], timeout: float
    ) -> tuple[View, dict[str, Answer]]:
        """Return a viewer's view, and the answers known after `timeout` seconds."""
        key, model = chosen
        now = self.answers.now()
        view = View(
            Clock.of(language_of(request), zone),
            RANGES.get(key, RANGES[DEFAULT_RANGE]),
            model,
            self.rule,
            self.low_confidence,
            now,
        )
        questions = view_questions(view)
        return view, dict(zip(questions, self.answers.ask(questions.values(), timeout), strict=True))

    def badge(self, request: gr.Request) -> str:
        """Return the alert's badge for the page's head."""
        questions = alert_questions(self.rule)
        answers = dict(zip(questions, self.answers.ask(questions.values(), _PATIENCE_SECONDS), strict=True))
        return head_badge(language_of(request), self.rule, answers)


@dataclass(frozen=True)
class MonitorTab:
    """The tab's components that the page's layout wires: its timer and its first refresh."""

    timer: gr.Timer
    refresh: Callable[..., Iterator[list[Any]]]
    inputs: list[Any]
    outputs: list[Any]

    def open_with(self, tab: gr.Tab, others: list[gr.Tab]) -> None:
        """Refresh the tab while it is open, and only then."""
        options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        tab.select(lambda: gr.Timer(active=True), None, self.timer, **options)
        gr.on([other.select for other in others], lambda: gr.Timer(active=False), None, self.timer, **options)
        range_, model, _ = self.inputs
        look = [tab.select, self.timer.tick, range_.input, model.input]
        # One look after the other: else a slow answer to an old choice would be drawn over the
        # newest.
        gr.on(look, self.refresh, self.inputs, self.outputs, js=_LOOK, trigger_mode="always_last", **options)


def add_badge(monitor: Monitor, page: gr.Blocks) -> None:
    """Lay out the alert's badge in the page's head, and refresh it on every tab."""
    line = gr.HTML(elem_id="alert-line", apply_default_css=False)
    viewer = gr.Textbox(visible=False)

    def on_glance(viewer: str, request: gr.Request) -> Any:
        return gr.skip() if _is_hidden(viewer) else monitor.badge(request)

    gr.on(
        [page.load, gr.Timer(_BADGE_SECONDS).tick],
        on_glance,
        viewer,
        line,
        js=_GLANCE,
        show_progress="hidden",
        api_visibility="private",
    )


def add_monitor(monitor: Monitor, page: gr.Blocks) -> MonitorTab:
    """Lay out the tab inside the current Blocks; the result's `open_with` starts it."""
    alert = gr.HTML(elem_id="alert", apply_default_css=False)
    with gr.Row(elem_id="filters"):
        ranges = [(shown(f"range_{key}"), key) for key in RANGES]
        range_ = gr.Radio(ranges, value=DEFAULT_RANGE, label=shown("range"), elem_id="range")
        model = gr.Dropdown(
            [(shown("all_models"), "")],
            value="",
            label=shown("model_filter"),
            allow_custom_value=True,
            elem_id="model",
        )
    fresh = gr.HTML(elem_id="fresh", apply_default_css=False)
    production = gr.HTML(elem_id="production", apply_default_css=False)
    parts = _add_parts()
    viewer = gr.Textbox(visible=False)
    timer = gr.Timer(REFRESH_SECONDS, active=False)

    def on_look(key: str, model: str, viewer: str, request: gr.Request) -> Iterator[list[Any]]:
        if _is_hidden(viewer):
            yield [gr.skip()] * (len(parts) + 4)
            return
        for timeout in (_FIRST_SECONDS, _PATIENCE_SECONDS):
            view, answers = monitor.look(request, _zone(viewer), (key, model or ""), timeout)
            yield [*_updates(view, answers), monitor.audit.card(view.clock, view.now)]
            if not any(answer.is_waiting for answer in answers.values()):
                return

    options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    page.load(None, None, [range_, model], js=_RECALL, **options)
    gr.on([range_.input, model.input], None, [range_, model], js=_KEEP, **options)
    return MonitorTab(timer, on_look, [range_, model, viewer], [alert, fresh, model, *parts, production])


def _add_parts() -> list[gr.HTML]:
    """Lay out the dashboard's parts, each as grey as before any answer."""
    first = {"figures": skeleton_figures(), **{name: skeleton_panel(name) for name in PANELS}}
    with gr.Column(elem_id="panels"):
        return [
            gr.HTML(
                first.get(name),
                elem_id=name.replace("_", "-"),
                elem_classes=["wide"] if name in _WIDE else None,
                apply_default_css=False,
            )
            for name in PARTS
        ]


def _updates(view: View, answers: Mapping[str, Answer]) -> list[Any]:
    """Return updates of the banner, the freshness, the models and each panel of the dashboard."""
    parts = render(view, answers)
    time = view.clock.second(max((answer.at for answer in answers.values() if answer.at), default=view.now))
    fresh = say(view.language, "updated", time=time, zone=view.clock.name, seconds=round(REFRESH_SECONDS))
    return [
        banner(view, answers),
        f'<p class="fine">{fresh}</p>',
        _model_choices(view, answers["models"]),
        *parts.values(),
    ]


def _model_choices(view: View, answer: Answer) -> Any:
    """Return the models that answered in the time range, and the chosen one in any case."""
    if answer.frame is None or "model" not in answer.frame:
        return gr.skip()
    models = [str(model) for model in answer.frame["model"]]
    known = [*models, *([view.model] if view.model and view.model not in models else [])]
    return gr.update(choices=[(say(view.language, "all_models"), ""), *((model, model) for model in known)])


def _is_hidden(viewer: str) -> bool:
    return bool(_viewer(viewer).get("hidden"))


def _zone(viewer: str) -> str:
    return str(_viewer(viewer).get("zone") or "")


def _viewer(viewer: str) -> dict[str, Any]:
    try:
        fields = json.loads(viewer or "{}")
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
