"""What is wrong with a file of tweets, or with a row, in the words of the page's reader."""

from __future__ import annotations

import pytest

from page.scoring import Limits, _fault
from page.sheet import MAX_ROWS, SheetError, read_sheet
from page.texts import say

LIMITS = Limits(1000, 65536)


def write(folder, content, name="tweets.csv"):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "key", "facts"),
    [
        (b"", "file_empty", ["tweets.csv"]),
        (b"\n \n", "file_empty", ["tweets.csv"]),
        (b"text\n", "file_empty", ["tweets.csv"]),
        (b"id,comment\n1,good\n", "file_no_column", ["id, comment", "line 1"]),
        (b"text\ngood\ncaf\xe9\n", "file_encoding", ["line 3", "0xe9"]),
        (b"t\x00e\x00x\x00t\x00", "file_encoding", ["line 1", "0x00"]),
        (b"PK\x03\x04", "file_workbook", ["tweets.csv", "CSV UTF-8"]),
        (b"\x1f\x8b\x08", "file_damaged", ["EOFError"]),
        (b"text\na\n" + bytes(99), "file_damaged", ["line 3: 0x00"]),
        (b"%PDF-1.7", "file_no_table", ["tweets.csv", "PDF"]),
        (b"<html>", "file_web_page", ["tweets.csv", "download"]),
        (b"BZh91AY&SY", "file_compressed", ["tweets.csv", "unpack"]),
        (b"7z\xbc\xaf\x27\x1c", "file_archive", ["tweets.csv", "unpack"]),
        (b"<table><tr>", "file_markup", ["tweets.csv", "CSV UTF-8"]),
        (b'{"text": "a"}\n', "file_json_inside", ["tweets.csv", ".jsonl"]),
        (b"{\\rtf1", "file_document", ["tweets.csv", "plain text"]),
        (b"version https://git-lfs.github.com/spec/v1\n", "file_pointer", ["git lfs pull"]),
        (b"text\n" + b"good\n" * (MAX_ROWS + 1), "file_too_long", ["20000"]),
        (b"x" * 10_000_001, "file_too_big", ["11 MB", "10 MB"]),
    ],
)
def test_a_file_that_cannot_be_scored_says_where_and_what_to_do(tmp_path, content, key, facts):
    with pytest.raises(SheetError) as caught:
        read_sheet(write(tmp_path, content))
    message = say("en", caught.value.key, **caught.value.values)
    assert caught.value.key == key
    assert all(fact in message for fact in facts), message
    assert say("fr", caught.value.key, **caught.value.values) != message


@pytest.mark.parametrize(
    ("name", "content", "english", "french"),
    [
        ("in.csv", b'text,id\n"good,1\nbad,2\n', "write a quote inside", "doublez chaque guillemet"),
        ("in.csv", b"text,id\n" + b'"' + b"x" * 140_000 + b'",1\n', "is too long", "trop longue"),
        ("in.csv", b"text,id\ngood\n", "1 fields, the header 2", "1 champs, l’en-tête 2"),
        ("in.jsonl", b'{"text": "a"\n', "not an object in JSON", "pas un objet JSON"),
        ("in.jsonl", b'{"text": 1}\n', "write the text in quotes", "écrivez le texte entre guillemets"),
        ("in.jsonl", b'{"text": "\\ud83d"}\n', "not whole characters", "caractères incomplets"),
    ],
)
def test_a_row_that_cannot_be_scored_says_why_in_its_readers_language(
    tmp_path, name, content, english, french
):
    more = b'{"text": "fine"}\n' if name.endswith("jsonl") else b""
    row = read_sheet(write(tmp_path, more + content, name)).rows[len(more) > 0]

    assert english in _fault(row, LIMITS, "en")
    assert french in _fault(row, LIMITS, "fr")
