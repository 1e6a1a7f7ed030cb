"""What each type of telemetry holds: from an envelope's `baseData` to the columns of its table.

The envelope around it: `envelopes`.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Columns = dict[str, Any]

_SEVERITIES = ("verbose", "information", "warning", "error", "critical")
_DURATION = re.compile(r"(?:(\d{1,8})\.)?([01]?\d|2[0-3]):([0-5]?\d):([0-5]?\d)(?:\.(\d{1,9}))?", re.ASCII)
_BUCKET_LIMITS = (250, 500, 1e3, 3e3, 7e3, 15e3, 30e3, 60e3, 120e3, 300e3)
_BUCKETS = (
    *("<250ms", "250ms-500ms", "500ms-1sec", "1sec-3sec", "3sec-7sec", "7sec-15sec"),
    *("15sec-30sec", "30sec-1min", "1min-2min", "2min-5min", ">=5min"),
)
_MOST_ITEMS = 2**31 - 1


class Refusal(Exception):  # noqa: N818 - an answer, not a failure
    """Why the ingestion endpoint refuses an envelope, in Azure's words."""


def json_text(value: Any) -> str:
    """Return compact JSON that every UTF-8 reader accepts."""
    return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def clean(value: str) -> str:
    """Return the text without lone surrogates, which JSON may hold and UTF-8 may not."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def text(source: dict[str, Any], field: str, kind: str, limit: int = 32768) -> str:
    """Return a field as text, "" where there is none.

    Raises:
        Refusal: It is longer than `limit` characters, or a list or object.
    """
    value = source.get(field)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise Refusal(
            f"100: Field '{field}' on type '{kind}' is of incorrect type. Expected: string, "
            f"Actual: {type(value).__name__}"
        )
    value = value if isinstance(value, str) else json.dumps(value)
    if len(value) > limit:
        raise Refusal(
            f"100: Field '{field}' on type '{kind}' is too long. Expected: {limit} characters, "
            f"Actual: {len(value)}"
        )
    return clean(value)


def required(source: dict[str, Any], field: str, kind: str, limit: int = 32768) -> str:
    """Return a field as text that is not empty.

    Raises:
        Refusal: It is missing, empty or not fit.
    """
    value = text(source, field, kind, limit)
    if not value:
        raise Refusal(
            f"109: Field '{field}' on type '{kind}' is required but missing or empty. Expected: "
            f"string, Actual: undefined"
        )
    return value


def milliseconds(duration: str, kind: str) -> float:
    """Return a duration `d.hh:mm:ss.ffffff` in milliseconds, exact to the microsecond.

    Raises:
        Refusal: It is no such duration.
    """
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise Refusal(
            f"100: Field 'duration' on type '{kind}' is not a valid duration. Expected: d.hh:mm:ss.ffffff"
        )
    days, hours, minutes, seconds, fraction = match.groups()
    whole = ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
    return (whole * 10**9 + int((fraction or "0").ljust(9, "0"))) / 10**6


def _message(base: Columns) -> list[Columns]:
    return [
        {
            "Message": required(base, "message", "MessageData"),
            "SeverityLevel": _severity(base),
            "Measurements": _measurements(base),
        }
    ]


def _event(base: Columns) -> list[Columns]:
    return [{"Name": required(base, "name", "EventData", 512), "Measurements": _measurements(base)}]


def _exception(base: Columns) -> list[Columns]:
    chain = base.get("exceptions")
    if not isinstance(chain, list) or not chain or not all(isinstance(part, dict) for part in chain):
        raise Refusal(
            "109: Field 'exceptions' on type 'ExceptionData' is required but missing or empty. "
            "Expected: array, Actual: undefined"
        )
    for part in chain:
        required(part, "message", "ExceptionDetails")
    outer, inner = chain[0], chain[-1]
    kind, method = text(outer, "typeName", "ExceptionDetails", 1024), _frame(outer, "method")
    return [
        {
            "ExceptionType": kind,
            "Method": method,
            "Assembly": _frame(outer, "assembly"),
            **_place("Outer", outer),
            **_place("Innermost", inner),
            "ProblemId": text(base, "problemId", "ExceptionData", 1024)
            or (f"{kind} at {method}" if method else kind),
            "SeverityLevel": _severity(base),
            "Measurements": _measurements(base),
            "Details": json_text([{"type": part.get("typeName"), **part} for part in chain]),
        }
    ]


def _place(prefix: str, part: Columns) -> Columns:
    return {
        f"{prefix}Type": text(part, "typeName", "ExceptionDetails", 1024),
        f"{prefix}Message": text(part, "message", "ExceptionDetails"),
        f"{prefix}Method": _frame(part, "method"),
        f"{prefix}Assembly": _frame(part, "assembly"),
    }


def _frame(part: Columns, field: str) -> str:
    """Return a field of the topmost stack frame, "" if the stack was not sent in frames."""
    stack = part.get("parsedStack")
    top = stack[0] if isinstance(stack, list) and stack else None
    return text(top, field, "StackFrame", 1024) if isinstance(top, dict) else ""


def _request(base: Columns) -> list[Columns]:
    code = required(base, "responseCode", "RequestData", 1024)
    call = _call(base, "RequestData", default_success=not code.isdecimal() or int(code[:9]) < 400)  # noqa: PLR2004
    return [
        {
            **call,
            "Id": required(base, "id", "RequestData", 512),
            "Name": text(base, "name", "RequestData", 1024),
            "ResultCode": code,
            "Url": text(base, "url", "RequestData", 2048),
            "Source": text(base, "source", "RequestData", 1024),
        }
    ]


def _dependency(base: Columns) -> list[Columns]:
    kind = "RemoteDependencyData"
    return [
        {
            **_call(base, kind, default_success=True),
            "Id": text(base, "id", kind, 512),
            "Name": required(base, "name", kind, 1024),
            "ResultCode": text(base, "resultCode", kind, 1024),
            "Target": text(base, "target", kind, 1024),
            "DependencyType": text(base, "type", kind, 1024),
            "Data": text(base, "data", kind, 8192),
        }
    ]


def _call(base: Columns, kind: str, *, default_success: bool) -> Columns:
    duration = milliseconds(required(base, "duration", kind), kind)
    success = base.get("success", default_success)
    return {
        "DurationMs": duration,
        "PerformanceBucket": _BUCKETS[bisect_right(_BUCKET_LIMITS, duration)],
        "Success": success if isinstance(success, bool) else str(success).lower() == "true",
        "Measurements": _measurements(base),
    }


def _metric(base: Columns) -> list[Columns]:
    points = base.get("metrics")
    if not isinstance(points, list) or not points or not all(isinstance(point, dict) for point in points):
        raise Refusal(
            "109: Field 'metrics' on type 'MetricData' is required but missing or empty. "
            "Expected: array, Actual: undefined"
        )
    return [_point(point) for point in points]


def _point(point: Columns) -> Columns:
    total = _number(point.get("value"))
    if total is None:
        raise Refusal(
            "109: Field 'value' on type 'DataPoint' is required but missing or empty. Expected: "
            "double, Actual: undefined"
        )
    count, lowest, highest = (_number(point.get(field)) for field in ("count", "min", "max"))
    return {
        "Name": required(point, "name", "DataPoint", 1024),
        "Namespace": text(point, "ns", "DataPoint", 256),
        "Sum": total,
        "Min": total if lowest is None else lowest,
        "Max": total if highest is None else highest,
        "ItemCount": 1 if count is None else max(0, min(int(count), _MOST_ITEMS)),
    }


def _severity(base: Columns) -> int | None:
    """Return the level from 0 (verbose) to 4 (critical), which may come as its name."""
    level = base.get("severityLevel")
    if isinstance(level, str) and level.lower() in _SEVERITIES:
        return _SEVERITIES.index(level.lower())
    return (
        level
        if isinstance(level, int) and not isinstance(level, bool) and 0 <= level < len(_SEVERITIES)
        else None
    )


def _measurements(base: Columns) -> str | None:
    given = base.get("measurements")
    if not isinstance(given, dict):
        return None
    numbers = {key[:150]: number for key, value in given.items() if (number := _number(value)) is not None}
    return json_text(numbers)


def _number(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


ITEMS: dict[str, tuple[str, Callable[[Columns], list[Columns]]]] = {
    "MessageData": ("AppTraces", _message),
    "EventData": ("AppEvents", _event),
    "ExceptionData": ("AppExceptions", _exception),
    "RequestData": ("AppRequests", _request),
    "RemoteDependencyData": ("AppDependencies", _dependency),
    "MetricData": ("AppMetrics", _metric),
}
