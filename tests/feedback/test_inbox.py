"""The inbox: nothing is lost or stored twice, and damaged objects stop no reading."""

from __future__ import annotations

import dataclasses
import errno
import json
import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor

import fsspec
import pandas as pd
import pytest
from azurite import answering

from sentiment.errors import ConfigError, FeedbackError
from sentiment.feedback.feedback import Feedback, InvalidFeedbackError, make_feedback
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import SignedPrediction
from sentiment.review.inbox_frame import read_inbox

PREDICTION = SignedPrediction("an.id", "negative", 0.75, "tweet-sentiment:v1")
COLUMNS = [
    "feedback_id",
    "prediction_id",
    "text",
    "predicted_label",
    "label",
    "correct",
    "score",
    "model",
    "comment",
    "received_at",
    "source",
]


def feedback(number=0, text="my bag is lost 😡 مرحبا", **given):
    return make_feedback(
        dataclasses.replace(PREDICTION, prediction_id=f"id.{number}"), text, **{"correct": True, **given}
    )


@pytest.fixture(params=["folder", "file://", "memory://", "az://"])
def inbox(request, tmp_path):
    if request.param == "az://":
        yield Inbox(f"az://{request.getfixturevalue('container').container_name}/inbox")
    elif request.param == "memory://":
        yield Inbox(f"memory://{tmp_path.name}/inbox")
        fsspec.filesystem("memory").store.clear()
    else:
        yield Inbox(("file://" if request.param == "file://" else "") + str(tmp_path / "inbox"))


def test_a_right_prediction_gives_its_own_label():
    assert feedback(correct=True).label == "negative"
    assert feedback(correct=True, label="negative").label == "negative"


def test_a_wrong_prediction_may_come_with_or_without_the_true_label():
    assert feedback(correct=False, label="positive").label == "positive"
    assert feedback(correct=False).label is None


@pytest.mark.parametrize(("correct", "label"), [(True, "positive"), (False, "negative")])
def test_a_contradiction_is_refused(correct, label):
    with pytest.raises(InvalidFeedbackError, match="change one of the two"):
        feedback(correct=correct, label=label)


def test_an_unknown_label_is_refused_without_being_quoted():
    with pytest.raises(InvalidFeedbackError, match="use one of negative, neutral, positive") as caught:
        feedback(correct=False, label="angry")
    assert "angry" not in str(caught.value)


def test_a_comment_has_a_limit():
    assert feedback(comment="x" * 1000).comment == "x" * 1000
    with pytest.raises(InvalidFeedbackError, match="1001 characters; the limit is 1000"):
        feedback(comment="x" * 1001)


def test_the_feedback_id_follows_from_the_prediction_id_alone():
    assert feedback(1, text="a").feedback_id == feedback(1, text="b", correct=False).feedback_id
    assert feedback(1).feedback_id != feedback(2).feedback_id


def test_what_is_recorded_is_read_back(inbox):
    given = feedback(correct=False, label="positive", comment="no!")
    assert inbox.record(given) is True
    row = read_inbox(inbox).to_dict("records")[0]
    assert row.pop("received_at") == pd.Timestamp(given.received_at)
    expected = dataclasses.asdict(given)
    expected.pop("received_at")
    assert row == expected


def test_the_first_feedback_on_a_prediction_wins(inbox):
    assert inbox.record(feedback(comment="first")) is True
    assert inbox.record(feedback(comment="second", correct=False)) is False
    assert list(read_inbox(inbox)["comment"]) == ["first"]


def test_of_many_threads_one_is_new(inbox):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(inbox.record, [feedback()] * 32))
    assert sum(answers) == 1
    assert len(read_inbox(inbox)) == 1


def _record_in_a_process(url, barrier, answers):
    barrier.wait()
    answers.put([Inbox(url).record(feedback(number)) for number in range(20)])


