"""Files that are taken for tables and are none, known by their first bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sentiment.tables.table import TableError

if TYPE_CHECKING:
    from pathlib import Path

_OTHER_FILES = (
    (
        "workbook",
        "a ZIP file, such as a workbook of Excel: save the sheet as CSV UTF-8",
        rb"PK\x03\x04|\xd0\xcf\x11\xe0",
    ),
    (
        "archive",
        "an archive (tar, 7z or RAR), not a table: unpack it, and give the table that is in it",
        rb".{257}ustar|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07",
    ),
    (
        "compressed",
        "compressed twice, or by another program than gzip: unpack it, compress it with gzip or not at all",
        rb"\x1f\x8b|BZh[1-9](?:1AY&SY|\x17rE8P\x90)|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18",
    ),
    (
        "no_table",
        "a PDF, a picture or a database, not a table: export the tweets as CSV UTF-8",
        rb"%PDF-|\x89PNG|\xff\xd8\xff|GIF8[79]a|SQLite format 3\x00|\s*<svg[\s>]",
    ),
    (
        "web_page",
        "a web page, not a table: download the file itself",
        rb"\s*(?i:<!doctype html|<html)",
    ),
    (
        "markup",
        "a table in HTML or XML, as some programs export it: open it in a spreadsheet, save it as CSV UTF-8",
        rb"\s*(?i:<table[\s>]|<\?xml\s)",
    ),
    (
        "document",
        "a text document (RTF), not a table: save it as plain text in UTF-8",
        rb"\{\\rtf",
    ),
    (
        "pointer",
        "a pointer of Git LFS, not the file itself: fetch it with git lfs pull",
        rb"version https://git-lfs\.github\.com/spec/",
    ),
)


def refuse_other_file(path: Path, start: bytes) -> None:
    """Refuse a file whose first bytes, uncompressed and without a mark, are those of no table.

    Raises:
        TableError: They are; the message says what it is, and what to give instead.
    """
    for fault, words, pattern in _OTHER_FILES:
        if re.match(pattern, start, re.DOTALL):
            raise TableError(fault, f"{path} is {words}")
