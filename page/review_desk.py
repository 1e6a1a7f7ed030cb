"""The desk of the tab "Review": the queue, who may use it, and what an action shows afterwards."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.context import LocalContext

from page.audit_progress import audit_card, read_missing
from page.cards import error_card
from page.host import is_here, listening_host
from page.review_cards import agreement_card, disagreement_card, empty_card, item_card, progress_bar
from page.texts import say
from sentiment.errors import ReviewError, SentiloopError
from sentiment.language import Language
from sentiment.loopback import is_loopback
from sentiment.review.items import ItemClosedError

if TYPE_CHECKING:
    from sentiment.config import Settings
    from sentiment.review.items import Item
    from sentiment.review.queue import ReviewQueue


class Desk:
    """The state that the handlers of all annotators share: the queue and the access key."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue: ReviewQueue | None = None
        self.verdicts = settings.home / "verdict"
        self.key = settings.review_key.get_secret_value() if settings.review_key else ""
        self.is_open = bool(self.key) or is_loopback(listening_host())

    @property
    def queue(self) -> ReviewQueue:
        """The review queue, opened at the first use.

        Raises:
            ReviewError: Its address cannot be used.
        """
        if self._queue is None:
            from sentiment.review.queue import ReviewQueue

            self._queue = ReviewQueue.from_settings(self._settings)
        return self._queue

    def check(self, key: str | None) -> None:
        """Return if the key is right, or none is needed.

        None is needed at this machine itself; whom a proxy on it lets in is somewhere else.

        Raises:
            ReviewError: It is wrong, or there is none and the visitor of this call is elsewhere.
        """
        if not self.key and not _is_visitor_here():
            raise ReviewError(
                "without SENTIMENT_REVIEW_KEY the review is open to this machine's own browser alone: "
                "ask who runs this page to set it"
            )
        if not self.is_open or not hmac.compare_digest((key or "").encode(), self.key.encode()):
            raise ReviewError("the key is wrong: ask who runs this page for SENTIMENT_REVIEW_KEY")


def _is_visitor_here() -> bool:
    request = LocalContext.request.get(None)
    if request is None:  # no visitor's call
        return True
    return is_here(request.client.host if request.client else "", request.headers)


def act(desk: Desk, language: Language, who: tuple[str, str], act: Callable[[], Item | None]) -> list[Any]:
    """Carry out an action and return the next tweet, or the same one with an error card."""
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


def figures(desk: Desk, language: Language, who: tuple[str, str]) -> list[Any]:
    """Return the progress, the first disagreement and the agreement; on an error, no change."""
    name, key = who
    try:
        desk.check(key)
        progress, agreement, disputes = (
            desk.queue.progress(name),
            desk.queue.agreement(),
            desk.queue.disagreements(limit=1),
        )
    except SentiloopError:  # the click said it already
        return [gr.skip()] * 5
    disputed = disputes[0] if disputes else None
    return [
        progress_bar(language, progress) + audit_card(language, progress.audit, read_missing(desk.verdicts)),
        gr.update(visible=disputed is not None),
        disagreement_card(language, *disputed, progress.disagreements - 1) if disputed else "",
        disputed[0] if disputed else None,
        agreement_card(language, agreement),
    ]
