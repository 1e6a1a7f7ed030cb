"""One damaged row costs itself and no other; quotes beside tabs may mean something or not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sentiment.tables.records import Lines, delimited


def rows_of(content):
    lines = Lines(io.StringIO(content, newline=""), Path("in.tsv"))
    return [record.cells for record in delimited(lines, "\t", width=2)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('1\t"line one\nline two\twith tab"\n2\tok\n', [["1", "line one\nline two\twith tab"], ["2", "ok"]]),
        ('1\t"a\n\tb"\n2\tok\n', [["1", "a\n\tb"], ["2", "ok"]]),
        ('1\t"hello\n2\tbye"\n3\tok\n', [["1", '"hello'], ["2", 'bye"'], ["3", "ok"]]),
        ('1\t"hello\n2\tx\n3\tbye"\n', [["1", '"hello'], ["2", "x"], ["3", 'bye"']]),
        ('a\t"hello\nb\tbye"\n', [["a", '"hello'], ["b", 'bye"']]),
        ('"hello\tneg\nbye"\tpos\n', [['"hello', "neg"], ['bye"', "pos"]]),
        ('1\t"hello\nb\tbye\n', [["1", '"hello'], ["b", "bye"]]),  # never closed
    ],
)
def test_a_quote_joins_lines_with_tabs_only_where_the_last_is_no_row(content, rows):
    assert rows_of(content) == rows
