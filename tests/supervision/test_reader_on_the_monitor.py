"""The reader against the real monitor: pages, throttling, and errors with their position."""

from __future__ import annotations

import pandas as pd
import pytest
from kql_fixtures import ALL

from sentiment import queries
from sentiment.errors import QueryError


def test_the_reader_pages_through_the_monitor(filled_workspace):
    filled_workspace.send()
    whole = filled_workspace.reader.rows(queries.read("bad_predictions"), ALL)

    filled_workspace.client.set_faults(query={"status": 206, "times": 6})  # each of six answers holds one row
    paged = filled_workspace.reader.rows(queries.read("bad_predictions"), ALL)

    pd.testing.assert_frame_equal(paged, whole)
    assert filled_workspace.reader.rows(queries.read("bad_predictions"), None).equals(whole)


def test_the_reader_waits_when_the_monitor_throttles(filled_workspace):
    filled_workspace.client.set_faults(query={"status": 429, "times": 1, "retry_after": 1})

    assert len(filled_workspace.ask(queries.read("models"))) == 3


def test_a_query_that_is_no_kql_is_refused_with_its_place(filled_workspace):
    with pytest.raises(QueryError, match=r"'wherex'.*line 2, position 3") as caught:
        filled_workspace.ask("AppTraces\n| wherex Message == ''")

    assert caught.value.reason == "query"


def test_a_column_that_is_not_there_is_named(filled_workspace):
    with pytest.raises(QueryError, match="Mesage") as caught:
        filled_workspace.ask("AppTraces | where Mesage == ''")

    assert caught.value.reason == "query"


def test_a_parameter_cannot_break_out_of_its_text(filled_workspace):
    for sign in ('"; AppTraces | take 1 //', "\\", "\\\\", '\\"', "\x00", "\u2029", "\ud83d"):
        assert filled_workspace.ask(queries.read("bad_predictions", model=sign)).empty
