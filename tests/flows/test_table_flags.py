"""The flags that say how a table is read become part of its address, and come back as they were."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from flows.table_flags import add_data_flags, data_of
from sentiment.errors import DataError
from sentiment.tables.address import make_address, parse_address
from sentiment.tables.form import Form


@pytest.fixture
def data():
    """The value of `data` of a flow whose command has these flags."""
    parser = argparse.ArgumentParser()
    add_data_flags(parser)
    return lambda *flags: data_of(parser.parse_args(flags))


def test_without_flags_the_data_are_named_as_they_are(data):
    assert data() == "default"
    assert data("--data", "a folder") == "a folder"


def test_whatever_the_flags_say_comes_back(data):
    address = data(
        *("--data", "tweets.csv", "--text-column", "what? & more", "--label-column", "été"),
        *("--labels", "0=negative,4=positive", "--columns", "a,b;c", "--encoding", "latin-1"),
    )

    path, form = parse_address(address)
    assert path.name == "tweets.csv"
    assert form == Form("what? & more", "été", "0=negative,4=positive", "a,b;c", "latin-1")
    assert "labels=0=negative,4=positive" in address


def test_a_file_that_is_called_so_is_taken_by_its_name(tmp_path):
    odd = tmp_path / "really?text_column=no"
    odd.write_text("text\n")

    assert parse_address(str(odd)) == (odd, Form())
    with pytest.raises(DataError, match="'mood' is not known"):
        parse_address("tweets.csv?mood=label")


def test_a_long_address_and_a_path_with_a_question_mark_are_parsed():
    form = Form(labels=",".join(f"{number}=negative" for number in range(99)))

    assert parse_address(make_address("in.csv", form)) == (Path("in.csv"), form)
    assert parse_address(make_address("what?.csv", form)) == (Path("what?.csv"), form)
    with pytest.raises(DataError, match=r"nnn\.\.\.: no such file \(File name too long\): check the path"):
        parse_address("n" * 300 + "?label_column=mood")