def test_of_eight_processes_one_is_new(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(8), context.Queue()
    workers = [
        context.Process(target=_record_in_a_process, args=(str(tmp_path), barrier, answers)) for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    rounds = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(timeout=60)
    assert [sum(wins) for wins in zip(*rounds, strict=True)] == [1] * 20
    assert len(read_inbox(Inbox(str(tmp_path)))) == 20


def test_an_empty_inbox_has_the_same_columns_and_types(inbox):
    empty = read_inbox(inbox)
    assert list(empty.columns) == COLUMNS
    inbox.record(feedback(comment=None))
    assert list(empty.dtypes) == list(read_inbox(inbox).dtypes)
    assert str(empty.dtypes["received_at"]) == "datetime64[us, UTC]"
    assert str(empty.dtypes["correct"]) == "bool"


def test_feedback_is_read_in_the_order_of_its_time(inbox):
    for number in range(10):
        inbox.record(
            dataclasses.replace(feedback(number), received_at=f"2026-01-01T{9 - number:02}:00:00+00:00")
        )
    assert list(read_inbox(inbox)["received_at"].dt.hour) == list(range(10))


def _damaged(**changes):
    return json.dumps({**dataclasses.asdict(feedback()), **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"text": "x"}',
        _damaged(score="high"),
        _damaged(correct="yes"),
        _damaged(received_at="yesterday"),
    ],
)
def test_a_damaged_object_is_named_and_does_not_stop_the_reading(tmp_path, caplog, content):
    inbox = Inbox(str(tmp_path))
    inbox.record(feedback(1))
    (tmp_path / f"{'0' * 32}.json").write_bytes(content)
    assert len(read_inbox(inbox)) == 1
    assert f"{'0' * 32}.json is damaged" in caplog.text


def test_a_folder_without_hard_links_keeps_the_first_feedback_and_is_read_in_silence(
    tmp_path, monkeypatch, caplog
):
    def refuse(*paths):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    inbox, first = Inbox(str(tmp_path / "inbox")), feedback()
    assert [inbox.record(first), inbox.record(feedback(text="another"))] == [True, False]
    assert [row for _, row in inbox.read(inbox.listing().single)] == [first]
    assert caplog.text == ""


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_without_hard_links_and_locks_is_refused_with_the_reason(tmp_path, monkeypatch, number):
    def refuse(*given):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    Inbox(str(tmp_path)).check()
    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(ConfigError, match=rf"neither hard links nor locks \({os.strerror(number)}\): set "):
        Inbox(str(tmp_path)).check()


def test_a_folder_that_is_full_is_only_warned_of(tmp_path, monkeypatch, caplog):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    Inbox(str(tmp_path)).check()
    assert "cannot be written (OSError): check SENTIMENT_FEEDBACK_URL and its space" in caplog.text


def test_a_left_over_temporary_file_is_named_and_skipped(tmp_path, caplog):
    inbox = Inbox(str(tmp_path))
    inbox.record(feedback(1))
    (tmp_path / ".x.json.12.partial").write_text("{")
    assert len(read_inbox(inbox)) == 1
    assert ".x.json.12.partial" in caplog.text


def test_a_warning_never_quotes_the_feedback(tmp_path, caplog):
    (tmp_path / f"{'0' * 32}.json").write_text('{"text": "canary"}')
    read_inbox(Inbox(str(tmp_path)))
    assert "canary" not in caplog.text


def test_a_full_disk_is_an_error_that_says_where(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FeedbackError, match=r"cannot be written \(OSError\): check SENTIMENT_FEEDBACK_URL"):
        Inbox(str(tmp_path)).record(feedback())


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "inbox").write_text("")
    with pytest.raises(FeedbackError):
        Inbox(str(tmp_path / "inbox")).record(feedback())


def test_an_inbox_on_azure_that_cannot_be_used_says_why_and_is_not_taken_for_one_that_has_the_feedback(
    monkeypatch,
):
    for code, remedy in (
        ("ContainerBeingDeleted", "container create"),
        ("AuthorizationPermissionMismatch", "Storage Blob Data Contributor"),
    ):
        with answering(409 if "Container" in code else 403, code) as connection:
            monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
            with pytest.raises(
                FeedbackError, match=rf"the feedback inbox cannot be written: az://feedback .*{remedy}"
            ):
                Inbox("az://feedback/inbox").record(feedback())
            with pytest.raises(
                FeedbackError, match=rf"the feedback inbox cannot be read: az://feedback .*{remedy}"
            ):
                read_inbox(Inbox("az://feedback/inbox"))


def test_an_unknown_kind_of_url_is_an_error_that_hides_credentials():
    for call in (lambda inbox: inbox.record(feedback()), read_inbox):
        with pytest.raises(FeedbackError) as caught:
            call(Inbox("nowhere://user:password@host/x?token=abc"))
        assert "password" not in str(caught.value)
        assert "abc" not in str(caught.value)


def test_a_file_system_without_exclusive_creation_still_keeps_the_first(monkeypatch):
    memory = fsspec.filesystem("memory")
    plain_open = type(memory).open

    def without_x(self, path, mode="rb", **options):
        if "x" in mode:
            raise NotImplementedError(mode)
        return plain_open(self, path, mode, **options)

    monkeypatch.setattr(type(memory), "open", without_x)
    inbox = Inbox("memory://plain")
    assert [inbox.record(feedback(comment=word)) for word in ("first", "second")] == [True, False]
    assert list(read_inbox(inbox)["comment"]) == ["first"]
    memory.store.clear()


def test_every_field_is_a_column():
    assert [field.name for field in dataclasses.fields(Feedback)] == COLUMNS
