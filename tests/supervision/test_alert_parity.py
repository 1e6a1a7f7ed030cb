"""The local evaluator against a reference of Azure's semantics that shares no code with it."""

import dataclasses
import random
from datetime import UTC, datetime, timedelta

import pytest
from alert_logs_fixtures import Event

from sentiment import queries
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_state import episodes
from sentiment.supervision.alert_watch import Watch

MINUTE = timedelta(minutes=1)


def reference(events, minutes):
    """The rule by Azure's documentation, minute by minute: (value, whether fired, change).

    A log alert with `timeAggregation: Count` counts the rows of its query over the last five
    minutes of TimeGenerated. A stateful one stays fired, and does not fire again, until its
    condition was not met for ten minutes.
    """
    evaluations, is_fired, last_met = [], False, 0
    for now in range(0, 60 * minutes + 1, 60):
        seen = [event for event in events if event.arrives <= now and now - 300 < event.second <= now]
        value = len(
            {
                event.feedback_id
                for event in seen
                if event.message == "Bad prediction" and not event.is_sent_again
            }
        )
        change = None
        if value >= 3:
            change = None if is_fired else "fired"
            is_fired, last_met = True, now
        elif is_fired and now - last_met >= 600:
            is_fired, change = False, "resolved"
        evaluations.append((value, is_fired, change))
    return evaluations


def observed(monitor_logs, events, minutes, home):
    """The evaluations of the real evaluator for the same events, minute by minute."""
    watch = Watch(read_rule(), monitor_logs.frame, [], home)
    day, evaluations, waiting = monitor_logs.new_day(), [], list(events)
    for number in range(minutes + 1):
        if seen := [event for event in waiting if event.arrives <= 60 * number]:
            monitor_logs.add(day, seen)
            waiting = [event for event in waiting if event.arrives > 60 * number]
        evaluation = watch.evaluate(day + number * MINUTE)
        assert evaluation.error is None
        assert evaluation.at == day + number * MINUTE
        assert len(evaluation.changes) <= 1
        change = evaluation.changes[0].change if evaluation.changes else None
        evaluations.append((evaluation.value, evaluation.state.fired is not None, change))
    return evaluations


def burst(*seconds, **more):
    """A bad prediction of its own at each of these seconds."""
    return [Event(f"id-{second}", second, **more) for second in seconds]


