"""The page's words in two languages."""

from __future__ import annotations

import re
import string

import pytest

from page.texts import TEXTS, TRANSLATIONS, pick_language
from sentiment.telemetry.spans import UNKNOWN_PATH


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("fr", "fr"),
        ("fr,en;q=0.9", "fr"),
        ("FR-ca", "fr"),
        ("en-US,fr;q=0.9", "en"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
        ("frr", "en"),
    ],
)
def test_the_first_language_of_the_reader_decides(header, language):
    assert pick_language(header) == language


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_hold_the_same_values(key):
    fields = [sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in TEXTS[key]]
    assert fields[0] == fields[1]
    assert all(text.strip() and "'" not in text for text in TEXTS[key])


def test_no_french_line_breaks_before_a_sign():
    badly_set = re.compile(r" [:;?!»%]|« ")
    assert [text for text in TRANSLATIONS["fr"].values() if badly_set.search(text)] == []
    assert TRANSLATIONS["fr"]["speaks_for"] == "parle pour «\u00a0{label}\u00a0»"


def test_the_unknown_path_of_requests_has_a_text():
    assert TEXTS["unknown_path"][0] == UNKNOWN_PATH
