"""Azure and the local evaluator agree on the alert: one definition for both, and evaluations like those of an independent reference."""

import dataclasses
import itertools
import json
import random
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pycep import BicepParser

from monitor.database import Database
from monitor.envelopes import Row
from monitor.query import QueryEngine
from monitor.writer import Writer
from sentiment import queries
from sentiment.errors import AlertError
from sentiment.supervision.alert_rule import episodes, read_rule
from sentiment.supervision.alert_watch import Watch

ROOT = Path(__file__).parents[2]
RULE, QUERY, BICEP = (
    "sentiment/supervision/alert_rule.json",
    "sentiment/queries/alert.kql",
    "infra/alert.bicep",
)
AZURE_ONLY = {"enabled", "scopes", "actions"}  # where the rule runs and whom it tells, not what it says

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


# --- One definition: what the Bicep module deploys is what the local evaluator reads ---


@pytest.fixture
def tree(tmp_path):
    """A copy of the three files, to be changed."""
    for name in (RULE, QUERY, BICEP):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def deployed(tree):
    """The properties of the resource that the Bicep module deploys, its references to files resolved."""
    document = BicepParser().parse(text=(tree / BICEP).read_text("utf-8"))
    variables = {name: variable["value"] for name, variable in document["variables"].items()}
    (resource,) = document["resources"].values()
    assert resource["type"] == "Microsoft.Insights/scheduledQueryRules"
    assert resource["config"]["kind"] == "LogAlert"
    properties = resolve(resource["config"]["properties"], variables, (tree / BICEP).parent)
    return {name: value for name, value in properties.items() if name not in AZURE_ONLY}


def resolve(node, variables, folder):
    """Return what a node of the parsed module stands for; parameters keep their names."""
    found = node
    match node:
        case {"function": {"type": "load_json_content", "parameters": {"file_path": file}}}:
            found = json.loads((folder / file).read_text("utf-8"))
        case {"function": {"type": "load_text_content", "parameters": {"file_path": file}}}:
            found = (folder / file).read_text("utf-8")
        case {"function": {"type": "union", "parameters": parts}}:
            found = {
                name: value
                for part in parts.values()
                for name, value in resolve(part, variables, folder).items()
            }
        case {"operator": {"type": "property_accessor", "operands": {"operand_1": whole, "operand_2": path}}}:
            found = walk(resolve(whole, variables, folder), path)
        case {"function": _} | {"operator": _}:
            pytest.fail(f"the test cannot resolve {node}")
        case dict():
            found = {name: resolve(value, variables, folder) for name, value in node.items()}
        case list():
            found = [resolve(value, variables, folder) for value in node]
        case str() if node in variables:
            found = resolve(variables[node], variables, folder)
    return found


def walk(value, path):
    """Follow a path such as `criteria.allOf[0]`, which the parser nests to the right."""
    while isinstance(path, dict):
        operands = path["operator"]["operands"]
        value, path = value[operands["operand_1"]], operands["operand_2"]
    return value[path]


def evaluated(tree):
    """The properties that the local evaluator goes by."""
    rule = read_rule(tree / RULE, tree / QUERY)
    return rule.model_dump(by_alias=True, mode="json", exclude_unset=True)


def test_the_bicep_module_deploys_what_the_local_evaluator_reads(tree):
    assert deployed(tree) == evaluated(tree)
    assert deployed(tree)["criteria"]["allOf"][0]["query"] == queries.read("alert")


MUTATIONS = {
    "displayName": "Other",
    "description": "Other.",
    "severity": 1,
    "evaluationFrequency": "PT5M",
    "windowSize": "PT10M",
    "autoMitigate": False,
    "criteria.timeAggregation": "Total",
    "criteria.operator": "GreaterThan",
    "criteria.threshold": 4,
    "criteria.failingPeriods": {"numberOfEvaluationPeriods": 2, "minFailingPeriodsToAlert": 2},
}


