"""Answers that all viewers share: who asks, how often, and what a failure leaves."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from dashboard_answers import DOWN, NOW, frame, view

from page.answers import Answer, Answers, Question
from page.monitor_tab import Monitor
from page.questions import view_questions
from sentiment.config import read_settings


class StandIn:
    """A reader that notes what it is asked and answers as the test says."""

    def __init__(self, answer):
        self.answer, self.asked, self.at_once, self.most = answer, [], 0, 0
        self.lock = threading.Lock()

    def frame(self, query, period):
        with self.lock:
            self.asked.append((query, period))
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            return self.answer(query)
        finally:
            with self.lock:
                self.at_once -= 1


class Time:
    """A clock that the test moves."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


def shared(answer):
    reader, time = StandIn(answer), Time()
    return reader, time, Answers(lambda: reader, time)


QUESTION = Question("AppTraces | take 1", timedelta(hours=1), timedelta(minutes=1))


def test_ten_viewers_cost_one_set_of_queries_until_five_seconds_are_over():
    release = threading.Event()
    reader, time, asks = shared(lambda query: (release.wait(5), frame("alert"))[1])
    questions = list(view_questions(view()).values())

    with ThreadPoolExecutor(10) as viewers:
        looks = [viewers.submit(asks.ask, questions, 10) for _ in range(10)]
        release.set()
        assert all(answer.frame is not None for look in looks for answer in look.result())
    # Latency is asked with two steps.
    assert Counter(query for query, _ in reader.asked).most_common(1)[0][1] <= 2
    asks.ask(questions, 10)
    assert len(reader.asked) == len(set(questions)) == 13

    time.now += timedelta(seconds=5)
    asks.ask(questions, 10)
    assert len(reader.asked) == 26


def test_queries_run_side_by_side_but_no_more_than_azure_takes():
    barrier = threading.Barrier(5, timeout=5)
    reader, _, asks = shared(lambda query: barrier.wait())

    asks.ask([Question(f"T{number}", timedelta(hours=1)) for number in range(10)], 10)

    assert reader.most == 5


def test_a_question_is_asked_for_whole_steps_up_to_now():
    reader, _, asks = shared(lambda query: frame("alert"))

    asks.ask([QUESTION], 5)

    assert reader.asked == [
        (QUESTION.query, (datetime(2026, 11, 23, 11, 0, tzinfo=UTC), NOW + timedelta(seconds=5)))
    ]


def test_after_a_failure_the_last_good_rows_stay_with_their_time_and_the_reason():
    outcome = [frame("alert", (NOW, "f-1"))]

    def answer(query):
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    _, time, asks = shared(answer)
    [first] = asks.ask([QUESTION], 5)
    outcome[0], time.now = DOWN, NOW + timedelta(seconds=30)
    [second] = asks.ask([QUESTION], 5)

    assert (len(second.frame), second.at, second.error) == (1, first.at, DOWN)
    outcome[0], time.now = frame("alert"), NOW + timedelta(seconds=60)
    [third] = asks.ask([QUESTION], 5)
    assert (len(third.frame), third.error) == (0, None)


def test_an_answer_that_is_late_is_not_asked_for_twice():
    release = threading.Event()
    reader, time, asks = shared(lambda query: (release.wait(5), frame("alert"))[1])

    assert asks.ask([QUESTION], 0.01) == [Answer()]
    time.now += timedelta(seconds=30)
    assert asks.ask([QUESTION], 0.01) == [Answer()]
    release.set()
    [answer] = asks.ask([QUESTION], 5)

    assert (answer.at, answer.is_waiting, len(reader.asked)) == (NOW + timedelta(seconds=5), False, 1)


def test_settings_that_cannot_be_used_are_an_answer_and_not_a_crash(monkeypatch, home):
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", "http://logs.example.org")
    monitor = Monitor.from_settings(read_settings())

    [answer] = monitor.answers.ask([QUESTION], 5)

    assert "http://logs.example.org" in str(answer.error)
