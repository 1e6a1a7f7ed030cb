"""Export of the review queue, as CSV and as Label Studio's JSON, and import of its JSON.

Tables are read in `judged_files`.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from models import LABELS
from sentiment.errors import ReviewError
from sentiment.review.items import UNCLEAR
from sentiment.review.spreadsheet import escape_formula

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sentiment.review.items import Item
    from sentiment.review.queue import ReviewQueue

_NAME = "sentiment"  # of the choice in Label Studio's labelling configuration
COLUMNS = ("item_id", "text", "annotator", "label", "judged_at", "origin", "copies", "notes")
LABEL_STUDIO_CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="sentiment" toName="text" choice="single">'
    + "".join(f'<Choice value="{label}"/>' for label in (*LABELS, UNCLEAR))
    + "</Choices></View>"
)


@dataclass(frozen=True)
class Judgement:
    """One annotator's label of one item in a file; `judged_at` is None where the file has none."""

    item_id: str
    annotator: str
    label: str
    judged_at: datetime | None = None


@dataclass(frozen=True)
class Imported:
    """The result of an import: numbers of kept and known judgements, a line for each left out."""

    kept: int
    known: int
    problems: tuple[str, ...]


def to_label_studio(items: Sequence[Item], judgements: Iterable[Mapping[str, str]] = ()) -> str:
    """Return items as Label Studio tasks, without the model's label, so that people judge blind.

    Tasks with judgements are for analysis only: Label Studio refuses annotations by people that it
    does not know.
    """
    by_item = _by_item(judgements)
    tasks = [
        {
            "data": {"text": item.text, "item_id": item.item_id},
            "annotations": [_annotation(judgement) for judgement in by_item[item.item_id]],
        }
        for item in items
    ]
    return json.dumps(tasks, indent=1, ensure_ascii=False) + "\n"


def read_label_studio(text: str) -> tuple[list[Judgement], list[str]]:
    """Return the judgements of a Label Studio export, JSON or JSON-MIN; a line for each bad one.

    Raises:
        ReviewError: The file is no list of tasks.
    """
    try:
        tasks = json.loads(text)
    except ValueError as error:
        raise ReviewError(f"the file is not JSON ({error}): export from Label Studio as JSON") from error
    except RecursionError as error:
        raise ReviewError("the file is nested too deeply: export from Label Studio as JSON") from error
    if not isinstance(tasks, list):
        raise ReviewError("the file is no list of tasks: export from Label Studio as JSON")
    judgements, problems = [], []
    for number, task in enumerate(tasks, start=1):
        for place, item_id, annotation in _annotations(f"task {number}", task):
            try:
                judgements.append(_from_annotation(str(item_id), annotation))
            except (KeyError, TypeError, IndexError, AttributeError, ValueError, StopIteration) as error:
                reason = str(error) if isinstance(error, ValueError) else type(error).__name__
                problems.append(f"{place}: no item_id, choice or moment in it ({reason}); left out")
    return judgements, problems


