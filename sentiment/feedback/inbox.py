"""The feedback inbox: one immutable JSON object per feedback, durable before `record` returns."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from sentiment import blobs, durable
from sentiment.errors import BlobError, FeedbackError
from sentiment.feedback.feedback import Feedback

_FORMAT = TypeAdapter(Feedback)
_OBJECT_NAME = re.compile(r"[0-9a-f]{32}\.json")
_logger = logging.getLogger("sentiment.inbox")  # `sentiment.feedback` is the log that telemetry exports


class Inbox:
    """A folder of feedback that waits for review: local, `az://` on Azure, or any of fsspec's.

    The first feedback on a prediction wins, also between processes.
    """

    def __init__(self, url: str) -> None:
        """Take the place without looking at it.

        Raises:
            ConfigError: It is on Azure, and the URL or the environment's storage account is
                malformed.
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

    def read(self) -> list[Feedback]:
        """Return all feedback, in no order; objects that cannot be read are skipped with a warning.

        Raises:
            FeedbackError: The inbox cannot be read.
        """
        try:
            contents = self._read_objects()
        except Exception as error:  # each remote file system has exceptions of its own
            raise self._failure("read", error) from error
        return [feedback for name, content in contents if (feedback := _parse(name, content))]

    def _create(self, name: str, content: bytes) -> bool:
        if self._blobs:
            return self._blobs.create(name, content)
        folder = self._local_folder()
        return (
            durable.create_once(folder / name, content) if folder else _create_remote(self.url, name, content)
        )

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
            f"the feedback inbox {place} cannot be {verb} ({type(error).__name__}): "
            "check SENTIMENT_FEEDBACK_URL and its space"
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
    # A file system without exclusive creation: the last of two at once wins.
    except (NotImplementedError, ValueError):
        if files.exists(path):
            return False
        files.pipe_file(path, content)
    return True


def _is_object(name: str) -> bool:
    is_object = _OBJECT_NAME.fullmatch(name) is not None
    if not is_object and name != durable.LOCK:
        _logger.warning("the feedback inbox holds %s, which is no feedback: skipped", name)
    return is_object


def _parse(name: str, content: bytes) -> Feedback | None:
    try:
        feedback = _FORMAT.validate_json(content, strict=True)
        datetime.fromisoformat(feedback.received_at)
    except ValueError as error:
        _logger.warning("the feedback %s is damaged (%s): skipped", name, type(error).__name__)
        return None
    return feedback
