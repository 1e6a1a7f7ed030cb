"""Queries and requests that are refused: Azure's codes and words, and never a 500."""

from __future__ import annotations

import json
import random
import uuid

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.monitor.query import LogsQueryClient
from monitor_fixtures import bad_prediction

from sentiment.config import LOCAL_WORKSPACE


def client_of(monitor):
    return LogsQueryClient(object(), endpoint=monitor.address, authentication_policy=SansIOHTTPPolicy())


def innermost(answer):
    error = answer.json()["error"]
    while "innererror" in error:
        error = error["innererror"]
    return error


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ("AppTraces | wherex", "SYN0002", "Query could not be parsed at 'wherex' on line [1,13]"),
        ("AppTraces\n| where a ==", "SYN0002", "Query could not be parsed at '<EOF>' on line [2,13]"),
        (
            "AppTraces | where Nope == 1",
            "SEM0100",
            "'where' operator: Failed to resolve column or scalar expression named 'Nope'",
        ),
        ("AppTraces | project-away Nope", "SEM0100", "Failed to resolve"),
        (
            "AppTraces | summarize count() by message",
            "SEM0100",
            "'summarize' operator: Failed to resolve column or scalar expression named 'message'",
        ),
        (
            "AppTraces | extend x = 1 | order by y",
            "SEM0100",
            "'order' operator: Failed to resolve column or scalar expression named 'y'",
        ),
        ("apptraces | count", "SEM0100", "Failed to resolve table or column expression named 'apptraces'"),
        ("sqlite_master", "SEM0100", "Failed to resolve table or column expression named 'sqlite_master'"),
        ("duckdb_settings", "SEM0100", "Failed to resolve table"),
        (".show tables", "SEM0000", "control commands are not queries"),
        (".set-or-replace AppTraces <| print 1", "SEM0000", "control commands are not queries"),
        ('database("system").duckdb_tables', "LocalLimit", "local stand-in"),
        (
            "AppTraces | make-series count() on TimeGenerated step 1m",
            "LocalLimit",
            "local stand-in for Azure Monitor cannot run this query",
        ),
        ("AppTraces | summarize percentiles(ItemCount, 50, 95)", "LocalLimit", "percentiles"),
        ('externaldata(x: string) ["file:///etc/passwd"]', "LocalLimit", "ExternalData"),
        ("declare query_parameters(x: string); print x", "LocalLimit", "parameters"),
        ("print " + "(" * 3000 + "1" + ")" * 3000, "LocalLimit", "local stand-in"),
        ("x" * 200_001, "LocalLimit", "200001 characters"),
    ],
)
def test_errors_have_azures_codes_and_words(idle_monitor, query, code, said):
    answer = idle_monitor.query(query)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (
        400,
        "BadArgumentError",
        "The request had some invalid properties",
    )
    assert uuid.UUID(error["correlationId"])
    assert innermost(answer)["code"] == code
    assert said in innermost(answer)["message"]


def test_the_client_raises_a_query_error_with_its_codes(idle_monitor):
    with pytest.raises(HttpResponseError) as raised:
        client_of(idle_monitor).query_workspace(LOCAL_WORKSPACE, "AppTraces | where Nope == 1", timespan=None)

    assert (raised.value.status_code, raised.value.error.code) == (400, "BadArgumentError")
    assert raised.value.error.innererror["innererror"]["code"] == "SEM0100"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"query": ""}', b'{"query": 3}', b'{"query": null}', b"[" * 50_000]
)
def test_a_request_that_is_none_is_answered_400(idle_monitor, body):
    for path in (f"/v1/workspaces/{LOCAL_WORKSPACE}/query", "/v1/$batch"):
        assert idle_monitor.http.post(path, content=body).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        'print "\ud800"',
        "print '\x00'",
        "AppTraces | take -1",
        "print 1/0, 1.0/0, 1 % 0",
        "print datetime(9999-12-31) + 400d",
        "print strcat()",
        "let x = 1",
        "🙃",
        "|",
        "print tolong('x' * 3)",
    ],
)
def test_no_query_is_answered_500(idle_monitor, query):
    answer = idle_monitor.http.post(
        f"/v1/workspaces/{LOCAL_WORKSPACE}/query", content=json.dumps({"query": query}).encode()
    )

    assert answer.status_code in (200, 400)
    assert idle_monitor.http.get("/healthz").is_success


PARTS = [
    "AppTraces",
    "|",
    "where",
    "Message",
    "==",
    '"x"',
    "summarize",
    "count()",
    "by",
    "bin(TimeGenerated, 1m)",
    "extend",
    "x",
    "=",
    "Properties",
    ".",
    "(",
    ")",
    "union",
    "AppRequests",
    "let",
    ";",
    "order",
    "take",
    "3",
    "tostring(",
    ",",
    "arg_min(TimeGenerated, *)",
    "join",
    "on",
    "project",
    "[",
    "]",
    "-",
]


def test_random_mutations_of_queries_are_never_answered_500(monitor):
    monitor.track(bad_prediction("a"))
    chance = random.Random(7)

    for _ in range(150):
        query = " ".join(["AppTraces |", *chance.choices(PARTS, k=chance.randint(1, 9))])
        assert monitor.query(query).status_code in (200, 400), query
