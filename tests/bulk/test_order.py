"""One file or many, from and to this machine or Azure Blob storage, by one rule of names."""

from __future__ import annotations

import pytest
from bulk_fixtures import files_in, read, write

from sentiment.errors import BlobError, DataError

pytestmark = pytest.mark.usefixtures("small_chunks")


def test_one_file_to_a_folder_keeps_its_name(ordered, source, tmp_path):
    (tmp_path / "out").mkdir()

    ordered(source, tmp_path / "out")

    assert files_in(tmp_path / "out") == ["tweets.csv"]


def test_outputs_below_the_inputs_are_no_inputs(ordered, tables_folder):
    ordered(tables_folder, tables_folder / "scored")

    assert ordered(tables_folder, tables_folder / "scored").before == 19


def test_what_cannot_be_ordered_is_refused_with_the_reason(ordered, tables_folder, tmp_path):
    with pytest.raises(DataError, match=r"out.csv names one file, and .*in is a folder or a pattern"):
        ordered(tables_folder, tmp_path / "out.csv")
    with pytest.raises(DataError, match=r"holds no table: name a folder or a pattern with \.csv, \.tsv"):
        ordered(tables_folder / "*.xlsx", tmp_path / "out")
    with pytest.raises(DataError, match=r"none.csv is no file: check the path"):
        ordered(tables_folder / "none.csv", tmp_path / "out.csv")
    (tmp_path / "there").mkdir()
    with pytest.raises(DataError, match="neither a file nor a folder"):
        ordered(tables_folder / "none", tmp_path / "there")


def blobs(container, below=""):
    return sorted(name for name in container.list_blob_names() if name.startswith(below))


@pytest.fixture
def uploaded(container, tables_folder):
    """The files of the folder as blobs below `tweets/`; the address of the container."""
    for name in files_in(tables_folder):
        container.upload_blob(f"tweets/{name}", (tables_folder / name).read_bytes())
    return f"az://{container.container_name}"


def test_blobs_are_scored_to_blobs_and_only_new_ones_the_next_time(
    ordered, uploaded, container, tables_folder, tmp_path
):
    ordered(tables_folder, tmp_path / "out")

    totals = ordered(f"{uploaded}/tweets", f"{uploaded}/tweets/scored")

    assert (totals.files, totals.rows, totals.rejected) == (3, 19, 1)
    names = ["a.csv", "c.parquet", "old/b.jsonl.csv", "old/b.jsonl.csv.rejected.csv"]
    for name in names:
        made = container.download_blob(f"tweets/scored/{name}").readall()
        assert made == (tmp_path / "out" / name).read_bytes()
    assert not any((tmp_path / "workshop").rglob("*.*"))
    container.upload_blob("tweets/new.csv", b"text\nfine\n")
    again = ordered(f"{uploaded}/tweets/*.csv", f"{uploaded}/tweets/scored")
    assert (again.files, again.rows, again.before) == (2, 12, 11)
    assert len(blobs(container, "tweets/scored/.scored/")) == 4


def test_one_blob_goes_to_one_file_and_the_reverse(ordered, uploaded, container, source, tmp_path):
    ordered(f"{uploaded}/tweets/a.csv?text_column=text", tmp_path / "here.csv")
    ordered(tmp_path / "here.csv", f"{uploaded}/there/again.csv")

    assert len(read(tmp_path / "here.csv")) == 12
    assert blobs(container, "there") == ["there/.scored/again.csv.json", "there/again.csv"]


def test_a_delivery_that_was_killed_is_finished_and_a_strange_blob_is_not_replaced(
    ordered, uploaded, container
):
    ordered(f"{uploaded}/tweets", f"{uploaded}/out")
    container.delete_blob("out/.scored/a.csv.json")  # killed between the file and its record

    assert ordered(f"{uploaded}/tweets", f"{uploaded}/out").before == 8
    container.delete_blob("out/.scored/a.csv.json")
    container.upload_blob("out/a.csv", b"mine", overwrite=True)
    with pytest.raises(DataError, match=r"/out/a.csv is there already"):
        ordered(f"{uploaded}/tweets", f"{uploaded}/out")
    assert ordered(f"{uploaded}/tweets", f"{uploaded}/out", restart=True).before == 0


def test_a_container_that_is_missing_is_one_clear_error(ordered, azurite, container, tmp_path):
    with pytest.raises(BlobError, match="ContainerNotFound"):
        ordered("az://nowhere/a.csv", tmp_path / "out.csv")
    write(tmp_path / "in.csv", [["text"], ["x"]])
    with pytest.raises(DataError, match="holds no table"):
        ordered(f"az://{container.container_name}/none", tmp_path / "out")
