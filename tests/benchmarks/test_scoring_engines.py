"""The benchmark of engines reads and writes a real file, and knows the limit of reading."""

from __future__ import annotations

from benchmarks.scoring_engines import NoEngine, rate, simulated, write_tweets


def test_reading_and_writing_alone_has_a_rate(tmp_path):
    write_tweets(tmp_path / "tweets.csv", 50)

    assert len((tmp_path / "tweets.csv").read_text("utf-8").splitlines()) == 51
    assert rate(tmp_path / "tweets.csv", NoEngine()) > 0


def test_more_workers_help_until_reading_is_the_limit():
    assert [simulated(100, 350, number) for number in (1, 2, 4, 8)] == [100, 200, 350, 350]
