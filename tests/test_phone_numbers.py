"""Phone numbers of all countries go, in the forms in which people write them."""

from __future__ import annotations

import sys
import unicodedata

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from sentiment.masking import mask

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
ABROAD = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966)
# Four digits, as on Niue and Tokelau, or a date, as 20.12.34 in Nouméa, cannot be told even then.
LEAST_AFTER_CUE, DATE = 5, "20.12.34"
# Without a cue six digits are a count, seven in this form or with these years as well.
LEAST = 8
COUNTS_AND_YEARS = {"1700 1234"}


def numbers(region: str) -> list[phonenumbers.PhoneNumber]:
    """The example numbers of a region, as its plan of numbers has them."""
    return [found for kind in KINDS if (found := phonenumbers.example_number_for_type(region, kind))]


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_with_its_country_code_goes(region):
    for number in numbers(region):
        for form in ABROAD:
            written = phonenumbers.format_number(number, form).removeprefix("tel:")
            assert mask(f"so {written} ok") == "so (phone) ok"


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_in_its_country_s_own_form_goes(region):
    for number in numbers(region):
        written = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        digits = sum(map(str.isdecimal, written))
        if digits >= LEAST_AFTER_CUE and written != DATE:
            assert mask(f"call {written} now") == "call (phone) now"
        if digits >= LEAST and written not in COUNTS_AND_YEARS:
            assert mask(f"so {written} ok") == "so (phone) ok"


@pytest.mark.parametrize(
    "number",
    [
        *("+49|171|1234567", "555·123·4567", "555_123_4567", "555*123*4567", "555,123,4567", "0171,1234567"),
        *("555•123•4567", "5 5 5 1 2 3 4 5 6 7", "5️⃣5️⃣5️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣", "①⑦①⑨⑨⑨⑧⑦", "𝟓𝟓𝟓-𝟏𝟐𝟑-𝟒𝟓𝟔𝟕"),
        *(
            "03・1234・5678",
            "🄁🄂🄈🄂🄃🄄🄅🄆🄇🄈",
            "۰۹۱۲\u200c۳۴۵\u200c۶۷۸۹",
            "٠٥٠\u200d١٢٣\u200d٤٥٦٧",
            "१२३\u200d४५६\u200d७८९०",
            "555⋅123∙4567",
            "０９０ー１２３４ー５６７８",
            "1️⃣2️⃣3️⃣4 567 8901",
            "⁰¹⁷¹ ¹²³⁴⁵⁶⁷",
            "06 12 34 56 7 8",
        ),
        *("555\u200b123\u200b4567", "555\u00ad123\u00ad4567", "71 123 456", "(8 12) 34-56-78", "08-12 34 56"),
    ],
)
def test_a_number_in_disguise_goes(number):
    assert mask(f"so {number} ok") == "so (phone) ok"


def signs_of(category: str) -> list[str]:
    return [sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign) == category]


@pytest.mark.parametrize("dash", [*signs_of("Pd"), *"−⁃➖˗ー"])
def test_any_dash_separates_a_number_and_a_date(dash):
    assert mask(f"so 0171{dash}123{dash}4567 ok") == "so (phone) ok"
    assert "(phone)" not in mask(f"so 12{dash}05{dash}2024 ok")


@pytest.mark.parametrize("sign", [*",:=~'\\"])
@pytest.mark.parametrize(
    "number",
    [
        "555-123-4567",
        "0171-1234567",
        "03-1234-5678",
        "06-12-34-56-78",
        "+33-6-12-34-56-78",
        "4111-1111-1111-1111",
    ],
)
def test_what_mostly_writes_times_and_counts_may_separate_a_number(sign, number):
    assert mask(f"so {number.replace('-', sign)} ok") == "so (phone) ok"


@pytest.mark.parametrize("cue", ["call", "text me on", "Tel.:", "WhatsApp", "phone me at", "fax:"])
def test_whom_people_are_asked_to_call_goes_however_short_the_number_is(cue):
    assert mask(f"{cue} 5551234 now") == f"{cue} (phone) now"
    assert mask(f"{cue} 55 51 23 now") == f"{cue} (phone) now"


@pytest.mark.parametrize(
    "said",
    [
        *(
            "call 911",
            "call 20240512",
            "text 5000 people",
            "ring 12.05.2024",
            "my phone 1999 2024",
            "recall 5551234",
        ),
        *(
            "1920*1080",
            "$1234567",
            "$5500000000",
            "1,234,567,890",
            "1 2 3 4 5 6 7 8 9 10",
            "9 8 7 6 5 4 3 2 1",
        ),
        *("12:30:45", "7:10 10:30:45.123", "02:15:33:12", "16:9", "1920:1080", "2015:10:30", "10:30 12:45"),
        *(
            "1'234'567'890",
            "123,456,789",
            "1,234,567.89",
            "+1,234,567,890",
            "100=50+50",
            "1000=1000",
            "10~20",
            "2010~2012",
        ),
        *("2012,2013,2014", "100:200:300", "12345,67890", "x²", "10⁶", "05 12 23 34 45 7", "1️⃣2️⃣3️⃣ go"),
        *("22/10/2012 - 1st", "(9/13/2010 w/TB)", "Oct-26-2015 22:27:11", "23 2012 10PM", "14 2015 (3)"),
        *("2*3=6", "snake_case_1", "5️⃣ stars", "1️⃣0️⃣/1️⃣0️⃣", "1 234 567 views", "€ 1.234.567"),
    ],
)
def test_what_is_no_number_to_call_stays(said):
    assert mask(f"so {said} ok") == f"so {said} ok"


def test_a_number_behind_a_currency_s_sign_goes_if_no_price_is_so_exact():
    assert mask("$5551234567 or €0171 1234567") == "$(phone) or €(phone)"
