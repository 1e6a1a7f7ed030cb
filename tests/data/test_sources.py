"""Sources of labelled tweets: tables, folders of them, and errors that name the line."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from labelled_rows import enough_rows
from pyarrow import parquet

from models import LABELS
from sentiment.data import sources
from sentiment.data.dataset import load_dataset
from sentiment.data.labelled_rows import Row
from sentiment.data.sources import files_left_out, read_source
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
            r"tweets\.csv, line 1: no column 'label'; it has 'text', 'sentiment': .* --label-column",
        ),
        (
            b"text,label\nfine,positive\nhm,angry\n",
            r"tweets\.csv, line 3: unknown label 'angry'; use negative, neutral, positive, or say",
        ),
        (b"", r"tweets\.csv is empty: give"),
        (b" \n\n", r"tweets\.csv is empty: give"),
        (
            b"text,label\nfine,positive\ncaf\xe9,positive\n",
            r"tweets\.csv, line 3: the byte 0xe9 is not UTF-8: try --encoding cp1252",
        ),
        (
            "text,label\nfine,positive\n".encode("utf-16-le"),
            r"tweets\.csv, line 1: the byte 0x00 .* is not UTF-8: try --encoding utf-16-le",
        ),
        (b"text,label\nalone\n", r"tweets\.csv, line 2: 1 cell; the header has 2"),
        (b"label,text\nnegative,good food, but cold\n", r"tweets\.csv, line 2: 3 cells; the header has 2"),
        (b"text,label\nfine,\n", r"tweets\.csv, line 2: no label: label the tweet, or leave it out"),
        (b"text,label\nhm,0\nok,4\n", r"line 2: unknown label '0'; .* --labels \"0=negative,4=positive\""),
        (b'text,label\n"open,positive\n', r"tweets\.csv, line 2: not CSV"),
        (b"id,text,label\n1,fine,positive\n,,\n3,,\n", r"tweets\.csv, line 4: no label: label the tweet"),
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
        "field too many",
        "missing label",
        "numbers",
        "open quote",
        "neither text nor label",
        "two rows",
    ],
)
def test_bad_csv_input_gets_an_error_with_file_line_and_remedy(tmp_path, content, message):
    path = tmp_path / "tweets.csv"
    path.write_bytes(content)

    with pytest.raises(DataError, match=message):
        load_dataset(str(path))


SENTIMENT140 = "columns=polarity,id,date,query,user,text&label_column=polarity&encoding=latin-1"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("words.tsv", "text\tlabel\nfine, yes\tPOS\nna\tneu\nbad\tNegative\n", ""),
        ("signed.csv", "label;text\n1;fine, yes\n0;na\n-1;bad\n", ""),
        ("known.json", '[{"t": "fine, yes", "l": 4}, {"t": "na", "l": 2}, {"t": "bad", "l": 0}]', "t"),
        (
            "sentiment140.csv",
            '"4","1","Mon","NO_QUERY","ann","fine, yes"\n"2","2","Mon","NO_QUERY","bob","na"\n'
            '"0","3","Mon","NO_QUERY","cy","bad"\n',
            f"{SENTIMENT140}&labels=0=negative,2=neutral,4=positive",
        ),
        (
            "Tweets.csv",
            "tweet_id,airline_sentiment,airline_sentiment_confidence,negativereason,text,tweet_location\n"
            '1,positive,1.0,,"fine, yes","New York, NY"\n2,neutral,0.7,,na,\n3,negative,1.0,Late,bad,\n',
            "label_column=airline_sentiment",
        ),
    ],
)
def test_a_table_is_read_by_its_columns_and_what_its_labels_mean(tmp_path, name, content, said):
    (tmp_path / name).write_text(content, "utf-8")
    said = "text_column=t&label_column=l&labels=0=negative,2=neutral,4=positive" if said == "t" else said

    rows = read_source(f"{tmp_path / name}?{said}" if said else str(tmp_path / name)).rows

    assert rows == (Row("fine, yes", "positive"), Row("na", "neutral"), Row("bad", "negative"))


def test_a_folder_of_tables_keeps_its_splits_as_hubs_give_them(tmp_path):
    (tmp_path / "README.md").write_text("text,label\n")
    (tmp_path / "data").mkdir()
    for number, text in enumerate(("one", "two")):
        table = pa.table({"text": [text], "label": ["positive"]})
        parquet.write_table(table, tmp_path / "data" / f"train-0000{number}-of-00002.parquet")
    (tmp_path / "data" / "dev.jsonl.gz").write_bytes(gzip.compress(b'{"text": "three", "label": "neg"}\n'))
    (tmp_path / "data" / "test.tsv").write_text("label\ttext\nneutral\tfour\n")

    source = read_source(str(tmp_path))

    assert source.name == tmp_path.name
    assert [(row.text, row.label, row.split) for row in source.rows] == [
        ("three", "negative", "validation"),
        ("four", "neutral", "test"),
        ("one", "positive", "train"),
        ("two", "positive", "train"),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train.csv", "train.json"], "has 2 files for train: train.csv, train.json: leave one there"),
        (["val.csv", "dev.csv", "train.csv"], "2 files for validation: dev.csv, val.csv"),
        (["train-0-of-1.csv", "train-0-of-2.csv", "train-1-of-2.csv"], "has 3 files for train"),
        (["train-0-of-2.csv", "train-0-of-2.json", "train-1-of-2.csv"], "has 3 files for train"),
        (
            ["train-00000-of-00002-0a1b.csv"],
            "has 1 of 00002 parts for train: train-00001-of-00002 is missing",
        ),
        (
            ["test-1-of-3.csv", "test-3-of-3.csv", "train.csv"],
            "has 2 of 3 parts for test: test-2-of-3 is missing",
        ),
        (["tweets.csv", "test.csv"], "has no table named train: name its tables train, validation and test"),
    ],
)
def test_a_folder_whose_tables_are_not_plain_is_refused(tmp_path, names, message):
    for name in names:
        (tmp_path / name).write_text("text,label\n")

    with pytest.raises(DataError, match=message):
        read_source(str(tmp_path))


def test_a_folders_other_tables_are_known_and_pq_is_parquet(tmp_path):
    others = ("eval.csv", "valid.csv.zip", "test_unlabeled.csv", "train.xlsx", "a.PQ", "data/extra.tsv.gz")
    for name in (*others, "README.md", "trainer.md", ".train.csv", "data/readme"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text,label\n")
    (tmp_path / "train.csv").write_text("text,label\na,neg\n")
    parquet.write_table(pa.table({"text": ["b"], "label": ["pos"]}), tmp_path / "test.pq")

    assert {row.text: row.split for row in read_source(str(tmp_path)).rows} == {"a": "train", "b": "test"}
    assert [path.relative_to(tmp_path).as_posix() for path in files_left_out(str(tmp_path))] == [
        "a.PQ",
        "eval.csv",
        "test_unlabeled.csv",
        "train.xlsx",
        "valid.csv.zip",
        "data/extra.tsv.gz",
    ]
    assert files_left_out(str(tmp_path / "train.csv")) == files_left_out("default") == []


@pytest.mark.parametrize("lacking", [("validation",), ("test",), ("validation", "test")])
def test_a_folder_that_lacks_a_split_gets_it_from_the_training_split(tmp_path, lacking):
    rows = enough_rows(450)
    for at, name in enumerate(("train", "validation", "test")):
        if name not in lacking:
            lines = [f"{row.text},{row.label}\n" for row in rows[150 * at : 150 * at + 150]]
            (tmp_path / f"{name}.csv").write_text("text,label\n" + "".join(lines))

    splits = load_dataset(str(tmp_path)).splits
    assert all(0 < len(splits[name].texts) < 50 for name in lacking)
    assert sum(len(splits[name].texts) for name in ("train", *lacking)) == 150


def test_a_text_that_no_service_would_take_is_not_learned_from(tmp_path):
    rows = [*enough_rows(), Row("long " * 201, "neutral"), Row(" \u200b ", "neutral")]
    (tmp_path / "in.csv").write_text("text,label\n" + "".join(f"{row.text},{row.label}\n" for row in rows))

    dropped = load_dataset(str(tmp_path / "in.csv")).report.dropped

    assert (dropped["too long"], dropped["empty"]) == (1, 1)


def test_a_missing_source_names_what_can_be_given(tmp_path):
    with pytest.raises(DataError, match="no such file or folder; give a table"):
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


@pytest.mark.slow
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
