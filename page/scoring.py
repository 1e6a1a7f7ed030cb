"""Scores a file's rows through the service in batches; a bad row never stops the others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from page.service_client import PredictedText, ServiceClient, ServiceError
from page.texts import say
from sentiment.config import MAX_BATCH
from sentiment.language import Language
from sentiment.text_rules import is_too_long, is_visible

if TYPE_CHECKING:
    from page.sheet import Row, Sheet

_TRIES = 4
_LONGEST_WAIT = 10.0
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_BAD_INPUT = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

Outcome = PredictedText | str
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Limits:
    """The limits of one request to the service."""

    max_chars: int
    max_bytes: int


@dataclass(frozen=True)
class Report:
    """One outcome per row, in order, and the error that ended the scoring early, if one did."""

    outcomes: list[Outcome]
    failure: ServiceError | None = None


def score_sheet(
    client: ServiceClient, sheet: Sheet, *, limits: Limits, language: Language, progress: Progress
) -> Report:
    """Return each row's prediction, or the reason for having none, in the user's language."""
    outcomes: list[Outcome] = [_fault(row, limits, language) or "" for row in sheet.rows]
    waiting = [index for index, outcome in enumerate(outcomes) if not outcome]
    done = 0
    for batch in split_batches([sheet.rows[index].text for index in waiting], limits.max_bytes):
        progress(done, len(waiting))
        indices = waiting[done : done + len(batch)]
        try:
            answers = _score_batch(client, batch)
        except ServiceError as failure:
            for index in waiting[done:]:
                outcomes[index] = say(language, "row_not_scored", reason=failure)
            return Report(outcomes, failure)
        for index, answer in zip(indices, answers, strict=True):
            outcomes[index] = answer
        done += len(batch)
    progress(done, done)
    return Report(outcomes)


def split_batches(texts: Sequence[str], max_bytes: int) -> Iterator[list[str]]:
    """Yield the texts in order, in batches of at most 256 texts and `max_bytes` of JSON."""
    batch: list[str] = []
    size = envelope = len('{"texts":[]}')
    for text in texts:
        weight = len(json.dumps(text, ensure_ascii=False).encode()) + 1
        if batch and (len(batch) == MAX_BATCH or size + weight > max_bytes):
            yield batch
            batch, size = [], envelope
        batch.append(text)
        size += weight
    if batch:
        yield batch


def _fault(row: Row, limits: Limits, language: Language) -> str | None:
    if row.fault and row.fault.expected:
        return say(language, "row_ragged", found=row.fault.found, expected=row.fault.expected)
    if row.fault:
        return say(language, f"row_{row.fault.kind}", reason=row.fault)
    if not is_visible(row.text):
        return say(language, "row_blank")
    if is_too_long(row.text, limits.max_chars):
        return say(language, "row_too_long", length=len(row.text), limit=limits.max_chars)
    return None


def _score_batch(client: ServiceClient, texts: list[str]) -> list[Outcome]:
    """Return an outcome per text; halve a refused batch until the bad text is alone."""
    try:
        return list(_ask_patiently(client, texts))
    except ServiceError as error:
        if error.status not in _BAD_INPUT:
            raise
        if len(texts) == 1:
            return [str(error)]
    middle = len(texts) // 2
    return _score_batch(client, texts[:middle]) + _score_batch(client, texts[middle:])


def _ask_patiently(client: ServiceClient, texts: list[str]) -> list[PredictedText]:
    """Return the predictions; retry while the service answers that it is busy."""
    for attempt in range(_TRIES - 1):
        try:
            return client.predict_batch(texts)
        except ServiceError as error:
            if error.status not in _BUSY:
                raise
            time.sleep(min(error.retry_after or 2.0**attempt, _LONGEST_WAIT))
    return client.predict_batch(texts)
