"""The one form in which every model reads a tweet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
        ("tired&not happy, salt&pound cake, R&D, A&copy", "tired&not happy, salt&pound cake, R&D, A&copy"),
        ("you&amp me &lt3 &gt&gt don&#39t AT&amp;T", "you& me <3 >> don't AT&T"),
        (
            "&quot;x&quot; &#39;y&#39; &gt;&hearts; &#128514; &#x1F602; &Not; we &#23",
            "\"x\" 'y' >♥ 😂 😂 ⫬ we &#23",
        ),
        ("&notit; &unknown; &ampx; &;", "&notit; &unknown; &ampx; &;"),
        ("&#64ann &#064ann &#x40 &#00000064;ann lol &#128514 &#8364 5", "@user @user @ @user lol 😂 € 5"),
        ("&#128514&#10084&#65039 &#x1F602 ok", "😂❤️ 😂 ok"),
        ("&#55357;&#56842; &#xD83D;&#xDE02; &#55357&#56842 &#55357; ok", "😊 😂 😊 \ufffd ok"),
        ("love&#2016 #1&#100 &#1234567 &#x2712", "love&#2016 #1&#100 &#1234567 ✒"),
        ("&#" + "0" * 5000 + "64;", "&#" + "0" * 5000 + "64;"),
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


PIECES = (
    *(
        "@ann",
        "@",
        "http",
        "https://",
        "www.",
        "t.co/",
        "AAAAAAAAAA",
        "x.com",
        "/",
        ".",
        "-",
        "#so",
        "(",
        ")",
    ),
    *(
        "&#64",
        "&#128514",
        "&#55357;",
        "&#56842;",
        "。",
        "﹫",
        "ᴀ",
        "ʰ",
        "⒈",
        "मी",
        "้",
        "‑",
        "·",
        "🍕",
        "٢",
        ":",
    ),
    *("&amp;", "&", "amp", ";", "&#64;", "&not", "me@x.org", " ", "é", "見", "\u200d", "\ufe0f", "\u3164"),
    *("😡", "🩷", "🅿️", "𝐛", "①", "1", "\u20e3", "\U000e0061", "🏴", "\ufeff", "Ã©", "…", "'", "’", "\x1b[0m"),
)
tweets = st.lists(st.sampled_from(PIECES) | st.characters() | st.text(max_size=3), max_size=12).map("".join)


@given(tweets)
@settings(max_examples=400, deadline=None, derandomize=True)
def test_cleaning_whatever_twice_changes_nothing(text):
    assert clean_text(clean_text(text)) == clean_text(text)


VISIBLE = st.sampled_from("abzAZ09!?.,*🩷😡❤★→漢語عह한ท\U0001fadf\U0001fac9\U0001f8ff")


@given(st.lists(st.text(VISIBLE, min_size=1, max_size=8), min_size=1, max_size=5))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_nothing_that_shows_is_lost_where_nothing_is_to_be_repaired(words):
    said = "".join(words)
    if "www." not in said:
        assert clean_text(" \u200b".join(words)).split() == words


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
