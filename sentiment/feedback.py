"""Feedback and its inbox: one immutable JSON object per feedback, durable before `record` returns. Prediction ids are made elsewhere."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from models import LABELS
from sentiment import blobs, durable
from sentiment.errors import BlobError, FeedbackError

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.prediction_ids import SignedPrediction

MAX_COMMENT_CHARS = 1000
_OBJECT_NAME = re.compile(r"[0-9a-f]{32}\.json")
_logger = logging.getLogger("sentiment.inbox")  # `sentiment.feedback` is the log that telemetry exports


class InvalidFeedbackError(FeedbackError):
    """A feedback contradicts itself or its prediction; it is refused, not stored."""


@dataclass(frozen=True)
class Feedback:
    """One person's word on one prediction. `label` is the true label, None where the person only said that ours is wrong.

    `source` is a pseudonym of the sender's address, None where it is not known.
    """

    feedback_id: str
    prediction_id: str
    text: str
    predicted_label: str
    label: str | None
    correct: bool
    score: float
    model: str
    comment: str | None
    received_at: str
    source: str | None = None


_FORMAT = TypeAdapter(Feedback)


def make_feedback(
    prediction: SignedPrediction, text: str, *, correct: bool, label: str | None = None, comment: str | None = None
) -> Feedback:
    """Return the feedback on a checked prediction; the same prediction always gives the same `feedback_id`.

    Raises:
        InvalidFeedbackError: The label is unknown or contradicts `correct`, or the comment is too long.
    """
    _check_label(prediction.label, correct=correct, label=label)
    if comment is not None and len(comment) > MAX_COMMENT_CHARS:
        raise InvalidFeedbackError(f"comment has {len(comment)} characters; the limit is {MAX_COMMENT_CHARS}: shorten it")
    return Feedback(
        feedback_id=hashlib.sha256(prediction.prediction_id.encode()).hexdigest()[:32],
        prediction_id=prediction.prediction_id,
        text=text,
        predicted_label=prediction.label,
        label=prediction.label if correct else label,
        correct=correct,
        score=prediction.score,
        model=prediction.model,
        comment=comment,
        received_at=datetime.now(UTC).isoformat(timespec="microseconds"),
    )


def _check_label(predicted: str, *, correct: bool, label: str | None) -> None:
    if label is None:
        return
    if label not in LABELS:
        raise InvalidFeedbackError(f"label is unknown: use one of {', '.join(LABELS)}")
    if correct != (label == predicted):
        relation = "correct is true, but label is" if correct else "correct is false, but label is also"
        raise InvalidFeedbackError(f"{relation} {label!r} and the prediction was {predicted!r}: change one of the two")


class Inbox:
    """The place where feedback waits for review: a local folder, `az://` on Azure, or any other folder that fsspec reaches (`s3://`, ...).

    The first feedback on a prediction wins, also between processes.
    """

    def __init__(self, url: str) -> None:
        """Take the place without looking at it.

        Raises:
            ConfigError: It is on Azure, and the URL or the environment's storage account is malformed.
        """
        self.url = url
        self._blobs = blobs.open_folder(url) if url.startswith(blobs.SCHEME) else None

    def record(self, feedback: Feedback) -> bool:
        """Store a feedback durably; return False if one on the same prediction is there already.

        Raises:
            FeedbackError: The inbox cannot be written; nothing is stored.
        """
        content = json.dumps(asdict(feedback), ensure_ascii=False).encode()
        name = f"{feedback.feedback_id}.json"
        try:
            return self._create(name, content)
        except Exception as error:  # each remote file system has exceptions of its own
            raise self._failure("written", error) from error

    def read(self) -> pd.DataFrame:
        """Return all feedback, oldest first: one column per field of Feedback, `received_at` as UTC timestamps.

        What is no feedback, or a damaged one, is left out and named in a warning.

        Raises:
            FeedbackError: The inbox cannot be read.
        """
        try:
            contents = self._read_objects()
        except Exception as error:  # each remote file system has exceptions of its own
            raise self._failure("read", error) from error
        return _to_frame([row for name, content in contents if (row := _parse(name, content))])

    def _create(self, name: str, content: bytes) -> bool:
        if self._blobs:
            return self._blobs.create(name, content)
        folder = self._local_folder()
        return durable.create_once(folder / name, content) if folder else _create_remote(self.url, name, content)

    def _local_folder(self) -> Path | None:
        scheme, separator, path = self.url.partition("://")
        if separator and scheme not in ("file", "local"):
            return None
        return Path(path if separator else self.url).expanduser()

    def _read_objects(self) -> list[tuple[str, bytes]]:
        if self._blobs:
            names = [name for name in self._blobs.names() if "/" not in name and _is_object(name)]
            return list(zip(names, self._blobs.read_many(names), strict=True))
        import fsspec

        folder = self._local_folder()
        files, root = fsspec.url_to_fs(str(folder.absolute()) if folder else self.url)
        if not files.exists(root):
            return []
        files.invalidate_cache()
        paths = [path for path in files.ls(root, detail=False) if _is_object(path.rpartition("/")[2])]
        return [(path.rpartition("/")[2], files.cat_file(path)) for path in paths]

    def _failure(self, verb: str, error: Exception) -> FeedbackError:
        if isinstance(error, BlobError):
            return FeedbackError(f"the feedback inbox cannot be {verb}: {error}")
        place = self.url.partition("?")[0].rpartition("@")[2]  # a URL may carry a credential
        return FeedbackError(
            f"the feedback inbox {place} cannot be {verb} ({type(error).__name__}): check SENTIMENT_FEEDBACK_URL and its space"
        )


def _create_remote(url: str, name: str, content: bytes) -> bool:
    import fsspec

    files, root = fsspec.url_to_fs(url)
    path = f"{root.rstrip('/')}/{name}"
    try:
        with files.open(path, "xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    except (NotImplementedError, ValueError):  # a file system without exclusive creation: the last of two at once wins
        if files.exists(path):
            return False
        files.pipe_file(path, content)
    return True


def _is_object(name: str) -> bool:
    is_object = _OBJECT_NAME.fullmatch(name) is not None
    if not is_object:
        _logger.warning("the feedback inbox holds %s, which is no feedback: skipped", name)
    return is_object


def _parse(name: str, content: bytes) -> dict[str, Any] | None:
    try:
        row = asdict(_FORMAT.validate_json(content, strict=True))
        datetime.fromisoformat(row["received_at"])
    except ValueError as error:
        _logger.warning("the feedback %s is damaged (%s): skipped", name, type(error).__name__)
        return None
    return row


def _to_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    columns = [field.name for field in fields(Feedback)]
    types = dict.fromkeys(columns, "string") | {"correct": "bool", "score": "float64"}
    types.pop("received_at")
    frame = pd.DataFrame(rows, columns=columns).astype(types)
    frame["received_at"] = pd.to_datetime(frame["received_at"], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    return frame.sort_values(["received_at", "feedback_id"], ignore_index=True)
