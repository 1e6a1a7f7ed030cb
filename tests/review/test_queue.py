"""The review queue on a real SQLite file: no judgement twice, lost or overwritten."""

import multiprocessing
import subprocess
import sys
import unicodedata
from datetime import timedelta

import pytest
from review_fixtures import NOW, report
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex

from sentiment.errors import ReviewError
from sentiment.review.assignment import LEASE
from sentiment.review.items import ItemClosedError
from sentiment.review.queue import ReviewQueue
from sentiment.review.tables import JUDGEMENTS


def test_the_most_informative_item_comes_first(queue):
    queue.add(
        [
            report(0, origin="random", feedback_label=None, score=0.99),
            report(1, feedback_label="negative", score=0.4),
            report(2, feedback_label=None, score=0.9),
        ]
    )

    order = []
    while item := queue.next_item("ann", now=NOW):
        order.append(item.item_id)
        queue.judge(item.item_id, "ann", "neutral", now=NOW)
    assert order == [report(number).feedback_id for number in (1, 2, 0)]


def test_an_item_that_one_annotator_holds_is_not_given_to_another_until_the_lease_ends(queue):
    queue.add([report(0)])
    held = queue.next_item("ann", now=NOW)

    assert queue.next_item("bob", now=NOW) is None
    assert queue.next_item("ann", now=NOW).item_id == held.item_id
    assert queue.next_item("bob", now=NOW + LEASE + timedelta(seconds=1)).item_id == held.item_id


def test_a_skipped_item_comes_again_after_the_others(queue):
    queue.add([report(0), report(1)])
    first = queue.next_item("ann", now=NOW)
    queue.skip(first.item_id, "ann", now=NOW)
    second = queue.next_item("ann", now=NOW)
    queue.judge(second.item_id, "ann", "neutral", now=NOW)

    assert first.item_id != second.item_id
    assert queue.next_item("ann", now=NOW).item_id == first.item_id


def test_undo_takes_back_the_last_judgement_only(queue):
    queue.add([report(0), report(1)])
    for label in ("negative", "positive"):
        last = queue.next_item("ann", now=NOW)
        queue.judge(last.item_id, "ann", label, now=NOW)

    assert queue.undo("ANN ", now=NOW).item_id == last.item_id
    assert [row["label"] for row in queue.judgements()] == ["negative"]
    assert queue.undo("bob", now=NOW) is None


def test_a_second_judgement_replaces_the_first_of_the_same_annotator(queue):
    queue.add([report(0)])
    item = report(0).feedback_id
    queue.judge(item, "Ann", "negative", now=NOW)
    queue.judge(item, "ann", "positive", now=NOW)
    queue.judge(item, "bob", "neutral", now=NOW)

    assert [(row["annotator"], row["label"]) for row in queue.judgements()] == [
        ("ann", "positive"),
        ("bob", "neutral"),
    ]


def test_items_of_the_overlap_need_two_who_agree_or_a_person_who_decides(queue_url):
    with ReviewQueue(queue_url, overlap=1) as queue:
        queue.add([report(0), report(1)])
        same, other = (report(number).feedback_id for number in (0, 1))
        for who, label in (("ann", "negative"), ("bob", "positive")):
            queue.judge(same, who, "neutral", now=NOW)
            queue.judge(other, who, label, now=NOW)

        assert [(one.item.item_id, one.label, one.annotators) for one in queue.settled()] == [
            (same, "neutral", ("ann", "bob"))
        ]
        assert [(item.item_id, labels) for item, labels in queue.disagreements()] == [
            (other, {"ann": "negative", "bob": "positive"})
        ]
        queue.adjudicate(other, "Cora", "unclear", now=NOW)
        assert queue.disagreements() == []
        progress = queue.progress("ann")
        assert (progress.settled, progress.unclear, progress.waiting, progress.mine) == (2, 1, 0, 2)


@pytest.fixture
def disputed(queue_url):
    """A queue with an item that ann and bob disagree on, and another that nobody judged."""
    with ReviewQueue(queue_url, overlap=1) as queue:
        queue.add([report(0), report(1)])
        for who, label in (("ann", "negative"), ("bob", "positive")):
            queue.judge(report(0).feedback_id, who, label, now=NOW)
        yield queue


def test_what_one_person_settled_another_does_not_overwrite(disputed):
    item = report(0).feedback_id
    disputed.adjudicate(item, "cora", "positive", now=NOW)

    for act in (disputed.adjudicate, disputed.judge):
        with pytest.raises(
            ItemClosedError, match="was settled by cora meanwhile: it is positive unless cora takes that back"
        ):
            act(item, "dan", "negative", now=NOW)
    assert [(one.label, one.annotators) for one in disputed.settled()] == [
        ("positive", ("ann", "bob", "cora"))
    ]
    assert disputed.next_item("dan", now=NOW).item_id == report(1).feedback_id


def test_who_settled_by_mistake_takes_that_back_and_keeps_their_judgements(disputed):
    item = report(0).feedback_id
    disputed.adjudicate(item, "bob", "neutral", now=NOW)

    assert disputed.undo("ann", now=NOW) is None  # hers is part of what bob settled
    assert disputed.settled()[0].label == "neutral"
    assert disputed.undo("bob", now=NOW) is None  # nothing to judge again: it is among the disagreements
    assert [labels for _, labels in disputed.disagreements()] == [{"ann": "negative", "bob": "positive"}]
    disputed.adjudicate(item, "cora", "negative", now=NOW)
    assert disputed.settled()[0].label == "negative"
    assert len(disputed.judgements()) == 2
    with disputed._database.reading() as connection:
        history = connection.execute(JUDGEMENTS.select().where(JUDGEMENTS.c.role == "adjudicator")).all()
    assert [(row.annotator, row.label, row.retired == 0) for row in history] == [
        ("bob", "neutral", False),
        ("cora", "negative", True),
    ]


