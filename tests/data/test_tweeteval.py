"""TweetEval's form, as other programs and people write it."""

from __future__ import annotations

import pytest

from sentiment.data.labelled_rows import Row
from sentiment.data.sources import read_source

FILES = {
    "mapping.txt": "0\tNegative\n1\tneutral\n2\tPOSITIVE\n",
    "train_text.txt": "a\nb\n\nc \n",
    "train_labels.txt": "0\n1\n1\n2\n",
    "val_text.txt": "d\u2028e\n",
    "val_labels.txt": "0\n",
}


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_any_line_break_and_any_case_of_the_labels_is_read(tmp_path, line_break):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8", newline=line_break)

    assert read_source(str(tmp_path)).rows == (
        Row("a", "negative", split="train"),
        Row("b", "neutral", split="train"),
        Row("", "neutral", split="train"),
        Row("c ", "positive", split="train"),
        Row("d\u2028e", "negative", split="validation"),
    )


def test_a_carriage_return_inside_a_line_of_other_breaks_ends_no_tweet(tmp_path):
    for name, content in {**FILES, "val_text.txt": "d\re\n"}.items():
        (tmp_path / name).write_text(content, "utf-8", newline="")

    assert read_source(str(tmp_path)).rows[-1].text == "d\re"
