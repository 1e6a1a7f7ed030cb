"""The feedback inbox: immutable objects, durable before `record` returns.

New feedback is one JSON object in the folder of the day of its prediction: so one prediction has
one name, whenever its feedback comes and however often. What was collected is compacted into parts
(`part.py`) by `review/inbox_parts`. Inboxes from before 0.2.0 have all objects in one folder; they
are read and compacted like the others.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from sentiment import durable
from sentiment.errors import BlobError, ConfigError, FeedbackError, PredictionIdError
from sentiment.feedback.feedback import Feedback
from sentiment.feedback.objects import local_folder, open_objects
from sentiment.feedback.part import FOLDER, Part
from sentiment.feedback.part_ids import PartIds
from sentiment.feedback.prediction_ids import stated_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNDATED = "undated"  # the folder of predictions whose ids state no time
_FORMAT = TypeAdapter(Feedback)
_OBJECT_NAME = re.compile(r"([^/]+/)?[0-9a-f]{32}\.json")
_logger = logging.getLogger("sentiment.inbox")  # `sentiment.feedback` is the log that telemetry exports


@dataclass(frozen=True)
class Listing:
    """What an inbox holds: the names of single objects, those of before 0.2.0 first, and parts."""

    single: tuple[str, ...]
    parts: tuple[Part, ...]


class Inbox:
    """A place of feedback: a local folder, `az://` on Azure, or any of fsspec's.

    The first feedback on a prediction wins, also between processes.
    """

    def __init__(self, url: str) -> None:
        """Take the place without looking at it.

        Raises:
            ConfigError: It is on Azure, and the URL or the environment's storage account is
                malformed.
        """
        self.url = url
        self.objects = open_objects(url)
        self.ids = PartIds(self.objects)

    def check(self) -> None:
        """Try whether the folder can hold feedback; a place elsewhere is taken as it is.

        A folder that is full or read-only is only warned of: predictions do without it.

        Raises:
            ConfigError: The folder's file system has neither hard links nor locks.
        """
        folder = local_folder(self.url)
        if folder is None:
            return
        try:
            durable.check_folder(folder)
        except OSError as error:
            if error.errno in durable.UNKNOWN_CALL:
                raise ConfigError(
                    f"the file system of the feedback inbox {self.url} has neither hard links nor locks "
                    f"({error.strerror}): set SENTIMENT_FEEDBACK_URL to a folder on another one"
                ) from error
            _logger.warning("%s", self.failure("written", error))

    def record(self, feedback: Feedback) -> bool:
        """Store a feedback durably; return False if one on the same prediction is there already.

        Raises:
            FeedbackError: The inbox cannot be written; what is stored of it is whole.
        """
        content = json.dumps(asdict(feedback), ensure_ascii=False).encode()
        day, feedback_id = day_of(feedback.prediction_id), feedback.feedback_id
        name = f"{day}/{feedback_id}.json"
        try:
            if not self.objects.create(name, content):
                return False
            # Afterwards, since compaction writes the ids of a part before it removes the objects:
            # an object that was compacted before ours was made is in the ids by now.
            if self.objects.exists(f"{feedback_id}.json") or self.ids.holds(day, feedback_id):
                self._withdraw(name)
                return False
        except Exception as error:  # each remote file system has exceptions of its own
            raise self.failure("written", error) from error
        return True

    def _withdraw(self, name: str) -> None:
        """Remove an object that came too late; where the service may not, compaction will."""
        try:
            self.objects.remove([name])
        except Exception as error:  # each remote file system has exceptions of its own
            _logger.info("the late copy %s stays until it is compacted: %s", name, type(error).__name__)

    def listing(self) -> Listing:
        """Return what the inbox holds now.

        Raises:
            FeedbackError: The inbox cannot be read.
        """
        try:
            names = self.objects.names()
        except Exception as error:  # each remote file system has exceptions of its own
            raise self.failure("read", error) from error
        single = [name for name in names if f"/{FOLDER}/" not in name and _is_object(name)]
        parts = sorted(part for name in names if (part := Part.of(name)))
        return Listing(tuple(sorted(single, key=lambda name: ("/" in name, name))), tuple(parts))

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, Feedback | None]]:
        """Yield objects with their feedback, without those that vanished meanwhile.

        An object that cannot be read has None, with a warning in the log.

        Raises:
            FeedbackError: The inbox cannot be read.
        """
        try:
            contents = self.objects.read_many(names)
        except Exception as error:  # each remote file system has exceptions of its own
            raise self.failure("read", error) from error
        for name, content in zip(names, contents, strict=True):
            if content is not None:
                yield name, _parse(name, content)

    def failure(self, verb: str, error: Exception) -> FeedbackError:
        """Return the error that says why the inbox cannot be read or written."""
        if isinstance(error, BlobError):
            return FeedbackError(f"the feedback inbox cannot be {verb}: {error}")
        place = self.url.partition("?")[0].rpartition("@")[2]  # a URL may carry a credential
        return FeedbackError(
            f"the feedback inbox {place} cannot be {verb} ({type(error).__name__}): "
            "check SENTIMENT_FEEDBACK_URL and its space"
        )


def day_of(prediction_id: str) -> str:
    """Return the folder of a prediction's feedback: the day in UTC on which it was made.

    >>> day_of("no id of ours")
    'undated'
    """
    try:
        return stated_in(prediction_id)[1].date().isoformat()
    except PredictionIdError:
        return UNDATED


def _is_object(name: str) -> bool:
    is_object = _OBJECT_NAME.fullmatch(name) is not None
    if not is_object and name.rpartition("/")[2] != durable.LOCK:
        _logger.warning("the feedback inbox holds %s, which is no feedback: skipped", name)
    return is_object


def _parse(name: str, content: bytes) -> Feedback | None:
    try:
        feedback = _FORMAT.validate_json(content, strict=True)
        datetime.fromisoformat(feedback.received_at)
    except ValueError as error:
        _logger.warning("the feedback %s is damaged (%s): skipped", name, type(error).__name__)
        return None
    if not name.endswith(f"{feedback.feedback_id}.json"):
        _logger.warning("the feedback %s has the id of another: skipped", name)
        return None
    return feedback
