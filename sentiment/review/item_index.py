"""The index of the queue's items by their words, in which new reports find near-duplicates.

It lies in files on this machine, derived from the database: what is missing is read from there, and
what is of another database is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from sentiment.data.duplicate_files import DuplicateFiles
from sentiment.data.near_duplicates import NearDuplicates
from sentiment.review.tables import ITEMS, WATERMARKS, replace_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from sentiment.review.database import Database

_READ_AT_ONCE = 5000
_QUEUE_ID = "queue id"  # a row of the watermarks: which queue this is, on whatever server


class NewItems:
    """Items that the files do not have yet, in memory."""

    def __init__(self, items: Iterable[tuple[int, str, str]], words: set[str]) -> None:
        self.words = words
        self.items: list[tuple[int, str, str]] = []
        self._duplicates = NearDuplicates()
        for item in items:
            self.add(*item)

    def add(self, number: int, item_id: str, form: str) -> None:
        """Add an item and its words."""
        self.items.append((number, item_id, form))
        self.words.update(form.split())
        self._duplicates.add(form)

    def find(self, form: str) -> str | None:
        """Return the oldest item that a form nearly repeats; None if it repeats none."""
        place = self._duplicates.find(form)
        return None if place is None else self.items[place][1]


class ItemIndex:
    """The files of one queue, up to date with its database when they are opened."""

    def __init__(self, files: DuplicateFiles) -> None:
        self._files = files

    def find(self, connection: Connection, forms: Sequence[str]) -> list[str | None]:
        """Return for each form the oldest item that it nearly repeats, or None."""
        numbers = self._files.find(forms, lambda asked: _read_forms(connection, asked))
        found = sorted({number for number in numbers if number is not None})
        rows = connection.execute(select(ITEMS.c.number, ITEMS.c.item_id).where(ITEMS.c.number.in_(found)))
        ids = {row.number: row.item_id for row in rows}
        return [None if number is None else ids[number] for number in numbers]

    def known_words(self, forms: Sequence[str]) -> set[str]:
        """Return those words of forms that an item has."""
        return self._files.known_words({word for form in forms for word in form.split()})

    def read_newer(self, connection: Connection, limit: int | None = None) -> list[tuple[int, str, str]]:
        """Return the items that are not in the files, in order."""
        query = select(ITEMS.c.number, ITEMS.c.item_id, ITEMS.c.form).where(ITEMS.c.number > self._files.last)
        rows = connection.execute(query.order_by(ITEMS.c.number).limit(limit))
        return [(row.number, row.item_id, row.form) for row in rows]

    def take(self, items: NewItems) -> None:
        """Take items in."""
        for number, item_id, form in items.items:
            self._files.add(number, form, _check_of(item_id))

    def catch_up(self, database: Database) -> None:
        """Read from the database what the files lack; forget them if they are of another."""
        with database.reading() as connection:
            checks = self._files.checks()
            query = select(ITEMS.c.number, ITEMS.c.item_id).where(ITEMS.c.number.in_(list(checks)))
            found = {row.number: _check_of(row.item_id) for row in connection.execute(query)}
        if found != checks:
            self._files.clear()
        while True:
            with database.reading() as connection:
                newer = self.read_newer(connection, _READ_AT_ONCE)
            if not newer:
                return
            for number, item_id, form in newer:
                self._files.add(number, form, _check_of(item_id))
            self._files.known_words(set())  # makes what was added searchable, and frees its memory

    def keep(self) -> None:
        """Write to the files what is only in memory."""
        self._files.flush()


@contextmanager
def open_index(database: Database, folder: Path | None) -> Iterator[ItemIndex]:
    """Open a queue's index in a folder, or in a temporary one; others of this machine wait."""
    with tempfile.TemporaryDirectory(prefix="review-index-") as temporary:
        place = folder / _queue_id(database) if folder else Path(temporary)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (place / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # a crash frees it
            index = ItemIndex(DuplicateFiles(place))
            index.catch_up(database)
            yield index
            if folder:
                index.keep()


def _queue_id(database: Database) -> str:
    with database.transaction() as connection:
        query = select(WATERMARKS.c.moment).where(WATERMARKS.c.name == _QUEUE_ID)
        queue_id = connection.scalar(query) or secrets.token_hex(8)
        replace_row(connection, WATERMARKS, {"name": _QUEUE_ID}, {"moment": queue_id})
    return str(queue_id)


def _read_forms(connection: Connection, numbers: Sequence[int]) -> Mapping[int, str]:
    forms: dict[int, str] = {}
    for start in range(0, len(numbers), _READ_AT_ONCE):
        wanted = ITEMS.c.number.in_(numbers[start : start + _READ_AT_ONCE])
        forms |= {
            row.number: row.form
            for row in connection.execute(select(ITEMS.c.number, ITEMS.c.form).where(wanted))
        }
    return forms


def _check_of(item_id: str) -> str:
    return hashlib.sha256(item_id.encode()).hexdigest()[:16]
