"""Compaction of the inbox: a crash at any step loses nothing and doubles nothing."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import shutil
import signal
from datetime import UTC, datetime, timedelta

import pytest

from sentiment.feedback.feedback import feedback_id_of, make_feedback
from sentiment.feedback.inbox import Inbox, day_of
from sentiment.feedback.prediction_ids import PredictionSigner, SignedPrediction
from sentiment.review import inbox_parts
from sentiment.review.inbox_frame import read_inbox
from sentiment.review.inbox_parts import InboxParts

SIGNER = PredictionSigner("a key of a test, long enough", 30)


@pytest.fixture(params=["folder", "az://"])
def any_inbox(request, tmp_path):
    if request.param == "folder":
        return Inbox(str(tmp_path / "inbox"))
    return Inbox(f"az://{request.getfixturevalue('container').container_name}/inbox")


def feedback(number, **changes):
    prediction = SignedPrediction(f"id.{number}", "negative", 0.75, "m")
    return make_feedback(prediction, f"tweet {number} 😡", **{"correct": False, **changes})


def ids_of(inbox):
    """The numbers of all feedback that a reader finds, each as often as it finds it."""
    rows = [row for batch in InboxParts(inbox).unread() for row in batch.feedback]
    return sorted(int(row.prediction_id.partition(".")[2]) for row in rows)


def collect(inbox, taken=()):
    """Read what is new, compact it, and return what was read."""
    parts, read = InboxParts(inbox), []
    for batch in parts.unread(taken):
        read += batch.feedback
        parts.compact(batch)
    return read


def write_old_form(folder, rows):
    """Write an inbox as versions before 0.2.0 did."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        text = json.dumps(dataclasses.asdict(row), ensure_ascii=False)
        (folder / f"{row.feedback_id}.json").write_text(text)


def test_compacted_feedback_is_the_same_as_before(any_inbox):
    inbox = any_inbox
    given = [feedback(1, comment="so?"), feedback(2, label="positive"), feedback(3, correct=True)]
    for row in given:
        inbox.record(row)
    before = read_inbox(inbox)
    assert len(collect(inbox)) == 3

    listing = inbox.listing()
    assert listing.single == ()
    assert [part.rows for part in listing.parts] == [3]
    assert read_inbox(inbox).equals(before)


def test_what_was_taken_is_not_read_again_and_late_feedback_is(any_inbox):
    inbox = any_inbox
    inbox.record(feedback(1))
    collect(inbox)
    taken = {part.name for part in inbox.listing().parts}
    late = dataclasses.replace(feedback(2), received_at="2020-01-01T00:00:00+00:00")
    inbox.record(late)

    assert collect(inbox, taken) == [late]
    assert collect(inbox, taken | {part.name for part in inbox.listing().parts}) == []
    assert ids_of(inbox) == [1, 2]


def test_feedback_that_was_compacted_is_already_recorded(any_inbox):
    inbox = any_inbox
    first = feedback(1)
    inbox.record(first)
    collect(inbox)

    assert inbox.record(feedback(1, comment="another")) is False
    assert Inbox(inbox.url).record(feedback(1, comment="another")) is False
    assert inbox.listing().single == ()
    assert list(read_inbox(inbox)["comment"].isna()) == [True]


def test_a_service_that_may_delete_nothing_answers_a_late_copy_and_leaves_it_to_the_compaction(
    tmp_path, monkeypatch
):
    inbox = Inbox(str(tmp_path))
    inbox.record(feedback(1))
    collect(inbox)
    with monkeypatch.context() as rights:

        def refuse(names):
            raise PermissionError(names)

        rights.setattr(inbox.objects, "remove", refuse)
        assert inbox.record(feedback(1, comment="another")) is False

    assert len(inbox.listing().single) == 1
    assert ids_of(inbox) == [1]
    assert collect(inbox, {part.name for part in inbox.listing().parts}) == []
    assert inbox.listing().single == ()


def test_feedback_lies_in_the_folder_of_the_day_of_its_prediction(tmp_path):
    prediction_id = SIGNER.sign("x", label="negative", score=0.5, model="m")
    row = dataclasses.replace(
        feedback(1), prediction_id=prediction_id, feedback_id=feedback_id_of(prediction_id)
    )
    inbox = Inbox(str(tmp_path))
    inbox.record(row)

    today = datetime.now(UTC).date()
    assert day_of(prediction_id) in {today.isoformat(), (today - timedelta(days=1)).isoformat()}
    assert [name.partition("/")[0] for name in inbox.listing().single] == [day_of(prediction_id)]


def test_an_inbox_of_before_is_read_known_and_compacted(tmp_path):
    rows = [feedback(number) for number in range(5)]
    write_old_form(tmp_path, rows)
    inbox = Inbox(str(tmp_path))

    assert inbox.record(feedback(3, comment="again")) is False
    assert ids_of(inbox) == [0, 1, 2, 3, 4]
    assert {row.feedback_id for row in collect(inbox)} == {row.feedback_id for row in rows}
    assert inbox.listing().single == ()
    assert inbox.record(feedback(3, comment="again")) is False
    assert ids_of(inbox) == [0, 1, 2, 3, 4]


