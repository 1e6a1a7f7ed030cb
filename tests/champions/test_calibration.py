"""The calibration of a champion: a file beside the pointer, or an image's variable."""

import pytest

from sentiment.champions import store
from sentiment.champions.calibration import (
    CALIBRATION_FILE,
    VARIABLE,
    Calibration,
    format_calibration,
    parse_calibration,
    read_calibration,
    write_calibration,
)
from sentiment.errors import StoreError

TAG = "tweet-sentiment:one"
LEARNED = Calibration(TAG, 1.5, 0.7, 500, "2026-11-30T07:00:00+00:00")

pytestmark = pytest.mark.usefixtures("home")


def test_what_is_written_is_read_and_is_of_one_model_alone():
    assert read_calibration(TAG) == Calibration(TAG)

    write_calibration(LEARNED)

    assert read_calibration(TAG) == LEARNED
    assert read_calibration("tweet-sentiment:two") == Calibration("tweet-sentiment:two")


def test_the_variable_of_an_image_takes_the_files_place(monkeypatch):
    write_calibration(LEARNED)
    monkeypatch.setenv(VARIABLE, format_calibration(Calibration(TAG, 2.0)))

    assert read_calibration(TAG) == Calibration(TAG, 2.0)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON",
        "[1]",
        '{"temperature": 1}',
        '{"tag": "a", "temperature": "warm"}',
        '{"tag": "a", "temperature": 0}',
        '{"tag": "a", "temperature": NaN}',
        '{"tag": "a", "temperature": Infinity}',
        '{"tag": "a", "uncertain_below": 70}',
    ],
)
def test_a_damaged_one_is_refused_with_a_remedy(content):
    with pytest.raises(StoreError, match=r"here .*: remove it, then run 'python -m flows\.calibrate'"):
        parse_calibration(content, "here")


def test_a_file_that_cannot_be_read_is_named():
    (store.store_home() / CALIBRATION_FILE).mkdir(parents=True)

    with pytest.raises(StoreError, match=f"{CALIBRATION_FILE} cannot be read"):
        read_calibration(TAG)