SCENARIOS = {
    "two": (burst(10, 20), []),
    "three": (burst(10, 20, 30), [(1, "fired"), (15, "resolved")]),
    "three in exactly five minutes": (burst(60, 120, 360), []),
    "three in a microsecond less than five minutes": (
        burst(60.000001, 120, 360),
        [(6, "fired"), (16, "resolved")],
    ),
    "the third on the full minute": (burst(10, 20, 60), [(1, "fired"), (15, "resolved")]),
    "late, but within the window": (
        [*burst(10, 20), Event("c", 30, late=200)],
        [(4, "fired"), (15, "resolved")],
    ),
    "later than the window": ([*burst(10, 20), Event("c", 30, late=300)], []),
    "all later than the window": (burst(10, 20, 30, late=600), []),
    "two bursts within the resolve time": (
        burst(10, 20, 30, 850, 851, 852),
        [(1, "fired"), (29, "resolved")],
    ),
    "two bursts beyond the resolve time": (
        burst(10, 20, 30, 910, 911, 912),
        [(1, "fired"), (15, "resolved"), (16, "fired"), (30, "resolved")],
    ),
    "the same feedback three times": ([Event("a", second) for second in (10, 20, 30)], []),
    "the same feedback among three": (
        [Event("a", 10), Event("a", 11), Event("b", 20), Event("b", 20, late=60), Event("c", 30)],
        [(1, "fired"), (15, "resolved")],
    ),
    "sent again long afterwards": (burst(10, 20, 30, 40, is_sent_again=True), []),
    "good predictions": (burst(10, 20, 30, 40, message="Good prediction"), []),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_evaluator_and_the_reference_agree_on(monitor_logs, tmp_path, name):
    events, expected = SCENARIOS[name]

    evaluations = observed(monitor_logs, events, 31, tmp_path)

    assert [(number, change) for number, (_, _, change) in enumerate(evaluations) if change] == expected
    assert evaluations == reference(events, 31)


def stream(seed):
    """Random feedback near the rule's limits: bursts, lulls, borders, late and doubled rows."""
    draw = random.Random(seed)
    events, second = [], 0.0
    for number in range(draw.randint(3, 9)):
        second += draw.choice([0, 1, 7.5, 59.999999, 60, 61, 100, 149, 150, 299.999999, 300, 301, 700])
        events.append(
            Event(f"id-{number}", second, late=draw.choice([0, 0, 0, 0, 1, 59, 60, 120, 299, 300, 301]))
        )
        if draw.random() < 0.2:
            twin = draw.choice(events).feedback_id
            events.append(Event(twin, second + draw.choice([0, 0, 30, 290, 310]), late=draw.choice([0, 90])))
        if draw.random() < 0.2:
            foreign = {"message": "Good prediction"} if draw.random() < 0.5 else {"is_sent_again": True}
            events.append(Event(f"other-{number}", second, **foreign))
    return events, min(round(second / 60) + 12, 28)


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 15), (15, 30), *(pytest.param(n, n + 30, marks=pytest.mark.slow) for n in (30, 60, 90))],
)
def test_the_evaluator_and_the_reference_agree_on_random_streams(monitor_logs, tmp_path, first, last):
    for seed in range(first, last):
        events, minutes = stream(seed)

        assert observed(monitor_logs, events, minutes, tmp_path / str(seed)) == reference(events, minutes), (
            f"seed {seed}"
        )


def test_the_random_streams_reach_every_kind_of_evaluation():
    evaluations = [line for seed in range(60) for line in reference(*stream(seed))]
    changes = [change for _, _, change in evaluations]

    assert min(changes.count("fired"), changes.count("resolved")) > 15
    assert {value for value, _, _ in evaluations} >= {0, 1, 2, 3, 4, 5}
    assert sum(value < 3 and is_fired for value, is_fired, _ in evaluations) > 200


def test_the_history_query_says_what_the_rule_counted_at_each_minute(monitor_logs):
    counted, fired, resolved = {}, [], []
    days = [monitor_logs.new_day() for _ in range(200)]
    for seed, day in enumerate(days):
        events, _ = stream(seed)
        monitor_logs.add(day, events)
        on_time = [dataclasses.replace(event, late=0) for event in events]
        for number, (value, _, change) in enumerate(reference(on_time, 120)):
            at = day + number * MINUTE
            counted |= {at: value} if value else {}
            fired += [at] if change == "fired" else []
            resolved += [at] if change == "resolved" else []

    history = monitor_logs.frame(
        queries.read("alert_history"), days[0] - MINUTE, days[-1] + timedelta(days=1)
    )
    alerts = episodes(history, read_rule(), days[-1] + timedelta(days=1))[::-1]

    assert {
        at.to_pydatetime(): count
        for at, count in zip(history["evaluation"], history["bad_predictions"], strict=True)
    } == counted
    assert history["evaluation"].is_monotonic_increasing
    assert [episode.fired for episode in alerts] == fired
    assert [episode.resolved for episode in alerts] == resolved
    assert len(alerts) > 50


def test_the_history_query_says_nothing_of_evaluations_to_come(monitor_logs):
    now = datetime.now(UTC)
    monitor_logs.add(now, [Event("a", -1)])

    history = monitor_logs.frame(
        queries.read("alert_history"), now - timedelta(hours=1), now + timedelta(hours=1)
    )

    assert len(history) <= 1
    assert (history["evaluation"] <= datetime.now(UTC)).all()
