"""Bank accounts go, and what only looks like one stays."""

import pytest

from sentiment.masking import mask

# The examples in the registry of ISO 13616.
IBANS = (
    *("DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19", "FR14 2004 1010 0505 0001 3M02 606"),
    *("NL91 ABNA 0417 1643 00", "NO93 8601 1117 947", "MT84 MALT 0110 0001 2345 MTLC AST0 01S"),
    *("CH93 0076 2011 6238 5295 7", "BR18 0036 0305 0000 1000 9795 493C 1", "SA03 8000 0000 6080 1016 7519"),
)


@pytest.mark.parametrize("iban", IBANS)
def test_an_iban_goes_whole(iban):
    separated = [iban.replace(" ", sign) for sign in ("", "  ", "-", "/", "_", "·", "—", ":", " - ")]
    for written in (iban, iban.lower(), f"{iban[:2]} {iban[2:]}", *separated):
        assert mask(f"pay to {written}, please") == "pay to (account), please"
        assert mask(f"pay to {written} if you can do so") == "pay to (account) if you can do so"


@pytest.mark.parametrize("iban", IBANS)
def test_an_iban_goes_where_words_are_glued_to_it(iban):
    written = iban.replace(" ", "")

    assert mask(f"myiban{written}please") == "myiban(account)please"
    assert mask(f"AT12 {written} and AT 12") == "AT12 (account) and AT 12"


def test_words_behind_two_letters_and_two_digits_are_no_account_in_all_ways_to_say_them():
    """Each is one in 97 times, if only the check digits tell."""
    said = [f"MB{number} from Nigeria MTN network" for number in range(100, 400)]
    said += [f"at {number} pm on a nice long day" for number in range(10, 100)]

    assert [mask(text) for text in said] == said


@pytest.mark.parametrize(
    "said",
    ["it is so nice to see you all here again", "AB12 what a long and nice day it was", "to DE89 3704 us"],
)
def test_words_are_no_account(said):
    assert mask(said) == said


@pytest.mark.parametrize(
    "card", ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "3782 822463 10005"]
)
def test_a_card_number_goes(card):
    assert mask(f"my card {card} is lost") == "my card (phone) is lost"