def _annotations(place: str, task: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each judgement of a task with its place and the item's id; what is none fails later."""
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        is_min = isinstance(task, dict) and _NAME in task and "item_id" in task  # JSON-MIN is flat
        yield place, *((task["item_id"], _unfold(task)) if is_min else (None, None))
        return
    annotations = task.get("annotations") or []
    if "item_id" not in task["data"] or not isinstance(annotations, list):
        yield place, None, None
        return
    for number, annotation in enumerate(annotations, start=1):
        if not (isinstance(annotation, dict) and annotation.get("was_cancelled")):
            yield f"{place}: annotation {number}", task["data"]["item_id"], annotation


def _unfold(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotation of a task of JSON-MIN as JSON has it."""
    moments = {name: task.get(name) for name in ("created_at", "updated_at")}
    choice = {"type": "choices", "value": {"choices": [task[_NAME]]}}
    return {**moments, "completed_by": task.get("annotator"), "result": [choice]}


# Spreadsheets take a CSV file for UTF-8 only where it begins with a mark.
FILE_ENCODINGS = {".json": "utf-8", ".csv": "utf-8-sig"}


def to_csv(items: Iterable[Item], judgements: Iterable[Mapping[str, str]] = ()) -> str:
    """Return items as CSV, a row per judgement; unjudged items have an empty label to fill in."""
    by_item = _by_item(judgements)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in items:
        for row in by_item[item.item_id] or [{}]:
            judgement = [row.get(name, "") for name in ("annotator", "label", "judged_at")]
            cells = [item.item_id, item.text, *judgement, item.origin, str(item.copies), " ".join(item.notes)]
            writer.writerow([escape_formula(cell) for cell in cells])
    return buffer.getvalue()


def name_annotators(judgements: Sequence[Judgement], names: Mapping[str, str]) -> list[Judgement]:
    """Return judgements with the names of people in place of Label Studio's user numbers.

    The name of `""` stands for the file's only person. A user who stayed a number would count as a
    second annotator.

    Raises:
        ReviewError: A number has no name, or one name stands for several numbers.
    """
    annotators = {judgement.annotator for judgement in judgements}
    numbers = sorted({name for name in annotators if name.isdecimal()} - names.keys())
    if numbers and ("" not in names or len(numbers) > 1):
        options = " ".join(f"--annotator {number}=NAME" for number in numbers)
        raise ReviewError(
            f"the file calls its annotators {', '.join(numbers)}: say who they are, "
            f"'python -m flows.review import FILE {options}'"
        )
    known = {**dict.fromkeys(numbers, names.get("", "")), **names}
    return [replace(each, annotator=known.get(each.annotator, each.annotator)) for each in judgements]


def take_in(
    queue: ReviewQueue, judgements: Iterable[Judgement], problems: Iterable[str] = (), *, now: datetime
) -> Imported:
    """Import judgements into the queue one by one; each that the queue refuses becomes a line."""
    kept, known, lines = 0, 0, list(problems)
    for each in judgements:
        try:
            is_new = queue.keep(
                each.item_id, each.annotator, each.label, judged_at=min(each.judged_at or now, now)
            )
        except ReviewError as error:
            lines.append(str(error))
        else:
            kept, known = kept + is_new, known + (not is_new)
    return Imported(kept, known, tuple(lines))


def _by_item(judgements: Iterable[Mapping[str, str]]) -> defaultdict[str, list[Mapping[str, str]]]:
    by_item: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
    for judgement in judgements:
        by_item[judgement["item_id"]].append(judgement)
    return by_item


def _annotation(judgement: Mapping[str, str]) -> dict[str, Any]:
    choice = {
        "from_name": _NAME,
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [judgement["label"]]},
    }
    return {
        "completed_by": {"email": judgement["annotator"]},
        "created_at": judgement["judged_at"],
        "result": [choice],
    }


def _from_annotation(item_id: str, annotation: Mapping[str, Any]) -> Judgement:
    by = annotation["completed_by"]
    if by is None:
        raise ValueError("nobody made it")
    annotator = str(by.get("email") or by["id"]) if isinstance(by, dict) else str(by)
    choice = next(part for part in annotation["result"] if part.get("type") == "choices")
    moment = annotation.get("updated_at") or annotation.get("created_at")
    return Judgement(item_id, annotator, checked_label(choice["value"]["choices"][0]), moment_of(moment))


def checked_label(text: str) -> str:
    """Return a label that people may give.

    Raises:
        ValueError: It is none.
    """
    if text not in (*LABELS, UNCLEAR):
        raise ValueError(f"unknown label {text[:40]!r}")
    return text


def moment_of(text: str | None) -> datetime | None:
    """Return a moment in ISO 8601; without a time zone it is one in UTC.

    Raises:
        ValueError: It is none.
    """
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
