"""The values of a JSON file one at a time, so that memory does not grow with the file."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from sentiment.tables.table import RowFault, TableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

_BLOCK = 1 << 20
_LONGEST = 16 << 20  # characters of a value; longer ones are no row of a table of tweets
_BLANKS = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_MOST_DIGITS = 4300  # of a whole number; Python makes none of more
TOO_DEEP = "lists or objects nested too deeply"


class _Doubled(dict[str, Any]):
    """An object that gives a name twice; it has the last of the values."""


class Value(NamedTuple):
    """A value of a file, its line or place in the array, and what is wrong with it."""

    number: int
    content: Any
    fault: RowFault | None = None


def begins_with(text: TextIO) -> tuple[bool, bool]:
    """Return whether a text begins with an array, and whether its first value is an object."""
    buffer = _Buffer(text)
    buffer.skip(_BLANKS)
    if is_array := buffer.next == "[":
        buffer.position += 1
        buffer.skip(_BLANKS)
    try:
        return is_array, buffer.next == "{" and isinstance(buffer.value(), dict)
    except RecursionError:
        return is_array, False


def line_values(text: TextIO, path: Path) -> Iterator[Value]:
    """Return the value of each line; of a line that is no JSON, the line itself, at fault.

    Raises:
        TableError: A line is too long to be a row.
    """
    number = 0
    while line := text.readline(_LONGEST):
        number += 1
        if len(line) == _LONGEST:
            message = f"{path}, line {number}: more than {_LONGEST} characters: give a table of tweets"
            raise TableError("long_line", message)
        if not line.strip():
            continue
        try:
            yield _value(number, _DECODER.decode(line))
        except ValueError as error:
            fault = RowFault(f"not JSON ({error}): write one object per line", kind="not_json")
            yield Value(number, line.rstrip("\r\n"), fault)
        except RecursionError:
            fault = RowFault(f"{TOO_DEEP}: write one flat object per line", kind="too_deep")
            yield Value(number, line.rstrip("\r\n"), fault)


def array_values(text: TextIO, path: Path) -> Iterator[Value]:
    """Return the values of a file's one array.

    Raises:
        TableError: It is no JSON or nested too deeply, or something follows it.
    """
    buffer = _Buffer(text)
    buffer.skip(_BLANKS)
    buffer.position += 1  # the opening bracket
    for number in count(1):
        separators = buffer.skip(_BETWEEN)
        if buffer.next == "]":
            buffer.position += 1
            buffer.skip(_BLANKS)
            if not buffer.next:
                return
            raise _no_json(path, buffer.line, "more after the array's end")
        try:
            content = buffer.value()
        except RecursionError as error:
            raise _no_json(path, buffer.line, TOO_DEEP) from error
        if separators.count(",") > 1 or content is _NONE:
            raise _no_json(path, buffer.line, "the array's next value is none, or cut off")
        yield _value(number, content)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Doubled(found)


def _value(number: int, content: object) -> Value:
    if isinstance(content, _Doubled):
        return Value(
            number, content, RowFault("a name occurs twice: give each value its own", kind="doubled")
        )
    return Value(number, content)


def _whole_number(digits: str) -> int | str:
    """Return a whole number; one that is too long for Python stays as it is written."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole_number)
_NONE = object()


def _no_json(path: Path, line: int, reason: str) -> TableError:
    message = f"{path}, line {line}: not JSON ({reason}): export the file anew"
    return TableError("not_json", message, line=line, reason=reason)


class _Buffer:
    """A window on a text, which moves on as values are taken from it."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._window = text, ""
        self.position, self.line = 0, 1

    @property
    def next(self) -> str:
        """The character that comes next, empty at the end."""
        if self.position == len(self._window):
            self._fill()
        return self._window[self.position : self.position + 1]

    def skip(self, characters: re.Pattern[str]) -> str:
        """Pass over these characters, and return those that were there."""
        passed = []
        while self.next and (found := characters.match(self._window, self.position)) and found.group():
            passed.append(found.group())
            self.line += found.group().count("\n")
            self.position = found.end()
        return "".join(passed)

    def value(self) -> object:
        """Return the value that comes next, or _NONE."""
        while True:
            try:
                content, end = _DECODER.raw_decode(self._window, self.position)
            except ValueError:
                if len(self._window) - self.position > _LONGEST or not self._fill():
                    return _NONE
                continue
            self.line += self._window.count("\n", self.position, end)
            self.position = end
            return content

    def _fill(self) -> bool:
        block = self._text.read(_BLOCK)
        self._window, self.position = self._window[self.position :] + block, 0
        return bool(block)
