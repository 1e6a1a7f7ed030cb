"""Adding reports to the queue on a real SQLite file: samples, complaints, copies, floods."""

import multiprocessing
import threading
import time
from datetime import timedelta

import pytest
from review_fixtures import NOW, report

from sentiment.data.duplicate_files import DuplicateFiles
from sentiment.review import adding
from sentiment.review.items import FLOOD
from sentiment.review.queue import ReviewQueue


def sample(number, **changes):
    """A sampled prediction that nobody complained of."""
    return report(number, **{"origin": "random", "feedback_label": None, "source": None, **changes})


def test_a_report_becomes_one_item_however_often_it_comes(queue):
    first = queue.add([report(0), report(1)])
    second = queue.add([report(1), report(0)])

    assert (first.new, second.new, second.known) == (2, 0, 2)
    assert len(queue.items()) == 2


def test_a_complaint_about_a_sampled_prediction_takes_its_place(queue):
    queue.add([sample(0)])
    before = queue.items()[0].priority
    added = queue.add([report(0, feedback_label="positive", source="s"), sample(0)])
    queue.judge(report(0).feedback_id, "ann", "positive", now=NOW)

    (first,) = queue.items()
    assert (added.new, added.collapsed, added.known) == (0, 1, 1)
    assert (first.item_id, first.origin, first.feedback_label, first.copies) == (
        report(0).feedback_id,
        "feedback",
        "positive",
        1,
    )
    assert first.priority == pytest.approx(before + 1)
    assert queue.settled()[0].sources == ("s",)


def test_a_complaint_that_says_what_a_sample_says_raises_it(queue):
    queue.add([sample(0, score=0.95)])
    before = queue.items()[0].priority
    queue.add([report(0, feedback_id="other", feedback_label="positive", score=0.95, source="s")])

    item = queue.items()[0]
    assert (item.origin, item.feedback_label, item.copies) == ("feedback", "positive", 2)
    assert item.priority == pytest.approx(before + 1)


def test_a_second_complaint_about_one_prediction_changes_nothing(queue):
    queue.add([report(0, source="first")])
    added = queue.add([report(0, feedback_label="positive", source="second")])
    queue.judge(report(0).feedback_id, "ann", "negative", now=NOW)

    assert added.known == 1
    assert queue.items()[0].feedback_label == "negative"
    assert queue.settled()[0].sources == ("first",)


def test_feedback_without_a_source_has_one_and_the_same_and_samples_have_none(queue):
    queue.add([report(0, source=None), sample(1)])
    for number in (0, 1):
        queue.judge(report(number).feedback_id, "ann", "negative", now=NOW)

    assert {one.item.item_id: one.sources for one in queue.settled()} == {
        report(0).feedback_id: ("unknown",),
        report(1).feedback_id: (),
    }


def test_near_identical_copies_collapse_and_contradictions_and_floods_are_shown(queue):
    copies = [
        report(0, feedback_id=f"copy{n}", text=f"{report(0).text} {'!' * n}", source="s")
        for n in range(FLOOD + 2)
    ]
    contradiction = report(
        0, feedback_id="other", feedback_label="positive", text=f"RT @ann: {report(0).text}"
    )
    queue.add([report(0), *copies, contradiction, report(1)])

    item = next(item for item in queue.items() if item.item_id == report(0).feedback_id)
    assert item.copies == FLOOD + 4
    assert item.notes == ("copies", "contradictory", "flood")
    assert len(queue.items()) == 2


@pytest.mark.parametrize("source", ["bot", None])
def test_a_flood_comes_after_everybody_else_and_leaves_what_its_source_sent_before_alone(queue, source):
    earlier = report(0, source=source, received_at=NOW - timedelta(days=1))
    flood = [
        report(100 + n, source=source, score=0.4, received_at=NOW + timedelta(seconds=n)) for n in range(60)
    ]
    queue.add([earlier])
    queue.add(flood[:30])
    queue.add([*flood[30:], *(report(n, feedback_label=None, score=0.9) for n in range(1, 6))])

    items = queue.items()
    assert len(items) == 66
    assert [("flood" in item.notes) for item in items] == [False] * (FLOOD + 6) + [True] * 40
    assert earlier.feedback_id in {item.item_id for item in items[: FLOOD + 6]}


