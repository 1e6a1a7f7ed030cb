"""The review queue as files: what goes out comes back, and what cannot be used is named."""

import csv
import io
import json

import pytest
from review_fixtures import NOW, queue, queue_url, report  # noqa: F401

from flows import review as room
from sentiment.annotation_files import Judgement, read_csv, read_label_studio, take_in, to_csv, to_label_studio
from sentiment.errors import ReviewError

# ruff: noqa: F811


@pytest.fixture
def judged(queue):
    queue.add([report(0, text='=cmd|"/c calc"!A1 says "hi", 😀\nthere'), report(1)])
    queue.judge(report(0).feedback_id, "ann", "negative", now=NOW)
    return queue


@pytest.mark.parametrize(("write", "read"), [(to_label_studio, read_label_studio), (to_csv, read_csv)])
def test_what_goes_out_comes_back(judged, write, read):
    text = write(judged.items(), judged.judgements())

    assert read(text) == ([Judgement(report(0).feedback_id, "ann", "negative")], [])


def test_label_studio_tasks_hold_the_tweet_and_neither_the_models_nor_the_users_label(judged):
    tasks = json.loads(to_label_studio(judged.items(), []))

    assert {task["data"]["item_id"] for task in tasks} == {report(0).feedback_id, report(1).feedback_id}
    assert all(set(task["data"]) == {"text", "item_id"} and task["annotations"] == [] for task in tasks)


def test_a_spreadsheet_runs_no_tweet(judged):
    rows = list(csv.reader(io.StringIO(to_csv(judged.items(), []))))

    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_an_export_of_label_studio_with_numbers_for_annotators_is_read():
    result = [{"type": "choices", "value": {"choices": ["positive"]}}]
    tasks = [
        {"data": {"item_id": "a"}, "annotations": [{"completed_by": 7, "result": result}, {"completed_by": {"id": 8}, "result": result}]},
        {"data": {"item_id": "b"}, "annotations": [{"was_cancelled": True, "completed_by": 7, "result": []}]},
        {"data": {}, "annotations": []},
        {"data": {"item_id": "c"}, "annotations": [{"completed_by": 7, "result": [{"type": "choices", "value": {"choices": ["great"]}}]}]},
        "nonsense",
    ]
    judgements, problems = read_label_studio(json.dumps(tasks))

    assert judgements == [Judgement("a", "7", "positive"), Judgement("a", "8", "positive")]
    assert [problem.split(":")[0] for problem in problems] == ["task 3", "task 4", "task 5"]


@pytest.mark.parametrize("text", ["{", "{}", '"x"'])
def test_a_file_that_is_no_export_is_a_clear_error(text):
    with pytest.raises(ReviewError, match="Label Studio"):
        read_label_studio(text)


def test_a_bad_line_of_a_table_is_left_out_and_named_and_the_rest_is_kept(judged):
    text = f"item_id,annotator,label\n{report(1).feedback_id},Bob,POSITIVE\n{report(0).feedback_id},Bob,great\nnobody,Bob,neutral\nx,Bob,\n"
    done = take_in(judged, *read_csv(text), now=NOW)

    assert done.kept == 1
    assert [line.split(";")[0].split(":")[0] for line in done.problems] == ["line 3", "no item 'nobody' in the review queue"]


def test_a_table_without_a_column_is_a_clear_error():
    with pytest.raises(ReviewError, match="no column 'annotator'"):
        read_csv("item_id,label\na,neutral\n")


def test_the_command_exports_imports_and_tells_the_status(home, tmp_path, monkeypatch, capsys):
    from sentiment.config import read_settings
    from sentiment.review import ReviewQueue

    home.mkdir()
    with ReviewQueue.from_settings(read_settings()) as queue:
        queue.add([report(0), report(1)])
    out = tmp_path / "queue.csv"
    for arguments in (["export", str(out)], ["status"]):
        monkeypatch.setattr("sys.argv", ["review", *arguments])
        room.main()
    back = tmp_path / "back.csv"
    back.write_text(f"item_id,annotator,label\n{report(0).feedback_id},ann,neutral\n")
    monkeypatch.setattr("sys.argv", ["review", "import", str(back)])
    room.main()

    printed = capsys.readouterr().out
    assert len(out.read_text().splitlines()) == 3
    assert "2 items: 0 settled" in printed
    assert "1 judgements kept, 0 left out" in printed