def mutate(tree, name):
    told = json.loads((tree / RULE).read_text("utf-8"))
    place, key = (
        (told["criteria"]["allOf"][0], name.removeprefix("criteria."))
        if name.startswith("criteria.")
        else (told, name)
    )
    assert place[key] != MUTATIONS[name]
    place[key] = MUTATIONS[name]
    if key == "timeAggregation":
        place["metricMeasureColumn"] = "n"
    (tree / RULE).write_text(json.dumps(told), "utf-8")


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_change_of_the_definition_reaches_both_sides(tree, name):
    before = deployed(tree)

    mutate(tree, name)

    assert deployed(tree) != before
    assert deployed(tree) == evaluated(tree)


def test_a_change_of_the_query_reaches_both_sides(tree):
    (tree / QUERY).write_text("AppTraces | where SeverityLevel == 2", "utf-8")

    assert deployed(tree)["criteria"]["allOf"][0]["query"] == "AppTraces | where SeverityLevel == 2"
    assert deployed(tree) == evaluated(tree)


def test_every_property_of_the_definition_is_mutated_above():
    told = json.loads((ROOT / RULE).read_text("utf-8"))

    assert set(MUTATIONS) == {*told, *(f"criteria.{name}" for name in told["criteria"]["allOf"][0])} - {
        "criteria"
    }


@pytest.mark.parametrize("name", [name for name in MUTATIONS if not name.startswith("criteria.")])
def test_a_literal_in_the_bicep_module_would_be_found(tree, name):
    literal = json.loads((ROOT / RULE).read_text("utf-8"))[name]
    text = (
        {True: "true", False: "false"}.get(literal, literal)
        if isinstance(literal, bool | int)
        else f"'{literal}'"
    )
    bicep = (tree / BICEP).read_text("utf-8")
    assert f"{name}: rule.{name}\n" in bicep
    (tree / BICEP).write_text(bicep.replace(f"{name}: rule.{name}\n", f"{name}: {text}\n"), "utf-8")
    assert deployed(tree) == evaluated(tree)

    mutate(tree, name)

    assert deployed(tree) != evaluated(tree)


def test_the_history_query_has_the_window_and_the_frequency_of_the_rule():
    rule = read_rule()

    same = queries.read("alert_history", window=rule.window_size, frequency=rule.evaluation_frequency)
    assert queries.read("alert_history") == same


def test_a_definition_that_only_azure_would_understand_is_refused(tree):
    told = json.loads((tree / RULE).read_text("utf-8"))
    told["muteActionsDuration"] = "PT1H"
    (tree / RULE).write_text(json.dumps(told), "utf-8")

    with pytest.raises(AlertError, match="muteActionsDuration"):
        evaluated(tree)


# --- The same evaluations: the real evaluator on the real monitor against a reference that shares
# no code with them ---


@dataclass(frozen=True)
class Event:
    """One row of AppTraces: when it happened, when it can be seen (seconds after the start), and what is in it."""

    feedback_id: str
    second: float
    late: float = 0.0
    message: str = "Bad prediction"
    is_sent_again: bool = False

    @property
    def arrives(self):
        return self.second + self.late


def reference(events, minutes):
    """What Azure's documentation says of this rule, minute by minute: (value, whether fired, what changed).

    A log alert with `timeAggregation: Count` counts the rows of its query over the last five
    minutes of TimeGenerated. A stateful one stays fired, and does not fire again, until its
    condition was not met for ten minutes.
    """
    told, is_fired, last_met = [], False, 0
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
        told.append((value, is_fired, change))
    return told


