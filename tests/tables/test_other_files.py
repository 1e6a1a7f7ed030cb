"""Archives, other compressions and documents are refused by their first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile

import pytest

from sentiment.tables.opening import open_table
from sentiment.tables.table import TableError

TABLE = b"id,text\n1,good\n" * 50


def archive(form):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as tar:
        info = tarfile.TarInfo("tweets.csv")
        info.size = len(TABLE)
        tar.addfile(info, io.BytesIO(TABLE))
    return target.getvalue()


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gz"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive(tarfile.PAX_FORMAT), "is an archive"),
        (archive(tarfile.GNU_FORMAT), "is an archive"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "is an archive"),
        (b"Rar!\x1a\x07\x01\0", "is an archive"),
        (bz2.compress(TABLE), "compressed twice, or by another program than gzip: unpack it"),
        (bz2.compress(b""), "compressed twice, or by another program"),
        (lzma.compress(TABLE), "compressed twice, or by another program"),
        (b"\x28\xb5\x2f\xfd\x04\x58" + TABLE, "compressed twice, or by another program"),
        (b" <TABLE border=1><tr><td>text</td></tr></table>", "open it in a spreadsheet, save it as CSV"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "open it in a spreadsheet, save it as CSV"),
        (b"{\\rtf1\\ansi hello}", "a text document .RTF., not a table: save it as plain text"),
        (b'<svg width="1">', "a PDF, a picture or a database"),
        (b"\xef\xbb\xbf<html><body>", "a web page, not a table"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(tmp_path, content, message, compress):
    (tmp_path / "in.csv").write_bytes(compress(content))

    with pytest.raises(TableError, match=message):
        open_table(tmp_path / "in.csv")


def test_gzip_in_gzip_is_refused_and_once_is_read(tmp_path):
    (tmp_path / "in.csv").write_bytes(gzip.compress(gzip.compress(TABLE)))
    with pytest.raises(TableError, match="compressed twice"):
        open_table(tmp_path / "in.csv")

    (tmp_path / "in.csv").write_bytes(gzip.compress(TABLE))
    assert open_table(tmp_path / "in.csv").columns == ["id", "text"]


@pytest.mark.parametrize(
    "tweet", ["BZH forever", "bzh9 days", "<3 tables", "<tables> turned", "{rtfm}", "Orc!"]
)
def test_tweets_that_begin_alike_are_tweets(tmp_path, tweet):
    (tmp_path / "in.txt").write_text(f"{tweet}\nanother\n")

    assert next(open_table(tmp_path / "in.txt").batches(0)).column(0)[0] == tweet