def test_an_honest_complaint_raises_what_a_flood_had_sent_first(queue):
    queue.add([report(100 + n, source="bot", received_at=NOW) for n in range(FLOOD + 1)])
    drowned = queue.items()[-1]
    queue.add([report(100 + FLOOD, feedback_id="honest", source="ann", text=drowned.text)])

    assert "flood" in drowned.notes
    assert queue.items()[-1].item_id != drowned.item_id


def test_the_watermark_moves_with_the_items_or_not_at_all(queue):
    with pytest.raises(AttributeError):
        queue.add([report(0), None], watermarks={"logs": NOW})

    assert queue.items() == []
    assert queue.watermark("logs") is None
    queue.add([report(0)], watermarks={"logs": NOW})
    assert queue.watermark("logs") == NOW
    queue.add([], watermarks={"logs": NOW + timedelta(days=1)})
    assert queue.watermark("logs") == NOW + timedelta(days=1)


def test_what_is_cut_off_between_batches_is_made_up_for_the_next_time(queue, monkeypatch):
    monkeypatch.setattr(adding, "BATCH", 4)
    reports = [report(number) for number in range(10)]
    with pytest.raises(TypeError):
        queue.add([*reports[:6], report(6, received_at=None)], watermarks={"logs": NOW})
    kept = len(queue.items())
    added = queue.add(reports, watermarks={"logs": NOW})

    assert (kept, added.known, added.new) == (4, 4, 6)
    assert len(queue.items()) == 10
    assert queue.watermark("logs") == NOW


def test_copies_collapse_across_batches_as_within_one(tmp_path, monkeypatch):
    reports = [report(n % 7, feedback_id=f"id{n}", text=f"{report(n % 7).text} {'!' * n}") for n in range(40)]
    results = []
    for size in (3, 500):
        monkeypatch.setattr(adding, "BATCH", size)
        with ReviewQueue(f"sqlite:///{tmp_path / str(size)}.db", overlap=0) as queue:
            queue.add(reports)
            results.append([(item.item_id, item.copies, item.priority) for item in queue.items()])

    assert results[0] == results[1]
    assert [copies for _, copies, _ in results[0]].count(6) == 5


def test_an_annotator_goes_on_while_much_comes_in_and_readers_wait_for_nobody(queue_url, monkeypatch):
    """The long search for copies holds no lock: an annotator's click is served meanwhile."""
    searching, go_on = threading.Event(), threading.Event()

    def search(index, forms, form_of, find=DuplicateFiles.find):
        if any("word99x0" in form for form in forms):
            searching.set()
            assert go_on.wait(30)
        return find(index, forms, form_of)

    with ReviewQueue(queue_url, overlap=0) as queue:
        queue.add([report(0)])
        monkeypatch.setattr(DuplicateFiles, "find", search)
        thread = threading.Thread(target=queue.add, args=([report(number) for number in range(90, 110)],))
        thread.start()
        assert searching.wait(30)
        began = time.monotonic()
        item = queue.next_item("ann", now=NOW)
        queue.judge(item.item_id, "ann", "neutral", now=NOW)
        took = time.monotonic() - began
        go_on.set()
        thread.join(30)

        assert took < 10  # it would have waited for thirty seconds, and failed
        assert len(queue.items()) == 21


def test_who_reads_waits_for_no_writer(queue_url):
    with ReviewQueue(queue_url, overlap=0) as queue, ReviewQueue(queue_url) as other:
        queue.add([report(0)])
        with other._database.transaction():
            began = time.monotonic()
            answers = (
                queue.items(),
                queue.progress(),
                queue.watermark("logs"),
                queue.disagreements(),
                queue.settled(),
            )
        assert time.monotonic() - began < 10
        assert len(answers[0]) == 1


def collect(url, numbers):
    adding.BATCH = 5
    with ReviewQueue(url, overlap=0) as queue:
        queue.add([report(number, feedback_id=f"{numbers.start}-{number}") for number in numbers])
        queue.add([report(number) for number in numbers], watermarks={"logs": NOW})


def test_two_collectors_at_once_make_one_item_of_each_tweet(queue_url):
    with ReviewQueue(queue_url, overlap=0) as queue:
        queue.add([report(0)])
        context = multiprocessing.get_context("spawn")
        workers = [
            context.Process(target=collect, args=(queue_url, numbers))
            for numbers in (range(100, 160), range(120, 180))
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)

        assert [worker.exitcode for worker in workers] == [0, 0]
        items = queue.items()
        assert len(items) == 81
        assert sum(item.copies for item in items) == 1 + 2 * 60 + 80
        assert queue.watermark("logs") == NOW
