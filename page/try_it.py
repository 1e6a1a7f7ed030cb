"""The tab "Try it": one tweet, its label, and the user's feedback on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import gradio as gr

from models import LABELS
from page.cards import error_card, result_card, service_error_card, thanks_card
from page.service_client import PredictedText, ServiceClient, ServiceError
from page.texts import language_of, say, shown
from sentiment.language import Language

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = (  # at most 60 characters: Gradio cuts longer ones on their buttons
    "Landed in Lisbon, best crew ever. Thank you @skyline 😍",
    "Third cancelled train this week, @northrail 😡",
    "I can’t say I dislike the new update",
    "Great, another Monday without hot water 🙃",
    "The keynote starts at 9 am in hall 4",
    "Not bad at all, @cafe_lune, I will be back ☕",
)

# In the browser, so that no key stroke waits for the server: what was said of the old text goes
# when the text is edited.
_HIDE_ANSWER = """() => {
    const update = (change) => ({__type__: "update", ...change});
    return [update({value: ""}), update({visible: false}), update({value: ""})];
}"""

_FOCUS_FIRST = """() => {{
    const isShown = (button) => button.offsetParent !== null;
    [...document.querySelectorAll("#{side} button")].find(isShown)?.focus();
}}"""

Update = dict[str, Any]


def add_try_it(client: ServiceClient) -> None:
    """Lay out the tab inside the current Blocks."""
    # The prediction on show: feedback is about its text, whatever the box holds by then.
    judged: gr.State = gr.State(None)
    text = _add_tweet_box()
    predict = gr.Button(shown("predict"), variant="primary", elem_id="predict")
    answer = gr.HTML(elem_id="answer", apply_default_css=False)
    with gr.Column(visible=False, elem_classes="card", elem_id="feedback") as feedback:
        verdict, choices, comment, buttons = _add_feedback_form()
    thanks = gr.HTML(elem_id="thanks", apply_default_css=False)

    def on_predict(text: str, request: gr.Request) -> list[Any]:
        return _predict(client, text, language_of(request))

    outputs = [judged, answer, feedback, thanks, comment, verdict, choices, *buttons["labels"]]
    gr.Examples(
        [[example] for example in EXAMPLES],
        [text],
        outputs,
        on_predict,
        label=shown("examples"),
        run_on_click=True,
        cache_examples=False,
        elem_id="examples",
    )
    gr.on(
        [predict.click, text.submit],
        on_predict,
        text,
        outputs,
        show_progress="minimal",
        show_progress_on=answer,
        api_visibility="private",
    )
    # `input` does not see a text that is pasted.
    text.change(None, None, [answer, feedback, thanks], js=_HIDE_ANSWER)
    _wire_feedback(client, buttons, inputs=[judged, comment], outputs=[feedback, thanks])
    _wire_turns(buttons, [verdict, choices])


def _add_tweet_box() -> gr.Textbox:
    return gr.Textbox(
        label=shown("tweet"),
        placeholder=shown("tweet_hint"),
        lines=1,
        max_lines=6,
        autofocus=True,
        elem_id="tweet",
        html_attributes=gr.InputHTMLAttributes(enterkeyhint="send", autocomplete="off"),
    )


def _wire_turns(buttons: dict[str, Any], sides: list[Any]) -> None:
    """Let `Wrong` and `Back` switch the form's sides and move the keyboard's focus along."""
    options: dict[str, Any] = {"outputs": sides, "show_progress": "hidden", "api_visibility": "private"}
    over = buttons["no"].click(lambda: (gr.update(visible=False), gr.update(visible=True)), **options)
    back = buttons["back"].click(lambda: (gr.update(visible=True), gr.update(visible=False)), **options)
    over.then(None, js=_FOCUS_FIRST.format(side="choices"))
    back.then(None, js=_FOCUS_FIRST.format(side="verdict"))


def _add_feedback_form() -> tuple[gr.Column, gr.Column, gr.Textbox, dict[str, Any]]:
    comment = gr.Textbox(
        label=shown("comment"),
        placeholder=shown("comment_hint"),
        max_lines=3,
        elem_id="comment",
        render=False,
    )
    with gr.Column(elem_id="verdict") as verdict:
        gr.Markdown(shown("ask_right"), elem_classes="question")
        with gr.Row():
            yes = gr.Button(shown("yes"), elem_id="yes", min_width=120)
            no = gr.Button(shown("no"), elem_id="no", min_width=120)
    with gr.Column(visible=False, elem_id="choices") as choices:
        gr.Markdown(shown("ask_label"), elem_classes="question")
        with gr.Row():
            labels = [
                gr.Button(
                    shown(label), elem_id=f"label-{label}", elem_classes=["choice", label], min_width=100
                )
                for label in reversed(LABELS)
            ]
            back = gr.Button(
                shown("back"), variant="secondary", elem_id="back", elem_classes="quiet", min_width=80
            )
    comment.render()  # type: ignore[no-untyped-call]
    return verdict, choices, comment, {"yes": yes, "no": no, "labels": labels, "back": back}


def _wire_feedback(
    client: ServiceClient, buttons: dict[str, Any], *, inputs: list[Any], outputs: list[Any]
) -> None:
    def sender(label: str | None) -> Callable[..., tuple[Update, str]]:
        def on_click(judged: PredictedText | None, comment: str, request: gr.Request) -> tuple[Update, str]:
            viewer = request.client.host if request.client else ""
            return _send_feedback(client.on_behalf_of(viewer), judged, label, comment, language_of(request))

        return on_click

    answers = [(buttons["yes"], None), *zip(buttons["labels"], reversed(LABELS), strict=True)]
    for button, label in answers:
        button.click(sender(label), inputs, outputs, show_progress="hidden", api_visibility="private")


def _predict(client: ServiceClient, text: str, language: Language) -> list[Any]:
    """Return updates of everything below the tweet: state, answer, and emptied feedback form."""
    started = time.perf_counter()
    try:
        prediction = client.predict(text or "", explain=True)
    except ServiceError as error:
        return [
            None,
            service_error_card(language, error, client.address),
            gr.update(visible=False),
            *_empty_form(None),
        ]
    card = result_card(language, prediction, 1000 * (time.perf_counter() - started))
    return [prediction, card, gr.update(visible=True), *_empty_form(prediction.label)]


def _empty_form(predicted: str | None) -> list[Any]:
    """Return updates that empty the feedback form; the predicted label is no choice."""
    labels = [gr.update(visible=label != predicted) for label in reversed(LABELS)]
    return ["", "", gr.update(visible=True), gr.update(visible=False), *labels]


def _send_feedback(
    client: ServiceClient, judged: PredictedText | None, label: str | None, comment: str, language: Language
) -> tuple[Update, str]:
    """Return updates of form and thanks; after an error the form keeps what was typed."""
    if judged is None:
        return gr.update(visible=False), error_card(
            say(language, "error_title"), say(language, "nothing_to_judge")
        )
    try:
        receipt = client.send_feedback(judged, is_correct=label is None, label=label, comment=comment or "")
    except ServiceError as error:
        return gr.update(visible=True), service_error_card(language, error, client.address)
    return gr.update(visible=False), thanks_card(language, receipt)
