"""The review queue as files for other tools: Label Studio's JSON and CSV, out and in. `review` keeps what is read."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models import LABELS
from sentiment.errors import ReviewError
from sentiment.review_items import UNCLEAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sentiment.review import ReviewQueue
    from sentiment.review_items import Item

_NAME = "sentiment"  # of the choice in Label Studio's labelling configuration
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run instead of show
COLUMNS = ("item_id", "text", "annotator", "label", "judged_at", "origin", "copies", "notes")
LABEL_STUDIO_CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="sentiment" toName="text" choice="single">'
    + "".join(f'<Choice value="{label}"/>' for label in (*LABELS, UNCLEAR))
    + "</Choices></View>"
)


@dataclass(frozen=True)
class Judgement:
    """One annotator's label of one item, as a file says it."""

    item_id: str
    annotator: str
    label: str


@dataclass(frozen=True)
class Imported:
    """What became of a file: the judgements that were kept, and one line for each that was not."""

    kept: int
    problems: tuple[str, ...]


def to_label_studio(items: Sequence[Item], judgements: Iterable[Mapping[str, str]]) -> str:
    """Return the items as tasks of Label Studio; the model's label is left out, so that people judge blind."""
    by_item: dict[str, list[Mapping[str, str]]] = {}
    for judgement in judgements:
        by_item.setdefault(judgement["item_id"], []).append(judgement)
    tasks = [
        {"data": {"text": item.text, "item_id": item.item_id}, "annotations": [_annotation(one) for one in by_item.get(item.item_id, [])]}
        for item in items
    ]
    return json.dumps(tasks, indent=1, ensure_ascii=False) + "\n"


def read_label_studio(text: str) -> tuple[list[Judgement], list[str]]:
    """Return the judgements of an export of Label Studio, and what cannot be used, one line each.

    Raises:
        ReviewError: The file is no list of tasks.
    """
    try:
        tasks = json.loads(text)
    except ValueError as error:
        raise ReviewError(f"the file is not JSON ({error}): export from Label Studio as JSON") from error
    if not isinstance(tasks, list):
        raise ReviewError("the file is no list of tasks: export from Label Studio as JSON, not as JSON-MIN")
    judgements, problems = [], []
    for number, task in enumerate(tasks, start=1):
        try:
            item_id, annotations = str(task["data"]["item_id"]), task.get("annotations") or []
            judgements += [_from_annotation(item_id, annotation) for annotation in annotations if not annotation.get("was_cancelled")]
        except (KeyError, TypeError, IndexError, AttributeError, ValueError, StopIteration) as error:
            problems.append(f"task {number}: no item_id or no choice in it ({type(error).__name__}); left out")
    return judgements, problems


def to_csv(items: Iterable[Item], judgements: Iterable[Mapping[str, str]]) -> str:
    """Return the items as CSV, a line for each judgement; those that nobody judged have an empty label to fill in."""
    by_item: dict[str, list[Mapping[str, str]]] = {}
    for judgement in judgements:
        by_item.setdefault(judgement["item_id"], []).append(judgement)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in items:
        for one in by_item.get(item.item_id) or [{}]:
            said = [one.get(name, "") for name in ("annotator", "label", "judged_at")]
            cells = [item.item_id, item.text, *said, item.origin, str(item.copies), " ".join(item.notes)]
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return buffer.getvalue()


def read_csv(text: str) -> tuple[list[Judgement], list[str]]:
    """Return the judgements of a CSV file with `item_id`, `annotator` and `label`, and what cannot be used; empty labels are no problem.

    Raises:
        ReviewError: A column is missing, or the file is no CSV.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    missing = [name for name in ("item_id", "annotator", "label") if name not in (reader.fieldnames or [])]
    if missing:
        raise ReviewError(f"the file has no column {missing[0]!r}: export the queue as CSV and fill in annotator and label")
    judgements, problems = [], []
    try:
        for row in reader:
            label = (row["label"] or "").strip().casefold()
            if not label:
                continue
            if label not in (*LABELS, UNCLEAR):
                problems.append(f"line {reader.line_num}: unknown label {label[:40]!r}; left out")
                continue
            judgements.append(Judgement((row["item_id"] or "").strip(), (row["annotator"] or "").strip(), label))
    except csv.Error as error:
        raise ReviewError(f"the file is not CSV, line {reader.line_num}: {error}") from error
    return judgements, problems


def take_in(queue: ReviewQueue, judgements: Iterable[Judgement], problems: Iterable[str] = (), *, now: datetime) -> Imported:
    """Keep judgements in the queue, each on its own: what the queue refuses becomes a line, the rest counts."""
    kept, lines = 0, list(problems)
    for judgement in judgements:
        try:
            queue.judge(judgement.item_id, judgement.annotator, judgement.label, now=now)
            kept += 1
        except ReviewError as error:
            lines.append(str(error))
    return Imported(kept, tuple(lines))


def _annotation(judgement: Mapping[str, str]) -> dict[str, Any]:
    choice = {"from_name": _NAME, "to_name": "text", "type": "choices", "value": {"choices": [judgement["label"]]}}
    return {"completed_by": {"email": judgement["annotator"]}, "created_at": judgement["judged_at"], "result": [choice]}


def _from_annotation(item_id: str, annotation: Mapping[str, Any]) -> Judgement:
    by = annotation["completed_by"]
    annotator = str(by.get("email") or by["id"]) if isinstance(by, dict) else str(by)
    label = next(one for one in annotation["result"] if one.get("type") == "choices")["value"]["choices"][0]
    if label not in (*LABELS, UNCLEAR):
        raise ValueError(label)
    return Judgement(item_id, annotator, label)
