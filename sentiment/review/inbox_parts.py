"""Compaction of the feedback inbox: collected objects become Parquet parts, few and immutable.

The order of the steps is what keeps feedback through a crash at any of them: a part's ids, the
part, both read back and compared, then the objects go. Whatever is there twice meanwhile has one
feedback id, and is read once.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.errors import FeedbackError
from sentiment.feedback.inbox import day_of
from sentiment.feedback.part_ids import holds_id, pack_ids
from sentiment.review.part_file import digest_of, name_part, read_rows, write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sentiment.feedback.feedback import Feedback
    from sentiment.feedback.inbox import Inbox
    from sentiment.feedback.part import Part

BATCH = 20_000  # objects in memory
_LOOKS = 3  # what vanishes while we read was compacted or merged; another look finds it
_MERGED_AT_ONCE = 8  # parts of one day and one order of magnitude
_LARGEST_MERGED = 9999  # rows of a part that is still merged
_logger = logging.getLogger("sentiment.inbox")


@dataclass(frozen=True)
class Batch:
    """Feedback that was read: of one part, or of single objects.

    Attributes:
        feedback: One per feedback id.
        objects: The names of the single objects, also of those that a part holds already.
        part: The name of the part; empty for single objects.
    """

    feedback: tuple[Feedback, ...]
    objects: tuple[str, ...] = ()
    part: str = ""


class InboxParts:
    """Reads an inbox in batches, and compacts what was read."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._whole: set[Part] = set()

    def unread(self, taken: Collection[str] = ()) -> Iterator[Batch]:
        """Yield the parts whose names are not among `taken`, then all single objects, in batches.

        A damaged part is skipped with an error in the log, as often as it is met.

        Raises:
            FeedbackError: The inbox cannot be read.
        """
        met = set(taken)
        for look in range(_LOOKS):
            listing = self._inbox.listing()
            has_vanished = False
            for part in (part for part in listing.parts if part.name not in met):
                rows = self._read_part(part)
                has_vanished = has_vanished or rows is None
                if rows:
                    met.add(part.name)
                    yield Batch(tuple(rows), part=part.name)
            # What vanishes of these is in a part, which the next look finds.
            for start in range(0, 0 if look else len(listing.single), BATCH):
                names = listing.single[start : start + BATCH]
                read = list(self._inbox.read(names))
                has_vanished = has_vanished or len(read) < len(names)
                batch = self._without_known(
                    [(name, row) for name, row in read if row is not None], listing.parts
                )
                if batch.objects:
                    yield batch
            if not has_vanished:
                return

    def compact(self, batch: Batch) -> list[str]:
        """Compact the objects of a batch into one part for each day, and return the parts' names.

        Raises:
            FeedbackError: The inbox cannot be written, or holds another thing than was written; the
                objects are still there.
        """
        by_day: defaultdict[str, list[Feedback]] = defaultdict(list)
        if not batch.part:
            for feedback in batch.feedback:
                by_day[day_of(feedback.prediction_id)].append(feedback)
        names = [self._write_part(day, rows).name for day, rows in sorted(by_day.items())]
        self._remove(batch.objects)
        return names

    def merge(self, taken: Collection[str], take: Callable[[Sequence[str]], None]) -> None:
        """Merge a day's small parts, where there are many among `taken`; `take` gets the new names.

        Raises:
            FeedbackError: As for `compact`.
        """
        alike: defaultdict[tuple[str, int], list[Part]] = defaultdict(list)
        for part in self._inbox.listing().parts:
            if part.name in taken and part.rows <= _LARGEST_MERGED:
                alike[part.day, len(str(part.rows))].append(part)
        for (day, _), parts in alike.items():
            contents = [self._read_part(part) for part in parts] if len(parts) >= _MERGED_AT_ONCE else []
            if contents and all(contents):
                rows = {row.feedback_id: row for content in contents for row in content or ()}
                merged = self._write_part(day, list(rows.values()))
                take([merged.name])
                # A part of which all others are copies has the name of the merged one.
                self._remove([name for part in parts if part != merged for name in (part.file, part.ids)])

    def _without_known(self, read: Sequence[tuple[str, Feedback]], parts: Sequence[Part]) -> Batch:
        """Return a batch without the feedback that a part holds already, as after a crash."""
        days = {row.feedback_id: day_of(row.prediction_id) for _, row in read}
        in_use = [part for part in parts if part.day in set(days.values())]
        packed = zip(in_use, self._inbox.ids.read([part.ids for part in in_use]), strict=True)
        of_day: defaultdict[str, list[tuple[Part, bytes]]] = defaultdict(list)
        for part, ids in packed:
            of_day[part.day].append((part, ids or b""))
        fresh: dict[str, Feedback] = {}
        for _, row in read:
            holders = of_day.get(days[row.feedback_id], ())
            if not any(holds_id(ids, row.feedback_id) and self._is_whole(part) for part, ids in holders):
                fresh.setdefault(row.feedback_id, row)
        return Batch(tuple(fresh.values()), tuple(name for name, _ in read))

    def _is_whole(self, part: Part) -> bool:
        if part not in self._whole and self._read_part(part):
            self._whole.add(part)
        return part in self._whole

    def _read_part(self, part: Part) -> list[Feedback] | None:
        """Return the rows of a part, None if it vanished; none if it is damaged."""
        content = self._read(part.file)
        if content is None:
            return None
        if digest_of(content) != part.digest:
            _logger.error("the part %s of the inbox is damaged: restore it from a backup", part.file)
            return []
        return read_rows(content)

    def _write_part(self, day: str, feedback: Sequence[Feedback]) -> Part:
        """Write a part, ids first, and compare what the inbox holds with what was to be written."""
        rows = sorted(feedback, key=lambda row: (row.received_at, row.feedback_id))
        content, ids = write_rows(rows), pack_ids(row.feedback_id for row in rows)
        part = name_part(day, rows, content)
        try:
            self._inbox.objects.create(part.ids, ids)
            self._inbox.objects.create(part.file, content)
        except Exception as error:  # each remote file system has exceptions of its own
            raise self._inbox.failure("written", error) from error
        if self._read(part.ids) != ids or self._read_part(part) != rows:
            raise FeedbackError(
                f"the part {part.file} of the inbox holds something else than was written: "
                "check the disk, then collect again; nothing was removed"
            )
        return part

    def _read(self, name: str) -> bytes | None:
        try:
            return self._inbox.objects.read_many([name])[0]
        except Exception as error:  # each remote file system has exceptions of its own
            raise self._inbox.failure("read", error) from error

    def _remove(self, names: Sequence[str]) -> None:
        try:
            self._inbox.objects.remove(names)
        except Exception as error:  # each remote file system has exceptions of its own
            raise self._inbox.failure("written", error) from error
