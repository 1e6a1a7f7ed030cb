"""The alert rule by share: what it measures, when it fires, and how often it does so by chance."""

from datetime import timedelta

from alert_fixtures import Inbox
from alert_logs_fixtures import Event
from scipy.stats import binom

from sentiment.supervision.alert_rule import read_rules, read_share_rule
from sentiment.supervision.alert_watch import Watch

LEAST, USUAL = 100, 0.3
HALF_HOUR = timedelta(minutes=30)


def feedback(bad, good, **more):
    """So many bad and good predictions, one a second from the tenth on."""
    messages = ["Bad prediction"] * bad + ["Good prediction"] * good
    return [
        Event(f"id-{number}", 10 + number, message=message, **more) for number, message in enumerate(messages)
    ]


def measured(logs, home, events):
    """What the rule measures at the end of a half hour with these rows, and whom it tells."""
    day, told = logs.new_day(), Inbox()
    logs.add(day, events)
    evaluation = Watch(read_share_rule(), logs.frame, [told], home).evaluate(day + HALF_HOUR)
    assert evaluation.error is None
    return evaluation.value, [change for change, _ in told.got]


def test_half_of_a_hundred_fires_and_less_does_not(monitor_logs, tmp_path):
    assert measured(monitor_logs, tmp_path / "half", feedback(50, 50)) == (0.5, ["fired"])
    assert measured(monitor_logs, tmp_path / "less", feedback(49, 51)) == (0.49, [])


def test_fewer_than_a_hundred_answers_say_nothing(monitor_logs, tmp_path):
    assert measured(monitor_logs, tmp_path / "few", feedback(99, 0)) == (None, [])


def test_the_same_feedback_counts_once_and_what_was_sent_again_not_at_all(monitor_logs, tmp_path):
    twice = [*feedback(50, 60), *feedback(50, 0)]
    late = [Event(f"late-{number}", 20, is_sent_again=True) for number in range(200)]

    value, changes = measured(monitor_logs, tmp_path, [*twice, *late])

    assert (round(value, 4), changes) == (round(50 / 110, 4), [])


def test_the_message_gives_shares_as_percentages(monitor_logs, tmp_path):
    day, told = monitor_logs.new_day(), Inbox()
    monitor_logs.add(day, feedback(62, 58))

    Watch(read_share_rule(), monitor_logs.frame, [told], tmp_path).evaluate(day + HALF_HOUR)

    [notice] = told.notices
    assert notice.text.startswith("Share of bad predictions: 51.7% in 6 hours (limit: 50.0% or more), since ")


def test_at_the_usual_share_fewer_than_1_of_100_weeks_have_an_alert():
    """However much feedback there is: the chances of all evaluations of a week add up to less."""
    rule = read_share_rule()
    evaluations = timedelta(weeks=1) / rule.evaluation_frequency
    chances = (
        binom.sf(-(-answers * rule.criterion.threshold // 1) - 1, answers, USUAL)
        for answers in range(LEAST, 3000)
    )

    assert "where answered >= least" in rule.criterion.query
    assert f"let least = {LEAST};" in rule.criterion.query
    assert evaluations * max(chances) < 0.01
    assert "call 30% wrong, this happens by chance in fewer than 1 of 100 weeks" in rule.description


def test_both_rules_have_states_of_their_own():
    assert [rule.name for rule in read_rules()] == ["bad-predictions", "share-of-bad-predictions"]
