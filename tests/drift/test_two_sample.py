"""Two samples of texts: alike, different, repeated, and too small."""

from drifting import tweets_about

from sentiment.drift.two_sample import LEAST_TEXTS, compare, distinct


def test_texts_of_another_kind_are_told_apart():
    difference = compare(tweets_about("flights", 150), tweets_about("football", 50), permutations=399)

    assert difference.p_value == 1 / 400
    assert difference.distance > 0.9
    assert 0 < difference.chance < 0.5
    assert difference.texts == (150, 50)


def test_texts_of_one_kind_rarely_seem_to_differ():
    values = [
        compare(
            tweets_about("flights", 40, seed), tweets_about("flights", 40, 1000 + seed), permutations=99
        ).p_value
        for seed in range(40)
    ]

    # Of 40 p-values that are uniform, more than 7 lie below 0.05 once in 3,000 times.
    assert sum(value <= 0.05 for value in values) <= 7
    assert sum(value > 0.5 for value in values) >= 8


def test_the_same_texts_give_the_same_answer():
    samples = tweets_about("flights", 60), tweets_about("flights", 40, seed=1)

    assert compare(*samples, permutations=99) == compare(*samples, permutations=99)


def test_copies_of_one_text_are_one_text():
    viral = "the striker scored a goal and the keeper cried on the pitch"
    texts = [*tweets_about("flights", 40), *[f"RT @ann: {viral}!"] * 30, *[viral.upper()] * 30]

    assert len(distinct(texts)) == 41


def test_texts_in_both_samples_say_nothing():
    shared = tweets_about("flights", LEAST_TEXTS - 1)
    others = tweets_about("football", 2 * LEAST_TEXTS)

    assert compare(
        [*shared, *others[:LEAST_TEXTS]], [*shared, *others[LEAST_TEXTS:]], permutations=9
    ).texts == (
        LEAST_TEXTS,
        LEAST_TEXTS,
    )
    assert compare(shared, shared) is None


def test_too_few_texts_are_not_compared():
    many, few = tweets_about("flights", 100), tweets_about("football", LEAST_TEXTS - 1)

    assert compare(many, few) is None
    assert compare(few, many) is None
    assert compare([], []) is None


def test_the_order_of_the_texts_makes_no_difference():
    texts = tweets_about("flights", 60)

    assert distinct(reversed(texts), 20) == distinct(texts, 20) == distinct([*texts, *texts], 20)
    assert len(distinct(texts, 20)) == 20
    assert distinct(["", " ", "!!!", "?"]) != []
