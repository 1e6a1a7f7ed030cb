"""Tweets with emoji are held out so that what is judged was not learned."""

from itertools import chain

from benchmarks.emoji import at_random, by_kind

KINDS = [frozenset(some) for some in ("", "😀", "😀👎", "👎", "🎉", "", "❤", "❤🎉", "🔥", "😡", "😡🔥")]


def test_no_kind_of_emoji_that_is_held_out_by_kind_is_learned():
    judged_kinds = set()
    for learnt, judged in by_kind(KINDS):
        held_out = set(chain.from_iterable(KINDS[row] for row in judged))
        known = set(chain.from_iterable(KINDS[row] for row in learnt))
        assert all(KINDS[row] - known for row in judged)
        judged_kinds |= held_out
    assert judged_kinds == set(chain.from_iterable(KINDS))


def test_each_tweet_with_emoji_is_judged_once_at_random():
    rows = [int(row) for _, judged in at_random(KINDS) for row in judged]

    assert sorted(rows) == [row for row, found in enumerate(KINDS) if found]
