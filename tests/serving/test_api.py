"""The rules for a text: what is taken, however quickly it is seen."""

from __future__ import annotations

import time

import pytest

from models import clean_text
from sentiment.text_rules import is_plainly_visible


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "1",
        "😍",
        "&nbsp;",
        "&amp;",
        "＆nbsp;",
        "\x1b[36;44m",
        "\u200b",
        "@ann",
        "http://t.co/x",
        "é",
        "\n7\n",
        "~",
        "Â\xa0",
        "\x00",
    ],
)
def test_what_is_seen_at_once_is_what_cleaning_leaves(text):
    assert not is_plainly_visible(text) or clean_text(text)


@pytest.mark.parametrize("text", ["I love this", "@ann", "7", "é is é", "\n7\n"])
def test_most_texts_are_seen_at_once(text):
    assert is_plainly_visible(text)


def test_a_long_text_is_seen_through_in_linear_time():
    start = time.process_time()
    assert not is_plainly_visible("a" * 200_000 + "&")
    assert time.process_time() - start < 1
