"""What shows in a tweet, and what does not."""

import unicodedata

import pytest

from models import clean_text
from models.invisible import without_invisible

NOT_YET = (
    "\U0001faf9\U0001fac9\U0001f8ff\U0001f1a0"  # places of emoji and symbols, some of them empty for long
)


@pytest.mark.parametrize("emoji", ["🩷", "🫪", "🫩", "\U0001fadf", *NOT_YET])
def test_an_emoji_that_this_python_does_not_know_stays_and_is_visible(emoji):
    assert clean_text(emoji) == emoji
    assert clean_text(f"love you {emoji}") == f"love you {emoji}"


def test_some_of_these_are_unknown_to_this_python():
    assert any(unicodedata.category(sign) == "Cn" for sign in NOT_YET)


@pytest.mark.parametrize(
    "sign",
    [
        *("\u3164", "\uffa0", "\u115f", "\u1160", "\u2800", "\u00ad", "\u034f", "\u061c", "\u180e", "\u17b4"),
        *("\u200b", "\u200c", "\u200d", "\u200e", "\u2060", "\u2063", "\u2065", "\ufeff", "\ufe00", "\ufe0e"),
        *("\ufe0f", "\U000e0100", "\U000e0041", "\U000e0020", "\U000e007f", "\ufff0", "\U000e0fff"),
        *("\uffff", "\ufdd0", "\U0001fffe", "\x00", "\x07", "\u2028", "\u202e", "\U0001d173"),
        *("\U0001d159", "\U00013441", "\U00016fe4"),
    ],
)
def test_what_shows_nothing_is_no_text(sign):
    assert clean_text(sign) == clean_text(sign * 3) == clean_text(f" {sign}\u200b ") == ""
    assert clean_text(f"go{sign}od").replace(" ", "") == "good"


@pytest.mark.parametrize(
    "text",
    [
        *("👨‍👩‍👧", "❤️‍🔥", "❤️", "👍🏽", "🤦🏾‍♀️", "1️⃣", "#️⃣", "🇫🇷", "🏳️‍🌈", "☺︎", "ℹ️", "🆗"),
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        *("می‌خواهم", "क्‍ष", "مرحبا", "안녕", "e\u0304", "\u0600١٢", "\uf8ff"),
    ],
)
def test_what_holds_emoji_and_words_together_stays(text):
    assert without_invisible(text) == text


def test_a_joiner_or_a_tag_elsewhere_is_hidden_text():
    assert without_invisible("a\u200db, \u200d❤️ \ufe0fx 1\ufe0f ❤\ufe0f\ufe0f") == "ab, ❤️ x 1 ❤️"
    assert without_invisible("۱\u200c۲ ३\u200dक ۱\u200cب م\u200cب") == "۱۲ ३क ۱ب م\u200cب"
    assert without_invisible("hi\U000e0061\U000e006e 🏴\U000e0061 👍\U000e0061\U000e007f") == "hi 🏴 👍"


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("𝐛𝐚𝐝 𝑏𝑎𝑑 𝓫𝓪𝓭 𝔟𝔞𝔡 𝕓𝕒𝕕 𝗯𝗮𝗱 𝚋𝚊𝚍 ℬ𝒶𝒹 ℎ", "bad bad bad bad bad bad bad Bad h"),
        ("🅿️ 🅱🅰🅳 🄱🄰🄳 🅑🅐🅓 ⒷⒶⒹ ⓑⓐⓓ 🄑🄐🄓 ⒝⒜⒟ Ⓜ️ 🆎", "P BAD BAD BAD BAD bad BAD bad M AB"),
        ("ʜᴀᴛᴇ ꜰᴏʀ ʰᵃᵗᵉ ᴴᴬᵀᴱ 1ˢᵗ ₓ ⅈ ⅅ ʟᴏʟ", "hate for hate HATE 1st x i D lol"),
        ("⒈ ⒛ 🄀🄁🄊 ﹫ ﹪", "1 20 009 @ %"),
        ("m² 5ª nº ᴥ ɐ ᵔᴗᵔ ʘ ™", "m² 5ª nº ᴥ ɐ ᵔᴗᵔ ʘ ™"),
        ("𝟓𝟝𝟧𝟱𝟻 ①⑳ ❶➉ ⓿⓵ ⑴ ⓫", "55555 120 110 01 1 11"),
    ],
)
def test_letters_in_disguise_become_plain(disguised, plain):
    assert clean_text(disguised) == plain
