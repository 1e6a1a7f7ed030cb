"""The one form in which every model reads a tweet."""

import pytest
from model_fixtures import ODD_TEXTS

import models
from models import clean_text


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("RT @ann: I don&#39;t  like it 😀 https://t.co/x", "RT @user: I don't like it 😀 http"),
        ("see www.example.com/a, t.co/b and HTTP://X.Y!", "see http http and http"),
        ("Fish &amp;amp; chips &lt;3", "Fish & chips <3"),
        (".@Ann and me@example.com", ".@user and me@example.com"),
        ("line one\r\n\tline two\u00a0", "line one line two"),
        ("caf\u00c3\u00a9 is closed", "café is closed"),
        ("gr\u200beat\u0007 \ufeffday", "great day"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("NOT happy, don't!", "NOT happy, don't!"),
        ("", ""),
    ],
)
def test_clean_text_gives_the_one_form(raw, cleaned):
    assert clean_text(raw) == cleaned


@pytest.mark.parametrize(
    "text",
    [*ODD_TEXTS, "&amp;amp;lt;b", "@@ann", "http://a@b", "\u202eabc", "x@y@z", "&#64;ann &#104;ttp://x"],
)
def test_cleaning_twice_changes_nothing(text):
    assert clean_text(clean_text(text)) == clean_text(text)


def test_cleaning_nested_entities_is_no_slower_than_its_length():
    """Each level of escaping once cost a whole repair: 998 such characters took 58 ms."""
    repairs = []
    original = models.text.ftfy.fix_text
    models.text.ftfy.fix_text = lambda *args, **options: repairs.append(1) or original(*args, **options)
    try:
        clean_text("é&" + "amp;" * 249)
    finally:
        models.text.ftfy.fix_text = original

    assert len(repairs) <= 3
