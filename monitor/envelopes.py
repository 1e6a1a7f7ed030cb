"""From the bytes of a post to envelopes, and from an envelope to rows, by Azure's rules.

Each type's own part is in `items`.
"""

from __future__ import annotations

import json
import math
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.items import ITEMS, Refusal, json_text, required, text

OLDEST = timedelta(hours=48)
NEWEST = timedelta(hours=2)
_MOST_ITEMS = 2**31 - 1
_TAGS = {
    "AppRoleName": "ai.cloud.role",
    "AppRoleInstance": "ai.cloud.roleInstance",
    "AppVersion": "ai.application.ver",
    "OperationId": "ai.operation.id",
    "OperationName": "ai.operation.name",
    "ParentId": "ai.operation.parentId",
    "SyntheticSource": "ai.operation.syntheticSource",
    "SessionId": "ai.session.id",
    "UserId": "ai.user.id",
    "UserAuthenticatedId": "ai.user.authUserId",
    "UserAccountId": "ai.user.accountId",
    "ClientModel": "ai.device.model",
    "ClientOS": "ai.device.osVersion",
    "SDKVersion": "ai.internal.sdkVersion",
}


class BodyError(Exception):
    """A post that cannot be read as a whole; `status` is the answer's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Row:
    """One row to insert, and its table."""

    table: str
    values: dict[str, Any]


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """Return the body with its `Content-Encoding` undone.

    Raises:
        BodyError: The encoding is neither gzip nor none, the data is broken, or it grows beyond
            `limit` bytes.
    """
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() != "gzip":
        raise BodyError(415, f"Content-Encoding {encoding[:40]!r} is not read here: send gzip or none")
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = reader.decompress(body, limit + 1)
    except zlib.error as error:
        raise BodyError(400, "the body is not the gzip data that its Content-Encoding says") from error
    if len(plain) > limit:
        raise BodyError(
            413, f"the body is larger than {limit} bytes when unpacked: send fewer envelopes at once"
        )
    if not reader.eof:
        raise BodyError(400, "the gzip data of the body ends too early")
    return plain


def parse(body: bytes) -> list[Any]:
    """Return the envelopes of a body: a JSON array, one object, or one object per line.

    A line that is not JSON becomes its `Refusal`.

    Raises:
        BodyError: The body is empty or no JSON.
    """
    try:
        content = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise BodyError(400, "the body is not UTF-8") from error
    if not content:
        raise BodyError(400, "the body is empty: send a JSON array of envelopes")
    lines = content.split("\n")
    if len(lines) > 1 and not content.startswith("["):
        envelopes = [_line(line) for line in lines if line.strip()]
        if any(not isinstance(envelope, Refusal) for envelope in envelopes):
            return envelopes
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BodyError(
            400, "the body is not valid JSON: send an array of envelopes, or one envelope per line"
        ) from error
    return parsed if isinstance(parsed, list) else [parsed]


def rows_of(envelope: Any, now: datetime) -> list[Row]:
    """Return the rows that an envelope becomes: one, or one per data point of a metric.

    Raises:
        Refusal: The ingestion endpoint would not take it.
    """
    if isinstance(envelope, Refusal):
        raise envelope
    if not isinstance(envelope, dict):
        raise Refusal("100: Invalid telemetry item. Expected: object")
    required(envelope, "name", "Envelope", 1024)
    time = _time(required(envelope, "time", "Envelope"), now)
    key = _key(required(envelope, "iKey", "Envelope"))
    data = envelope.get("data")
    base_type = required(data if isinstance(data, dict) else {}, "baseType", "Data")
    base = data.get("baseData") if isinstance(data, dict) else None
    if not isinstance(base, dict):
        raise Refusal(
            "109: Field 'baseData' on type 'Data' is required but missing or empty. Expected: "
            "object, Actual: undefined"
        )
    if base_type not in ITEMS:
        raise Refusal(f"100: the local stand-in has no table for '{base_type[:80]}'")
    table, convert = ITEMS[base_type]
    common = _common(envelope, base, time, key)
    return [Row(table, {**common, **own, "_ItemId": str(uuid.uuid4())}) for own in convert(base)]


def _line(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return Refusal("100: Invalid JSON")


def _common(envelope: dict[str, Any], base: dict[str, Any], time: datetime, key: str) -> dict[str, Any]:
    tags = envelope.get("tags")
    tags = tags if isinstance(tags, dict) else {}
    values: dict[str, Any] = {
        column: text(tags, tag, "ContextTagKeys", 1024) for column, tag in _TAGS.items() if tag in tags
    }
    return {
        **values,
        "TimeGenerated": time,
        "IKey": key,
        "ItemCount": _item_count(envelope.get("sampleRate")),
        "Properties": _properties(base.get("properties")),
    }


def _time(value: str, now: datetime) -> datetime:
    """Return the moment in UTC, without a zone."""
    try:
        time = datetime.fromisoformat(value)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(
            "100: Field 'time' on type 'Envelope' is not a valid date. Expected: ISO 8601"
        ) from None
    ahead = round((time - now) / timedelta(milliseconds=1))
    if time < now - OLDEST:
        raise Refusal(
            "103: Field 'time' on type 'Envelope' is older than the allowed min date. "
            f"Expected: now - {_milliseconds(OLDEST)}ms, Actual: now - {-ahead}ms"
        )
    if time > now + NEWEST:
        raise Refusal(
            "103: Field 'time' on type 'Envelope' is newer than the allowed max date. "
            f"Expected: now + {_milliseconds(NEWEST)}ms, Actual: now + {ahead}ms"
        )
    return time.replace(tzinfo=None)


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _key(value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise Refusal("100: Invalid instrumentation key") from None


def _item_count(rate: Any) -> int:
    """Return how many items this sampled one stands for: 100 / sampleRate."""
    if (
        isinstance(rate, bool)
        or not isinstance(rate, int | float)
        or not math.isfinite(rate)
        or not 0 < rate <= 100  # noqa: PLR2004
    ):
        return 1
    return min(round(100 / rate), _MOST_ITEMS)


def _properties(properties: Any) -> str | None:
    """Return the properties as JSON of strings; keys and values are cut as Azure cuts them."""
    if not isinstance(properties, dict):
        return None
    return json_text(
        {
            key[:150]: (value if isinstance(value, str) else json_text(value))[:8192]
            for key, value in properties.items()
        }
    )
