"""Text files in any encoding: what is not what it is said to be is refused, with what to try."""

from __future__ import annotations

import codecs
from encodings.aliases import aliases

import pytest

from sentiment.tables.form import Form
from sentiment.tables.opening import open_table
from sentiment.tables.table import TableError
from sentiment.tables.text_file import check_text_file

SCRIPTS = {
    "English": "What a lovely day this is",
    "French": "Quelle belle journée, cœur léger",
    "Russian": "Сегодня отличный день, https://t.co/a",
    "Ukrainian": "І Їжак її ЄДИНА",
    "Greek": "Τι όμορφη μέρα",
    "Arabic": "هذا يوم جميل جدا",
    "Hebrew": "איזה יום יפה",
    "Hindi": "आज बहुत अच्छा दिन है",
    "Thai": "วันนี้อากาศดีมาก กก",
    "Japanese": "今日はとてもいい天気です。一番！　最高",
    "Chinese": "今天天气一点也不好，我在上海",
    "Korean": "오늘 날씨가 정말 좋네요",
    "emoji": "😀 👍🏽 🩷",
}


def refusal(path, content, encoding=None):
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        check_text_file(path, encoding)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_utf16_without_a_mark_is_proposed_in_every_script(tmp_path, script, encoding):
    for content in (SCRIPTS[script] + "\n", f"id,text\n1,{SCRIPTS[script]}\n", f"{SCRIPTS[script]}\n" * 50):
        message = refusal(tmp_path / "in.csv", content.encode(encoding))
        assert message.endswith(f"try --encoding {encoding}"), message


@pytest.mark.parametrize("script", SCRIPTS)
def test_other_texts_are_not_taken_for_utf16(tmp_path, script):
    path = tmp_path / "in.csv"
    for content in (
        SCRIPTS[script],
        f"a\n{SCRIPTS[script]}\tb\n",
        "a\nb\nc\n",
        "1\t2\t3\t4\n",
        "go\0od day\n" * 9,
        "good\0day is\n" * 9,
    ):
        path.write_bytes(content.encode())
        assert check_text_file(path).encoding == "utf-8"


@pytest.mark.parametrize("name", ["utf-16", "utf-32"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_an_encoding_that_needs_a_mark_is_refused_without_one_and_its_order_proposed(tmp_path, name, order):
    content = "id,text\n1,good\n".encode(f"{name}-{order}")
    message = refusal(tmp_path / "in.csv", content, name)

    assert f"no mark of {name.upper()} is there: try --encoding {name}-{order}" in message
    assert refusal(tmp_path / "in.csv", content).endswith(f"try --encoding {name}-{order}")
    assert "or leave --encoding out for UTF-8" in refusal(tmp_path / "in.csv", b"text\ngood\n", name)
    (tmp_path / "in.csv").write_bytes(content)
    assert check_text_file(tmp_path / "in.csv", f"{name}-{order}").read() == "id,text\n1,good\n"


def test_no_encoding_that_python_knows_ends_in_a_traceback(tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes(b"id,text\n1,\xc3\xa9 \xff\xfe\x00 &AA- \\N{x} +~{\x1b$B\n")
    others = ("idna", "punycode", "undefined", "unicode_escape", "\0", "", "a b")
    for name in (*aliases, *aliases.values(), *others):
        try:
            check_text_file(path, name).read()
        except TableError:
            continue


@pytest.mark.parametrize("name", ["punycode", "undefined", "rot13", "\0"])
def test_an_encoding_of_no_files_is_not_known(tmp_path, name):
    assert "is not known: name one such as cp1252" in refusal(tmp_path / "in.csv", b"text\na\n", name)


def test_a_wide_encoding_with_half_a_character_is_damaged_and_never_windows(tmp_path):
    marked = refusal(tmp_path / "in.csv", "id,text\n1,good\n".encode("utf-16") + b"\0")
    said = refusal(tmp_path / "in.csv", "id,text\n1,good\n".encode("utf-16-le") + b"\0", "utf-16-le")

    assert "line 3: the byte 0x00 is not UTF-16-LE: the file is damaged, copy or export it anew" in marked
    assert said.endswith("name its encoding with --encoding")
    assert refusal(tmp_path / "in.csv", b"ab\x00\xd8cd\xd8\x00efghij").endswith(
        "name its encoding with --encoding"
    )


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize(
    ("name", "content"),
    [("in.csv", "id,text\n1,good\n"), ("in.txt", "good\n"), ("in.json", '[{"text": "good"}]')],
)
def test_marks_belong_to_no_tweet_however_many(tmp_path, mark, times, name, content):
    encoding = {b"\xef": "utf-8", b"\xff": "utf-16-le", b"\xfe": "utf-16-be"}[mark[:1]]
    (tmp_path / name).write_bytes(mark * times + content.encode(encoding))
    table = open_table(tmp_path / name, Form())

    assert [text for batch in table.batches(0) for text in batch.column(table.find("text", ""))] == ["good"]