def test_nobody_settles_what_nobody_disagrees_on(disputed):
    agreed = report(1).feedback_id
    with pytest.raises(ItemClosedError, match="nobody disagrees"):
        disputed.adjudicate(agreed, "cora", "positive", now=NOW)
    for who in ("ann", "bob"):
        disputed.judge(agreed, who, "neutral", now=NOW)

    with pytest.raises(ItemClosedError, match="nobody disagrees"):
        disputed.adjudicate(agreed, "cora", "positive", now=NOW)
    assert [one.label for one in disputed.settled()] == ["neutral"]
    assert disputed.items(waiting=True) == []


def test_a_name_is_one_person_however_its_accents_are_written(queue):
    queue.add([report(0)])
    for form in ("NFC", "NFD"):
        queue.judge(report(0).feedback_id, unicodedata.normalize(form, "José"), "neutral", now=NOW)

    assert [row["annotator"] for row in queue.judgements()] == ["josé"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_address_as_clouds_write_it_uses_the_driver_that_is_installed(scheme):
    with (
        ReviewQueue(f"{scheme}://ann:secret@127.0.0.1:9/review?connect_timeout=1", overlap=0) as queue,
        pytest.raises(
            ReviewError, match=r"postgresql\+psycopg://ann:\*\*\*@127.* cannot be used \(OperationalError"
        ),
    ):
        queue.progress("ann")


@pytest.mark.parametrize("name", ["sqlite", "postgresql", "mysql", "mssql", "oracle"])
def test_every_database_keeps_one_judgement_and_its_history(name):
    dialect = make_url(f"{name}://").get_dialect()()
    (index,) = (index for index in JUDGEMENTS.indexes if index.unique)
    made = str(CreateIndex(index).compile(dialect=dialect)).replace("`", "")

    assert (
        made
        == "CREATE UNIQUE INDEX one_judgement_holds ON review_judgements (item_id, annotator, role, retired)"
    )


def test_what_is_in_the_dataset_is_final(queue):
    queue.add([report(0)])
    item = report(0).feedback_id
    queue.judge(item, "ann", "negative", now=NOW)
    assert [one.label for one in queue.close_items([item], now=NOW)] == ["negative"]

    with pytest.raises(ReviewError, match="its label is final"):
        queue.judge(item, "ann", "positive", now=NOW)
    assert queue.undo("ann", now=NOW) is None
    assert queue.next_item("bob", now=NOW) is None
    assert queue.settled()[0].label == "negative"


def test_what_is_not_settled_any_more_stays_open(queue):
    queue.add([report(0), report(1)])
    for number in range(2):
        queue.judge(report(number).feedback_id, "ann", "negative", now=NOW)
    queue.undo("ann", now=NOW)
    closed = queue.close_items([report(0).feedback_id, report(1).feedback_id], now=NOW)

    assert [one.item.item_id for one in closed] == [report(0).feedback_id]
    queue.judge(report(1).feedback_id, "ann", "positive", now=NOW)


@pytest.mark.parametrize(
    ("item", "who", "label", "why"),
    [
        ("nobody", "ann", "negative", "no item 'nobody'"),
        (report(0).feedback_id, " ", "negative", "annotator's name"),
        (report(0).feedback_id, "a;b", "negative", "without a semicolon"),
        (report(0).feedback_id, "ann", "great", "label 'great' is unknown"),
    ],
)
def test_a_judgement_that_cannot_be_kept_is_refused(queue, item, who, label, why):
    queue.add([report(0)])

    with pytest.raises(ReviewError, match=why):
        queue.judge(item, who, label, now=NOW)
    assert queue.judgements() == []


def annotate(url, name):
    with ReviewQueue(url, overlap=0) as queue:
        while item := queue.next_item(name, now=NOW):
            queue.judge(item.item_id, name, "neutral", now=NOW)


def test_four_processes_at_once_judge_each_item_once(queue_url):
    with ReviewQueue(queue_url, overlap=0) as queue:
        queue.add([report(number) for number in range(60)])
        context = multiprocessing.get_context("spawn")
        workers = [
            context.Process(target=annotate, args=(queue_url, name)) for name in ("ann", "bob", "cora", "dan")
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)

        assert [worker.exitcode for worker in workers] == [0] * 4
        judged = [row["item_id"] for row in queue.judgements()]
        assert len(judged) == len(set(judged)) == 60


def test_a_judgement_survives_kill_9(queue_url):
    with ReviewQueue(queue_url, overlap=0) as queue:
        queue.add([report(0)])
    script = (
        "import os, sys; from datetime import UTC, datetime; from sentiment.review.queue import ReviewQueue\n"
        "ReviewQueue(sys.argv[1]).judge(sys.argv[2], 'ann', 'negative', now=datetime.now(UTC))\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script, queue_url, report(0).feedback_id], check=False)

    assert done.returncode == -9
    with ReviewQueue(queue_url) as queue:
        assert [row["label"] for row in queue.judgements()] == ["negative"]


@pytest.mark.parametrize(
    "url",
    ["sqlite:////no/such/folder/review.db", "postgresql+nothing://ann:secret@127.0.0.1:9/x", "nonsense"],
)
def test_a_queue_that_cannot_be_reached_is_a_clear_error_without_a_password(url):
    with pytest.raises(ReviewError, match="SENTIMENT_REVIEW_URL") as raised, ReviewQueue(url) as queue:
        queue.items()
    assert "secret" not in str(raised.value)
