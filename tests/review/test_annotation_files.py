"""Export and import of the queue: what was exported is imported as it was, faults are named."""

import csv
import io
import json
import tempfile
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from review_fixtures import NOW, report

from flows import review as room
from sentiment.errors import ReviewError
from sentiment.review.annotation_files import (
    LABEL_STUDIO_CONFIG,
    Judgement,
    name_annotators,
    read_label_studio,
    take_in,
    to_csv,
    to_label_studio,
)
from sentiment.review.judged_files import read_table
from sentiment.review.queue import ReviewQueue


def read_csv(text):
    """Read the text of a table as the file that it would be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.csv"
        path.write_text(text, "utf-8", newline="")
        return read_table(path)


BOTH = pytest.mark.parametrize(("write", "read"), [(to_label_studio, read_label_studio), (to_csv, read_csv)])
ITEM = report(0).feedback_id


@pytest.fixture
def judged(queue):
    queue.add([report(0, text='=cmd|"/c calc"!A1 says "hi", 😀\nthere'), report(1)])
    queue.judge(report(0).feedback_id, "ann", "negative", now=NOW)
    return queue


@BOTH
def test_what_goes_out_comes_back(judged, write, read):
    text = write(judged.items(), judged.judgements())

    assert read(text) == ([Judgement(ITEM, "ann", "negative", NOW)], [])


@pytest.mark.parametrize("name", ["@ann", "'@ann", "'ann", "=ann", "-", "ann"])
def test_a_name_that_a_spreadsheet_would_run_comes_back_as_it_was(queue, name):
    queue.add([report(0)])
    queue.judge(ITEM, name, "negative", now=NOW)
    text = to_csv(queue.items(), queue.judgements())
    done = take_in(queue, *read_csv(text), now=NOW)

    assert (done.kept, done.known, done.problems) == (0, 1, ())
    assert [row["annotator"] for row in queue.judgements()] == [name]


@BOTH
def test_an_old_file_changes_nothing_that_was_done_since(judged, write, read):
    old = write(judged.items(), judged.judgements())
    later = NOW + timedelta(hours=1)
    judged.judge(ITEM, "ann", "positive", now=later)
    stale = take_in(judged, *read(old), now=NOW + timedelta(days=1))
    same = take_in(judged, *read(write(judged.items(), judged.judgements())), now=NOW + timedelta(days=1))
    rows = judged.judgements()
    judged.undo("ann", now=later)
    taken_back = take_in(judged, *read(old), now=NOW + timedelta(days=1))

    assert (stale.kept, same.kept, same.known, taken_back.kept) == (0, 0, 1, 0)
    assert all(
        "what ann did here on 2026-11-24T10:00 is no older" in one.problems[0] for one in (stale, taken_back)
    )
    assert [(row["label"], row["judged_at"][:13]) for row in rows] == [("positive", "2026-11-24T10")]
    assert judged.judgements() == []


@BOTH
def test_a_newer_word_in_a_file_counts_from_when_it_was_said(judged, queue_url, tmp_path, write, read):
    with ReviewQueue(f"sqlite:///{tmp_path / 'other.db'}", overlap=0) as elsewhere:
        elsewhere.add([report(0)])
        elsewhere.judge(ITEM, "ann", "positive", now=NOW + timedelta(hours=2))
        text = write(elsewhere.items(), elsewhere.judgements())
    done = take_in(judged, *read(text), now=NOW + timedelta(days=1))

    assert done.kept == 1
    assert [(row["label"], row["judged_at"][:13]) for row in judged.judgements()] == [
        ("positive", "2026-11-24T11")
    ]


def test_a_moment_to_come_counts_as_now(queue):
    queue.add([report(0)])
    take_in(queue, [Judgement(ITEM, "ann", "positive", NOW + timedelta(days=999))], now=NOW)

    assert [row["judged_at"][:16] for row in queue.judgements()] == ["2026-11-24T09:00"]


def test_label_studio_tasks_hold_the_tweet_and_neither_the_models_nor_the_users_label(judged):
    tasks = json.loads(to_label_studio(judged.items(), []))

    assert {task["data"]["item_id"] for task in tasks} == {report(0).feedback_id, report(1).feedback_id}
    assert all(set(task["data"]) == {"text", "item_id"} and task["annotations"] == [] for task in tasks)


def test_a_spreadsheet_runs_no_tweet(judged):
    rows = list(csv.reader(io.StringIO(to_csv(judged.items(), []))))

    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def exported(*annotators, label="positive", **more):
    """A file as Label Studio exports it: a task for each of these annotators."""
    result = [{"type": "choices", "value": {"choices": [label]}}]
    return [
        {"data": {"item_id": ITEM}, "annotations": [{"completed_by": annotator, "result": result, **more}]}
        for annotator in annotators
    ]


def test_what_is_no_judgement_in_an_export_of_label_studio_is_left_out_and_named():
    tasks = [
        *exported(
            "ann",
            {"id": 8, "email": "bob@x.org"},
            created_at="2026-11-24T08:00:00Z",
            updated_at="2026-11-24T09:00:00Z",
        ),
        *exported(7, was_cancelled=True),
        {"data": {}, "annotations": []},
        *exported("ann", label="great"),
        *exported("ann", created_at="yesterday"),
        "nonsense",
    ]
    judgements, problems = read_label_studio(json.dumps(tasks))

    assert judgements == [
        Judgement(ITEM, "ann", "positive", NOW),
        Judgement(ITEM, "bob@x.org", "positive", NOW),
    ]
    assert [problem.split(":")[0] for problem in problems] == ["task 4", "task 5", "task 6", "task 7"]


def test_a_bad_annotation_costs_its_task_no_other():
    task = exported(1)[0]
    task["annotations"] += [
        {"completed_by": 2, "result": []},
        None,
        {"result": task["annotations"][0]["result"]},
    ]
    judgements, problems = read_label_studio(json.dumps([task]))

    assert judgements == [Judgement(ITEM, "1", "positive")]
    assert [problem.split(": no")[0] for problem in problems] == [
        f"task 1: annotation {number}" for number in (2, 3, 4)
    ]


def test_json_min_is_read_as_well_and_what_it_lacks_is_named():
    moment = {"created_at": "2026-11-24T08:00:00Z", "updated_at": "2026-11-24T09:00:00Z"}
    tasks = [
        {"item_id": ITEM, "text": "x", "sentiment": "positive", "annotator": 1, **moment},
        {"item_id": ITEM, "sentiment": {"choices": ["neutral", "positive"]}, "annotator": 2},
        {"item_id": ITEM, "sentiment": "neutral"},
        {"item_id": ITEM, "annotator": 2},
    ]
    judgements, problems = read_label_studio(json.dumps(tasks))

    assert judgements == [Judgement(ITEM, "1", "positive", NOW)]
    assert [problem.split(":")[0] for problem in problems] == ["task 2", "task 3", "task 4"]


def test_a_number_of_label_studio_is_nobody_until_it_has_a_name():
    one, two = (
        read_label_studio(json.dumps(exported(*who)))[0] for who in ((1, {"id": 1}), (1, 7, "cora@x.org"))
    )

    with pytest.raises(
        ReviewError, match=r"calls its annotators 1: say who they are, '.* import FILE --annotator 1=NAME'"
    ):
        name_annotators(one, {})
    with pytest.raises(ReviewError, match="calls its annotators 1, 7"):
        name_annotators(two, {"": "ann"})
    assert {judgement.annotator for judgement in name_annotators(one, {"": "ann"})} == {"ann"}
    assert [judgement.annotator for judgement in name_annotators(two, {"1": "ann", "7": "bob"})] == [
        "ann",
        "bob",
        "cora@x.org",
    ]


def test_nobody_becomes_a_second_annotator_by_way_of_label_studio(queue_url):
    with ReviewQueue(queue_url, overlap=1) as queue:
        queue.add([report(0)])
        queue.judge(ITEM, "ann", "negative", now=NOW)
        judgements, _ = read_label_studio(json.dumps(exported(1, label="negative")))
        done = take_in(queue, name_annotators(judgements, {"": "Ann"}), now=NOW)

        assert (done.kept, done.known) == (0, 1)
        assert queue.settled() == []


@pytest.mark.parametrize("text", ["{", "{}", '"x"', "[" * 100_000])
def test_a_file_that_is_no_export_is_a_clear_error(text):
    with pytest.raises(ReviewError, match="Label Studio"):
        read_label_studio(text)


@pytest.fixture
def command(home, monkeypatch):
    """A function that runs `flows.review` with arguments."""
    from sentiment.config import read_settings

    home.mkdir()
    with ReviewQueue(read_settings().review_address, overlap=0) as queue:
        queue.add([report(0), report(1), report(2)])
        queue.judge(report(1).feedback_id, "bob", "positive", now=NOW)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["review", *map(str, arguments)])
        room.main()

    return run


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_the_command_exports_what_waits_and_nobodys_judgement_unless_asked(command, tmp_path, kind):
    blind, whole = tmp_path / f"blind.{kind}", tmp_path / f"whole.{kind}"
    command("export", blind)
    command("export", whole, "--judgements")

    assert report(1).feedback_id not in blind.read_text()
    assert "bob" not in blind.read_text()
    assert blind.read_text().count(ITEM) == 1
    assert "bob" in whole.read_text()
    assert all(report(number).feedback_id in whole.read_text() for number in range(3))


def test_a_task_of_the_overlap_goes_out_without_the_first_annotators_label(queue_url):
    with ReviewQueue(queue_url, overlap=1) as queue:
        queue.add([report(0)])
        queue.judge(ITEM, "ann", "negative", now=NOW)
        tasks = json.loads(to_label_studio(queue.items(waiting=True)))

    assert [(task["data"]["item_id"], task["annotations"]) for task in tasks] == [(ITEM, [])]


def test_the_command_imports_a_file_and_tells_the_status(command, tmp_path, capsys):
    table, tasks = tmp_path / "back.csv", tmp_path / "back.json"
    table.write_text(f"item_id,annotator,label\n{ITEM},,neutral\n")
    tasks.write_text(json.dumps(exported(3, label="neutral")))
    command("import", table, "--annotator", "ann")
    command("import", tasks, "--annotator", "3=Ann")
    with pytest.raises(ReviewError, match="--annotator 3=NAME"):
        command("import", tasks)
    command("status")

    printed = capsys.readouterr().out
    assert (
        "1 judgements kept, 0 known already, 0 left out\n0 judgements kept, 1 known already, 0 left out"
        in printed
    )
    assert "3 items: 2 settled" in printed


def test_a_file_without_any_judgement_that_can_be_used_is_an_error_of_the_command(command, tmp_path, capsys):
    (tmp_path / "back.json").write_text(json.dumps([{"id": 1, "text": "x"}]))
    with pytest.raises(ReviewError, match=r"no judgement in back\.json can be used"):
        command("import", tmp_path / "back.json")
    assert "left out: task 1: no item_id" in capsys.readouterr().err


def test_the_command_prints_label_studios_configuration(command, capsys):
    command("config")

    assert capsys.readouterr().out == LABEL_STUDIO_CONFIG + "\n"
    choices = ElementTree.fromstring(LABEL_STUDIO_CONFIG).iter("Choice")
    assert [choice.get("value") for choice in choices] == ["negative", "neutral", "positive", "unclear"]
