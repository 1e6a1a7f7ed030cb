"""Dynamic batching: no waiting, no request harms another, and overload is refused."""

import asyncio
import threading
import time

import pytest

from sentiment.errors import OverloadError
from sentiment.serving.batching import MOST_TEXTS, Batcher

MOMENTS = (1, 2, 3)


class Model:
    """Scores a text by its length, notes its batches, and waits to be let go where it is held."""

    def __init__(self, *, is_held=False):
        self.batches, self.entered, self.release = [], threading.Event(), threading.Event()
        if not is_held:
            self.release.set()

    def __call__(self, texts):
        self.batches.append(list(texts))
        self.entered.set()
        assert self.release.wait(20)
        if "bad" in texts:
            raise ValueError("bad")
        return [[float(len(text))] for text in texts], MOMENTS


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("waited 10 s in vain")


def test_a_lone_request_is_scored_at_once_and_in_the_order_of_its_texts():
    model = Model()

    rows, moments = asyncio.run(Batcher(model, most_waiting=10).score(["a", "bbb", "cc"]))

    assert rows == [[1.0], [3.0], [2.0]]
    assert moments == MOMENTS
    assert model.batches == [["a", "bbb", "cc"]]


def test_what_comes_while_a_batch_is_scored_becomes_the_next_one():
    async def run():
        model = Model(is_held=True)
        batcher = Batcher(model, most_waiting=100)
        first = asyncio.ensure_future(batcher.score(["first"]))
        await until(model.entered.is_set)
        others = [asyncio.ensure_future(batcher.score([f"{number:03}"])) for number in range(20)]
        await asyncio.sleep(0.05)
        assert batcher.is_busy
        model.release.set()
        await asyncio.gather(first, *others)
        await until(lambda: not batcher.is_busy)
        return model.batches

    assert asyncio.run(run()) == [["first"], [f"{number:03}" for number in range(20)]]


def test_a_large_request_shares_every_batch_with_the_small_ones_that_wait():
    async def run():
        model = Model(is_held=True)
        batcher = Batcher(model, most_waiting=1000)
        first = asyncio.ensure_future(batcher.score(["first"]))
        await until(model.entered.is_set)
        large = asyncio.ensure_future(batcher.score(["large"] * 256))
        small = [asyncio.ensure_future(batcher.score(["small"])) for _ in range(3)]
        await asyncio.sleep(0.05)
        model.release.set()
        rows, _ = await large
        await asyncio.gather(first, *small)
        return model.batches, rows

    batches, rows = asyncio.run(run())
    assert batches[1].count("small") == 3
    assert {len(batch) for batch in batches[2:-1]} == {MOST_TEXTS}
    assert len(rows) == 256


def test_a_text_that_the_model_cannot_bear_fails_alone():
    async def run():
        model = Model(is_held=True)
        batcher = Batcher(model, most_waiting=100)
        first = asyncio.ensure_future(batcher.score(["first"]))
        await until(model.entered.is_set)
        bad, good = (asyncio.ensure_future(batcher.score([text])) for text in ("bad", "good"))
        await asyncio.sleep(0.05)
        model.release.set()
        await first
        with pytest.raises(ValueError, match="bad"):
            await bad
        return await good

    assert asyncio.run(run()) == ([[4.0]], MOMENTS)


def test_a_large_request_that_fails_leaves_nothing_waiting():
    async def run():
        model = Model()
        batcher = Batcher(model, most_waiting=300)
        with pytest.raises(ValueError, match="bad"):
            await batcher.score(["bad"] + ["good"] * 255)
        await until(lambda: not batcher.is_busy)
        return await batcher.score(["good"] * 256)

    rows, _ = asyncio.run(run())
    assert len(rows) == 256


def test_a_caller_who_is_gone_costs_nothing_more():
    async def run():
        model = Model(is_held=True)
        batcher = Batcher(model, most_waiting=10)
        first = asyncio.ensure_future(batcher.score(["first"]))
        await until(model.entered.is_set)
        gone = asyncio.ensure_future(batcher.score(["gone"] * 10))
        await asyncio.sleep(0.05)
        gone.cancel()
        model.release.set()
        await first
        await until(lambda: not batcher.is_busy)
        await batcher.score(["later"] * 10)  # nothing of the other is counted any more
        return model.batches

    assert asyncio.run(run()) == [["first"], ["later"] * 10]


