"""Texts that come again are not computed again, if that is wanted; the memory is bounded and holds no text."""

import asyncio

import numpy as np
from opentelemetry.trace import NoOpTracer

from sentiment.serving.champion import Limits, ServedModel
from sentiment.serving.score_cache import ScoreCache


class Model:
    """Scores a text by its length, and notes what it is asked."""

    calls_at_once = 1

    def __init__(self):
        self.asked = []

    def tokenise(self, texts):
        self.asked += texts
        return texts

    def infer(self, tokens):
        return np.array([[float(len(token)), 0.0, 0.0] for token in tokens])


def ask(limits, *requests):
    model = Model()
    served = ServedModel(model, "tag", limits)

    async def run():
        return [await served.score(texts, NoOpTracer()) for texts in requests]

    return asyncio.run(run()), model.asked


def test_a_text_that_comes_again_is_not_computed_again():
    rows, asked = ask(Limits(cached_texts=10), ["aa", "b"], ["b", "ccc", "aa", "ccc"])

    assert rows == [[[2.0, 0, 0], [1.0, 0, 0]], [[1.0, 0, 0], [3.0, 0, 0], [2.0, 0, 0], [3.0, 0, 0]]]
    assert asked == ["aa", "b", "ccc"]


def test_by_default_nothing_is_remembered():
    _, asked = ask(Limits(), ["aa"], ["aa"])

    assert asked == ["aa", "aa"]


def test_the_text_that_was_asked_for_longest_ago_goes_first():
    _, asked = ask(Limits(cached_texts=2), ["a"], ["bb"], ["a"], ["ccc"], ["a"], ["bb"])

    assert asked == ["a", "bb", "ccc", "bb"]


def test_a_request_with_more_texts_than_are_remembered_is_answered_whole():
    rows, asked = ask(Limits(cached_texts=2), ["a", "bb", "ccc", "dddd"], ["a"])

    assert [row[0] for row in rows[0]] == [1.0, 2.0, 3.0, 4.0]
    assert asked[-1] == "a"


def test_texts_that_look_alike_are_different_and_none_is_kept():
    cache = ScoreCache(10)
    cache.keep({"é": [1.0], "e\u0301": [2.0], "\ud800": [3.0]})

    assert cache.find(["é", "e\u0301", "\ud800", "É"]) == {"é": [1.0], "e\u0301": [2.0], "\ud800": [3.0]}
    assert "é" not in repr(vars(cache))
