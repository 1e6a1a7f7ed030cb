"""The preparation of a data source: done once, and again where the file or the copy changed."""

import re
from pathlib import Path

import pytest
from labelled_rows import enough_rows

from flows import prepare
from sentiment.data.dataset import Dataset

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_prepared_data_is_used_again_until_the_file_changes(home, corpus_file, tmp_path, monkeypatch):
    reads = []

    def load_dataset(source, max_chars):
        reads.append(source)
        return real(source, max_chars)

    real = prepare.data.load_dataset
    monkeypatch.setattr(prepare.data, "load_dataset", load_dataset)
    file = tmp_path / "copy.csv"
    file.write_bytes(corpus_file.read_bytes())

    first, again = prepare.prepared_dataset(str(file)), prepare.prepared_dataset(str(file))
    assert len(reads) == 1
    assert first == again == Dataset.load(home / "data" / first.digest)

    file.write_text(file.read_text("utf-8") + "one more tweet about nothing else,neutral\n", "utf-8")
    assert prepare.prepared_dataset(str(file)).digest != first.digest
    assert len(reads) == 2


def test_a_damaged_copy_is_prepared_again(home, corpus_file):
    dataset = prepare.prepared_dataset(str(corpus_file))
    (home / "data" / dataset.digest / "dataset.json").write_text("{}", "utf-8")

    assert prepare.prepared_dataset(str(corpus_file)) == dataset


def test_the_limit_of_the_service_is_that_of_the_training(home, corpus_file, monkeypatch):
    whole = prepare.prepared_dataset(str(corpus_file))
    monkeypatch.setenv("SENTIMENT_MAX_CHARS", "45")
    short = prepare.prepared_dataset(str(corpus_file))

    assert max(map(len, whole.train.texts)) > 45 >= max(map(len, short.train.texts))
    assert short.report.dropped["too long"] > whole.report.dropped["too long"] == 0


def test_a_folder_is_prepared_again_where_one_of_its_tables_changes(tmp_path):
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("text,label\n", "utf-8")
    before = prepare.source_key(str(tmp_path))
    (tmp_path / "test.csv").write_text("text,label\nfine,positive\n", "utf-8")

    assert prepare.source_key(str(tmp_path)) != before
    assert prepare.source_key(f"{tmp_path}?text_column=tweet") != prepare.source_key(str(tmp_path))


def test_tables_of_a_folder_that_are_not_read_are_named(home, tmp_path, caplog):
    lines, header = [f"{row.text},{row.label}\n" for row in enough_rows()], "text,label\n"
    for name, part in (("train", lines[:200]), ("val", lines[200:250]), ("test", lines[250:])):
        (tmp_path / f"{name}.csv").write_text(header + "".join(part), "utf-8")
    for name in ("test_unlabeled.csv", "valid.csv.zip", "README.md"):
        (tmp_path / name).write_text(header, "utf-8")
    before = prepare.source_key(str(tmp_path))
    prepare.prepared_dataset(str(tmp_path))

    assert (
        f"left out of {tmp_path}: test_unlabeled.csv, valid.csv.zip; only tables named train" in caplog.text
    )
    (tmp_path / "eval.csv").write_text(header, "utf-8")
    assert prepare.source_key(str(tmp_path)) != before


def test_every_module_that_cleans_texts_is_part_of_the_key():
    hashed = {module.__name__ for module in prepare._CLEANING}
    code = [Path(module.__file__).read_text("utf-8") for module in prepare._CLEANING]
    imported = {
        name for text in code for name in re.findall(r"^\s*(?:from|import) (models\b[.\w]*)", text, re.M)
    }

    assert imported
    assert imported <= hashed