def test_more_than_may_wait_is_refused_and_told_how_long_it_takes():
    async def run():
        model = Model(is_held=True)
        batcher = Batcher(model, most_waiting=3)
        first = asyncio.ensure_future(batcher.score(["first"]))
        await until(model.entered.is_set)
        waiting = asyncio.ensure_future(batcher.score(["a", "b", "c"]))
        await asyncio.sleep(0.05)
        with pytest.raises(OverloadError, match="3 texts wait already: try again in 1 s") as refusal:
            await batcher.score(["d"])
        model.release.set()
        await asyncio.gather(first, waiting)
        return refusal.value.retry_after

    assert asyncio.run(run()) == 1


def test_a_request_larger_than_what_may_wait_is_taken_where_nothing_waits():
    rows, _ = asyncio.run(Batcher(Model(), most_waiting=3).score(["text"] * 10))

    assert len(rows) == 10


def test_many_event_loops_may_share_one_model():
    batcher, answers = Batcher(Model(), most_waiting=1000), []

    def ask(number):
        answers.append((number, asyncio.run(batcher.score(["x" * number]))[0]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(answers) == [(number, [[float(number)]]) for number in range(1, 20)]


def test_a_forgotten_batcher_leaves_no_thread_behind():
    before = threading.active_count()
    for _ in range(5):
        asyncio.run(Batcher(Model(), most_waiting=3).score(["text"]))
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)

    assert threading.active_count() <= before


def test_two_batches_at_once_put_the_texts_of_one_request_in_their_order():
    """The batch that was taken first ends last."""

    def score(texts):
        time.sleep(0.3 if texts[0] == "0" else 0.01)
        return [[float(text)] for text in texts], MOMENTS

    async def run():
        batcher = Batcher(score, most_waiting=1000, most_batches=2)
        texts = [str(number) for number in range(3 * MOST_TEXTS)]
        both = asyncio.gather(batcher.score(texts), batcher.score(["1000"]))
        rows = await both
        await until(lambda: not batcher.is_busy)
        return rows

    (rows, _), (other, _) = asyncio.run(run())
    assert rows == [[float(number)] for number in range(3 * MOST_TEXTS)]
    assert other == [[1000.0]]


def test_no_more_batches_are_scored_at_once_than_are_wanted():
    running, most = 0, 0
    lock = threading.Lock()

    def score(texts):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return [[0.0] for _ in texts], MOMENTS

    async def run():
        batcher = Batcher(score, most_waiting=1000, most_batches=2)
        for _ in range(3):
            await asyncio.gather(*(batcher.score(["a"] * MOST_TEXTS) for _ in range(4)))

    asyncio.run(run())
    assert most == 2


def test_a_request_whose_batches_fail_apart_is_answered_once():
    def score(texts):
        if "bad" in texts:
            raise ValueError("bad")
        time.sleep(0.1)
        return [[0.0] for _ in texts], MOMENTS

    async def run():
        batcher = Batcher(score, most_waiting=1000, most_batches=2)
        with pytest.raises(ValueError, match="bad"):
            await batcher.score([*["good"] * MOST_TEXTS, "bad", *["good"] * 5 * MOST_TEXTS])
        await until(lambda: not batcher.is_busy)
        return await batcher.score(["good"])

    assert asyncio.run(run()) == ([[0.0]], MOMENTS)


def test_a_loop_that_ended_before_its_answer_came_stops_nobody_else():
    model = Model(is_held=True)
    batcher = Batcher(model, most_waiting=10)

    async def leave():
        waiting = asyncio.ensure_future(batcher.score(["a"]))
        await until(model.entered.is_set)
        waiting.cancel()

    asyncio.run(leave())
    model.release.set()

    assert asyncio.run(batcher.score(["bb"])) == ([[2.0]], MOMENTS)
