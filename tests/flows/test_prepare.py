"""The preparation of a data source: done once, and again where the file or the copy changed."""

import pytest

from flows import prepare
from sentiment.data.dataset import Dataset

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_prepared_data_is_used_again_until_the_file_changes(home, corpus_file, tmp_path, monkeypatch):
    reads = []

    def load_dataset(source):
        reads.append(source)
        return real(source)

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
