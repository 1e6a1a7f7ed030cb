"""The reader's errors: every refusal of Azure, every failure of a network."""

from __future__ import annotations

import time
from datetime import timedelta
from http.server import ThreadingHTTPServer

import pytest
from logs_fixtures import ANSWER, LIMIT_ERROR, WORKSPACE, serve_logs

from sentiment.errors import QueryError
from sentiment.supervision.reader import LogsReader


def refused(logs, answer) -> QueryError:
    logs.answer = answer
    with logs.reader() as reader, pytest.raises(QueryError) as caught:
        reader.frame("AppTraces | take 1", timedelta(hours=1))
    return caught.value


def test_a_partial_answer_is_an_error_not_a_short_frame(logs):
    error = refused(logs, ANSWER | {"error": LIMIT_ERROR})

    assert error.reason == "partial"
    assert "exceed the set limit of 3 records" in str(error)


def test_an_endpoint_that_is_down_is_named_with_the_way_to_start_it(logs):
    reader = LogsReader("http://127.0.0.1:1", WORKSPACE)
    begun = time.monotonic()

    with pytest.raises(QueryError, match=r"http://127.0.0.1:1 do not answer.*python -m monitor") as caught:
        reader.frame("T", None)

    assert caught.value.reason == "unreachable"
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("status", "error", "reason", "words"),
    [
        (
            404,
            {"code": "WorkspaceNotFoundError", "message": "The workspace could not be found"},
            "workspace",
            [WORKSPACE, "WORKSPACE_ID"],
        ),
        (
            404,
            {"code": "PathNotFoundError", "message": "The requested path does not exist"},
            "workspace",
            [WORKSPACE],
        ),
        (
            400,
            {
                "code": "BadArgumentError",
                "message": "invalid properties",
                "innererror": {"code": "WorkspaceNotFoundError", "message": "no"},
            },
            "workspace",
            [WORKSPACE],
        ),
        (
            403,
            {
                "code": "InsufficientAccessError",
                "message": "The provided credentials have insufficient access to perform the operation",
            },
            "role",
            ["'Log Analytics Reader'", WORKSPACE, "insufficient access"],
        ),
        (
            403,
            {"code": "InvalidAuthenticationTokenAudience", "message": "The token is of the wrong audience"},
            "credential",
            ["az login"],
        ),
        (
            401,
            {"code": "AuthenticationFailed", "message": "The 'Authorization' header is missing."},
            "credential",
            ["refused", "az login"],
        ),
        (
            400,
            {
                "code": "BadArgumentError",
                "message": "The request had some invalid properties",
                "innererror": {
                    "code": "SyntaxError",
                    "message": "A syntax error has been identified in the query.",
                    "innererror": {
                        "code": "SYN0002",
                        "message": "Query could not be parsed at 'wherex'",
                        "line": 2,
                        "pos": 5,
                    },
                },
            },
            "query",
            ["could not be parsed at 'wherex'", "(line 2, position 5)"],
        ),
    ],
)
def test_azures_refusals_say_what_to_do(logs, status, error, reason, words):
    found = refused(logs, (status, {}, {"error": error}))

    assert found.reason == reason
    assert all(word in str(found) for word in words), str(found)
    assert len(logs.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b"<h1>Hello</h1>"),
        (200, {}, b"[1, 2]"),
        (200, {}, b'{"status": "ok"}'),
        (200, {}, b'{"tables": [{"rows": [[1]], "columns": [{"nme": 1}]}]}'),
        (200, {}, b'{"tables": ['),
        (404, {"Content-Type": "text/plain"}, b"Not Found"),
        (405, {}, b"{}"),
        (302, {}, b""),
    ],
)
def test_what_is_not_log_analytics_is_said_to_be_something_else(logs, answer):
    error = refused(logs, answer)

    assert error.reason == "unreachable"
    assert "SENTIMENT_LOGS_ENDPOINT" in str(error)
    assert len(logs.seen) == 1


@pytest.mark.parametrize("status", [302, 307, 308])
def test_no_other_host_is_asked_even_when_the_endpoint_says_so(logs, status):
    with serve_logs() as elsewhere:
        elsewhere.answer = ANSWER
        error = refused(logs, (status, {"Location": f"{elsewhere.address}/v1"}, b""))

    assert error.reason == "unreachable"
    assert elsewhere.seen == []


def test_throttling_is_waited_out_as_long_as_azure_asks(logs):
    answers = [(429, {"Retry-After": "1"}, {"error": {"code": "ThrottledError", "message": "slow"}}), ANSWER]
    logs.answer = lambda body: answers.pop(0)
    begun = time.monotonic()

    frame = logs.reader().frame("T", None)

    assert frame["n"].tolist() == [3]
    assert 1 <= time.monotonic() - begun < 3


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_failure_is_tried_again(logs, status):
    answers = [(status, {}, {"error": {"code": "Busy", "message": "later"}}), ANSWER]
    logs.answer = lambda body: answers.pop(0)

    assert logs.reader().frame("T", None)["n"].tolist() == [3]


def test_throttling_without_end_is_an_error(logs):
    error = refused(logs, (429, {}, {"error": {"code": "ThrottledError", "message": "slow"}}))

    assert error.reason == "throttled"
    assert len(logs.seen) == 4


def test_a_wait_that_no_reader_would_sit_out_is_told_instead(logs):
    error = refused(
        logs, (429, {"Retry-After": "3600"}, {"error": {"code": "ThrottledError", "message": "slow"}})
    )

    assert error.reason == "throttled"
    assert "in 3600 seconds" in str(error)
    assert len(logs.seen) == 1


def test_a_query_that_took_too_long_is_not_asked_again(logs):
    error = refused(
        logs, (504, {}, {"error": {"code": "GatewayTimeout", "message": "The query took too long"}})
    )

    assert error.reason == "unreachable"
    assert "took too long" in str(error)
    assert len(logs.seen) == 1


def test_a_server_that_hangs_up_is_unreachable_not_a_crash(logs):
    logs.answer = lambda body: 1 / 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ThreadingHTTPServer, "handle_error", lambda *_: None)
        error = refused(logs, logs.answer)

    assert error.reason == "unreachable"


def test_a_long_message_of_azures_becomes_one_short_line(logs):
    error = refused(logs, (400, {}, {"error": {"code": "BadArgumentError", "message": "no\n" * 5000}}))

    assert len(str(error)) < 500
    assert "\n" not in str(error)
