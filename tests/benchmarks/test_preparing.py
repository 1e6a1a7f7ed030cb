"""The benchmark of preparing a large table: its tweets, and the line that it prints."""

from benchmarks.preparing import made_up, measure, write_table


def test_words_follow_each_other_as_in_the_texts():
    texts = ["a b c", "b a", "c a"]
    pairs = {("a", "b"), ("b", "c"), ("b", "a"), ("c", "a")}

    tweets = [*made_up(texts, 50)]

    assert tweets == [*made_up(texts, 50)]
    assert {pair for tweet in tweets for pair in zip(tweet.split(), tweet.split()[1:], strict=False)} == pairs
    assert all(5 <= len(tweet.split()) <= 20 for tweet in tweets)


def test_a_table_of_sentiment140s_form_is_read_and_measured(tmp_path):
    words = [f"word{number}" for number in range(400)]
    texts = [" ".join(words[start : start + 5]) for start in range(0, 400, 3)]
    write_table(tmp_path / "tweets.csv", made_up([*texts, " ".join(words[::7]), " ".join(words[::-5])], 1000))

    line = measure(tmp_path / "tweets.csv").splitlines()[-1]

    assert line.startswith("| 1,000 | ")
    assert line.endswith(" GB |")
