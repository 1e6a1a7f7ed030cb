"""The calibration of a champion: a file beside the pointer, or an image's variable."""

from dataclasses import replace

import pytest

from sentiment.champions import store
from sentiment.champions.calibration import (
    CALIBRATION_FILE,
    VARIABLE,
    Calibration,
    format_calibrations,
    keep_calibration,
    parse_calibrations,
    read_calibration,
)
from sentiment.errors import StoreError

TAG = "tweet-sentiment:one"
LEARNED = Calibration(TAG, 1.5, 0.7, 500, "2026-11-30T07:00:00+00:00")
OTHER = Calibration("tweet-sentiment:two", 0.8, None, 200, "2026-11-23T07:00:00+00:00")

pytestmark = pytest.mark.usefixtures("home")


def test_each_model_has_its_own_and_the_one_that_was_learned_later_stays():
    assert read_calibration(TAG) == Calibration(TAG)

    for learned in (
        LEARNED,
        OTHER,
        replace(LEARNED, temperature=3.0, learned_at="2026-11-01T07:00:00+00:00"),
    ):
        keep_calibration(learned)

    assert (read_calibration(TAG), read_calibration(TAG).labels) == (LEARNED, 500)
    assert read_calibration(OTHER.tag) == OTHER
    assert read_calibration("tweet-sentiment:three") == Calibration("tweet-sentiment:three")


def test_the_latest_ten_models_are_kept():
    for number in range(12):
        keep_calibration(replace(LEARNED, tag=f"t{number}", learned_at=f"2026-11-30T07:00:{number:02}+00:00"))

    assert [read_calibration(f"t{number}").labels for number in (1, 2, 11)] == [0, 500, 500]


def test_the_variable_of_an_image_takes_the_files_place_and_is_not_written_past(monkeypatch):
    keep_calibration(LEARNED)
    monkeypatch.setenv(VARIABLE, format_calibrations([Calibration(TAG, 2.0)]).strip())

    assert read_calibration(TAG) == Calibration(TAG, 2.0)
    with pytest.raises(StoreError, match=f"{VARIABLE} is set"):
        keep_calibration(LEARNED)


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        "[1]",
        '{"temperature": 1}',
        '{"tag": "a", "temperature": "warm"}',
        '{"tag": "a", "temperature": 0}',
        '{"tag": "a", "temperature": 1e-320}',
        '{"tag": "a", "temperature": NaN}',
        '{"tag": "a", "temperature": Infinity}',
        '{"tag": "a", "uncertain_below": 70}',
    ],
)
def test_a_damaged_one_is_refused_with_a_remedy(content):
    with pytest.raises(StoreError, match=r"here .*: remove it, then run 'python -m flows\.calibrate'"):
        parse_calibrations(content, "here")


def test_a_file_that_cannot_be_read_is_named():
    (store.store_home() / CALIBRATION_FILE).mkdir(parents=True)

    with pytest.raises(StoreError, match=f"{CALIBRATION_FILE} cannot be read"):
        read_calibration(TAG)