class _Mortal:
    """A place whose process is killed, by SIGKILL, before its step of this number."""

    def __init__(self, objects, last):
        self._objects, self._left = objects, last

    def __getattr__(self, name):
        def step(*given):
            if name != "names":
                self._left -= 1
                if self._left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            # One by one: so that it also dies between two.
            if name == "remove" and len(given[0]) > 1:
                return [step([each]) for each in given[0]]
            return getattr(self._objects, name)(*given)

        return step


def dies(work, last):
    """Do work in a process of its own that is killed before a step; return whether it was."""
    child = os.fork()
    if child == 0:
        work(last)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def work_at(url, steps):
    """Collect in a process that is killed before a step."""
    mortal = Inbox(url)
    mortal.objects = mortal.ids._objects = _Mortal(mortal.objects, steps)
    collect(mortal)


@pytest.mark.parametrize("place", ["folder", pytest.param("az://", marks=pytest.mark.slow)])
def test_killed_at_any_step_a_compaction_loses_and_doubles_nothing(tmp_path, place, request):
    url = tmp_path if place == "folder" else f"az://{request.getfixturevalue('container').container_name}"
    for last in range(100):
        inbox = Inbox(f"{url}/{last}")
        for number, folder in ((0, ""), (1, ""), (1, "undated/"), (2, "undated/")):  # one in both forms
            row = feedback(number, comment=folder)
            content = json.dumps(dataclasses.asdict(row)).encode()
            inbox.objects.create(f"{folder}{row.feedback_id}.json", content)

        was_killed = dies(lambda steps, url=inbox.url: work_at(url, steps), last)
        assert list(read_inbox(inbox)["comment"]) == ["", "", "undated/"]
        assert not any(Inbox(inbox.url).record(feedback(number)) for number in range(3))
        collect(inbox)
        assert (inbox.listing().single, len(read_inbox(inbox))) == ((), 3)
        if not was_killed:
            break
    assert 8 < last < 99


@pytest.mark.slow
def test_killed_at_any_step_a_merge_loses_and_doubles_nothing(tmp_path):
    whole = Inbox(str(tmp_path / "whole"))
    for number in range(8):
        whole.record(feedback(number))
        collect(whole)
    for last in range(100):
        shutil.copytree(whole.url, tmp_path / str(last))
        inbox = Inbox(str(tmp_path / str(last)))

        def work(steps, url=inbox.url):
            mortal = Inbox(url)
            mortal.objects = mortal.ids._objects = _Mortal(mortal.objects, steps)
            InboxParts(mortal).merge({part.name for part in mortal.listing().parts}, lambda names: None)

        was_killed = dies(work, last)
        assert len(read_inbox(inbox)) == 8
        assert not any(Inbox(inbox.url).record(feedback(number)) for number in range(8))
        if not was_killed:
            break
    assert [part.rows for part in inbox.listing().parts] == [8]
    assert 20 < last < 99


def test_a_damaged_part_is_told_and_stops_no_reading(tmp_path, caplog):
    inbox = Inbox(str(tmp_path))
    inbox.record(feedback(1))
    collect(inbox)
    part = inbox.listing().parts[0]
    (tmp_path / part.file).write_bytes(b"PAR1")
    inbox.record(feedback(2))

    with caplog.at_level(logging.ERROR):
        assert ids_of(inbox) == [2]
    assert f"the part {part.file} of the inbox is damaged: restore it" in caplog.text


def test_a_damaged_object_is_not_removed(tmp_path):
    inbox = Inbox(str(tmp_path))
    inbox.record(feedback(1))
    (tmp_path / f"{'0' * 32}.json").write_text("{")
    (tmp_path / f"{'1' * 32}.json").write_text(json.dumps(dataclasses.asdict(feedback(7))))
    collect(inbox)
    assert set(inbox.listing().single) == {f"{'0' * 32}.json", f"{'1' * 32}.json"}


def test_many_objects_are_compacted_in_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(inbox_parts, "BATCH", 3)
    inbox = Inbox(str(tmp_path))
    for number in range(10):
        inbox.record(feedback(number))
    collect(inbox)
    assert sorted(part.rows for part in inbox.listing().parts) == [1, 3, 3, 3]
    assert ids_of(inbox) == [*range(10)]


def test_a_period_reads_the_parts_received_in_it_alone(tmp_path):
    inbox = Inbox(str(tmp_path))
    for number, day in enumerate((1, 2, 3)):
        inbox.record(dataclasses.replace(feedback(number), received_at=f"2026-05-0{day}T12:00:00+00:00"))
        collect(inbox)
    second = datetime(2026, 5, 2, tzinfo=UTC)
    assert list(read_inbox(inbox, (second, second + timedelta(hours=23)))["prediction_id"]) == ["id.1"]


def test_what_another_compacts_while_we_read_is_found_in_its_part(tmp_path):
    inbox = Inbox(str(tmp_path))
    for number in range(3):
        inbox.record(feedback(number))
    listing = inbox.listing

    def listing_before_another_compacts():
        found = listing()
        inbox.listing = listing
        collect(Inbox(inbox.url))
        return found

    inbox.listing = listing_before_another_compacts
    assert ids_of(inbox) == [0, 1, 2]
