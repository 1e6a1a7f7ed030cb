"""Sources of labelled tweets: CSV files, TweetEval folders, and errors that name the line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from labelled_rows import enough_rows

from models import LABELS
from sentiment.data import sources
from sentiment.data.dataset import load_dataset
from sentiment.data.sources import Row, read_source
from sentiment.errors import DataError


def test_a_csv_file_is_read_with_or_without_a_byte_order_mark(tmp_path):
    path = tmp_path / "tweets.csv"
    path.write_bytes(b'\xef\xbb\xbflabel,text\nPositive ,"great, really"\nnegative,"two\nlines"\n')

    source = read_source(str(path))

    assert source.rows == (Row("great, really", "positive"), Row("two\nlines", "negative"))
    assert source.name == "tweets"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"text,sentiment\nfine,positive\n",
            r"tweets\.csv, line 1: column 'label' is missing \(found: text, sentiment\).*text,label",
        ),
        (
            b"text,label\nfine,positive\nhm,angry\n",
            r"tweets\.csv, line 3: unknown label 'angry'; use negative, neutral, positive",
        ),
        (b"", r"tweets\.csv is empty: give"),
        (b" \n\n", r"tweets\.csv is empty: give"),
        (
            b"text,label\nfine,positive\ncaf\xe9,positive\n",
            r"tweets\.csv, line 3: byte 0xe9 is not UTF-8; save",
        ),
        (
            "text,label\nfine,positive\n".encode("utf-16"),
            r"tweets\.csv, line 1: byte 0xff is not UTF-8; save",
        ),
        (b"text,label\nalone\n", r"tweets\.csv, line 2: a field is missing"),
        (b'text,label\n"open,positive\n', r"tweets\.csv, line 2: not valid CSV"),
        (
            b"text,label\nfine,positive\nbad,negative\n",
            r"tweets\.csv: the .* split has no .* row .* of the 2 read\); give more tweets",
        ),
    ],
    ids=[
        "missing column",
        "unknown label",
        "empty file",
        "blank file",
        "latin-1",
        "utf-16",
        "missing field",
        "open quote",
        "two rows",
    ],
)
def test_bad_csv_input_gets_an_error_with_file_line_and_remedy(tmp_path, content, message):
    path = tmp_path / "tweets.csv"
    path.write_bytes(content)

    with pytest.raises(DataError, match=message):
        load_dataset(str(path))


def test_a_missing_source_names_what_can_be_given(tmp_path):
    with pytest.raises(DataError, match="no such file or folder; give a CSV file"):
        load_dataset(str(tmp_path / "nowhere"))


def write_tweeteval(folder, rows: list[Row], *, with_test: bool = True) -> None:
    (folder / "mapping.txt").write_text("0\tnegative\n1\tneutral\n2\tpositive\n", "utf-8")
    parts = {"train": rows[:200], "val": rows[200:250]} | ({"test": rows[250:]} if with_test else {})
    for prefix, members in parts.items():
        (folder / f"{prefix}_text.txt").write_text("".join(f"{row.text}\n" for row in members), "utf-8")
        (folder / f"{prefix}_labels.txt").write_text(
            "".join(f"{LABELS.index(row.label)}\n" for row in members), "utf-8"
        )


def test_a_tweeteval_folder_keeps_its_own_splits_and_the_test_split_stays_whole(tmp_path):
    rows = enough_rows()
    rows[299] = Row(rows[298].text, rows[299].label)  # a duplicate inside the test split
    rows[0] = Row("RT @x: " + rows[298].text, rows[0].label)  # and one of it in the training split
    write_tweeteval(tmp_path, rows)

    dataset = load_dataset(str(tmp_path))

    assert dataset.test.texts == tuple(row.text for row in rows[250:])
    assert dataset.test.labels == tuple(row.label for row in rows[250:])
    assert len(dataset.validation.texts) == 50
    assert len(dataset.train.texts) == 199


def test_a_tweeteval_folder_without_its_test_split_gets_one_from_the_training_split(tmp_path):
    write_tweeteval(tmp_path, enough_rows(), with_test=False)

    dataset = load_dataset(str(tmp_path))

    assert len(dataset.validation.texts) == 50
    assert 5 < len(dataset.test.texts) < 45
    assert len(dataset.train.texts) + len(dataset.test.texts) == 200


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "train_labels.txt",
            "1\n",
            "has 200 lines but train_labels.txt has 1: there must be one label per text",
        ),
        (
            "val_labels.txt",
            "7\n" * 50,
            r"val_labels\.txt, line 1: label '7' is not in mapping\.txt; use one of 0, 1, 2",
        ),
        ("mapping.txt", "0\tangry\n", r"mapping\.txt, line 1: .* is not an id, a tab and one of"),
        ("val_text.txt", None, r"val_text\.txt cannot be read .*a TweetEval folder holds mapping\.txt"),
    ],
)
def test_a_malformed_tweeteval_folder_gets_an_error_with_file_line_and_remedy(
    tmp_path, name, content, message
):
    write_tweeteval(tmp_path, enough_rows())
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content, "utf-8")

    with pytest.raises(DataError, match=message):
        load_dataset(str(tmp_path))


def test_the_public_benchmark_is_read_whole():
    folder = Path(__file__).parents[3] / "shared" / "data" / "tweeteval-sentiment"
    if not folder.is_dir():
        pytest.skip("needs the TweetEval tweets in ../shared/data, which are not part of this repository")

    dataset = load_dataset(str(folder))

    assert dataset.report.rows_read == 50_274
    assert len(dataset.validation.texts) > 1_900
    assert all(count > 100 for by_label in dataset.report.counts.values() for count in by_label.values())


def test_another_corpus_than_the_known_one_is_refused(monkeypatch):
    monkeypatch.setattr(sources, "_CORPUS", replace(sources._CORPUS, sha256="0" * 64))

    with pytest.raises(DataError, match=r"the default corpus has the SHA-256 9185.*, not 0000"):
        read_source()