class Logs:
    """The monitor's own database, writer and query engine; each story has a day of its own in it."""

    def __init__(self, home):
        database = Database(home / "telemetry.duckdb")
        self._writer = Writer(database, {"TenantId": "parity"})
        self._writer.start()
        self.frame = QueryEngine(database).frame
        self._days = itertools.count()

    def new_day(self):
        return datetime(2024, 3, 1, 12, tzinfo=UTC) + timedelta(days=next(self._days))

    def add(self, day, events):
        rows = []
        for event in events:
            time = day + event.second * SECOND
            properties = {
                "feedback_id": f"{day.date()} {event.feedback_id}",
                "tweet_text": "so bad",
                "predicted_label": "positive",
            }
            if event.is_sent_again:
                properties["received_at"] = (time - timedelta(days=3)).isoformat()
            rows.append(
                Row(
                    "AppTraces",
                    {"TimeGenerated": time, "Message": event.message, "Properties": json.dumps(properties)},
                )
            )
        self._writer.submit(rows).result(30)

    def close(self):
        self._writer.close()


@pytest.fixture(scope="module")
def monitor_logs(tmp_path_factory):
    monitor_logs = Logs(tmp_path_factory.mktemp("monitor"))
    yield monitor_logs
    monitor_logs.close()


def observed(monitor_logs, events, minutes, home):
    """What the real evaluator makes of the same events, minute by minute."""
    watch = Watch(read_rule(), monitor_logs.frame, [], home)
    day, told, waiting = monitor_logs.new_day(), [], list(events)
    for number in range(minutes + 1):
        if seen := [event for event in waiting if event.arrives <= 60 * number]:
            monitor_logs.add(day, seen)
            waiting = [event for event in waiting if event.arrives > 60 * number]
        evaluation = watch.evaluate(day + number * MINUTE)
        assert evaluation.error is None
        assert evaluation.at == day + number * MINUTE
        assert len(evaluation.changes) <= 1
        change = evaluation.changes[0].change if evaluation.changes else None
        told.append((evaluation.value, evaluation.state.fired is not None, change))
    return told


def burst(*seconds, **more):
    """A different bad prediction at each of these seconds."""
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

    told = observed(monitor_logs, events, 31, tmp_path)

    assert [(number, change) for number, (_, _, change) in enumerate(told) if change] == expected
    assert told == reference(events, 31)


def stream(seed):
    """Random feedback around the rule's limits: bursts and lulls, times on borders, late, doubled and foreign rows."""
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
    [(0, 30), (30, 60), *(pytest.param(n, n + 35, marks=pytest.mark.slow) for n in (60, 95, 130, 165))],
)
def test_the_evaluator_and_the_reference_agree_on_random_streams(monitor_logs, tmp_path, first, last):
    for seed in range(first, last):
        events, minutes = stream(seed)

        assert observed(monitor_logs, events, minutes, tmp_path / str(seed)) == reference(events, minutes), (
            f"seed {seed}"
        )


def test_the_random_streams_reach_every_kind_of_evaluation():
    told = [line for seed in range(60) for line in reference(*stream(seed))]
    changes = [change for _, _, change in told]

    assert min(changes.count("fired"), changes.count("resolved")) > 15
    assert {value for value, _, _ in told} >= {0, 1, 2, 3, 4, 5}
    assert sum(value < 3 and is_fired for value, is_fired, _ in told) > 200


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
    found = episodes(history, read_rule(), days[-1] + timedelta(days=1))[::-1]

    assert {
        at.to_pydatetime(): count
        for at, count in zip(history["evaluation"], history["bad_predictions"], strict=True)
    } == counted
    assert history["evaluation"].is_monotonic_increasing
    assert [episode.fired for episode in found] == fired
    assert [episode.resolved for episode in found] == resolved
    assert len(found) > 50


def test_the_history_query_says_nothing_of_evaluations_to_come(monitor_logs):
    now = datetime.now(UTC)
    monitor_logs.add(now, [Event("a", -1)])

    history = monitor_logs.frame(
        queries.read("alert_history"), now - timedelta(hours=1), now + timedelta(hours=1)
    )

    assert len(history) <= 1
    assert (history["evaluation"] <= datetime.now(UTC)).all()
