"""The texts of the queries: their parameters, and what Microsoft's own parser reports."""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

import pytest
from kql_fixtures import NASTY, check_kql

from sentiment import queries
from sentiment.errors import QueryError


def test_a_query_without_parameters_is_the_file_itself():
    for name in queries.NAMES:
        assert queries.read(name) == (Path(inspect.getfile(queries)).parent / f"{name}.kql").read_text(
            "utf-8"
        )


def test_a_parameter_takes_the_place_of_the_files_own_value():
    text = queries.read("latency", model='x"y', step=timedelta(minutes=5))

    assert 'let model = "x\\"y";  // "" is every model\nlet step = 5m;\n' in text
    assert text.splitlines()[4:] == queries.read("latency").splitlines()[4:]


@pytest.mark.parametrize(
    ("step", "literal"),
    [(timedelta(days=2), "2d"), (timedelta(hours=36), "36h"), (timedelta(seconds=90), "90s")],
)
def test_a_step_becomes_the_shortest_literal(step, literal):
    assert f"let step = {literal};" in queries.read("latency", step=step)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("latnecy", {}, "no query 'latnecy'.*bad_predictions.*requests_per_minute"),
        ("../config", {}, "no query"),
        ("feedback", {"model": "m"}, "feedback has no parameter 'model'.*none"),
        ("latency", {"modle": "m"}, "no parameter 'modle'.*model, step"),
        ("latency", {"step": "5m"}, "step cannot be '5m'.*timedelta"),
        ("latency", {"model": timedelta(1)}, "model cannot be.*text"),
        ("latency", {"step": timedelta(0)}, "step is 0:00:00"),
        ("latency", {"step": timedelta(minutes=-1)}, "whole seconds"),
        ("latency", {"step": timedelta(milliseconds=1)}, "whole seconds"),
    ],
)
def test_what_a_query_does_not_have_is_refused(name, parameters, words):
    with pytest.raises(QueryError, match=words) as caught:
        queries.read(name, **parameters)

    assert caught.value.reason == "query"


def test_microsofts_parser_finds_nothing_to_say(tmp_path):
    texts = {name: queries.read(name) for name in queries.NAMES}
    texts |= {
        f"{name}_set": queries.read(name, model=NASTY)
        for name in queries.NAMES
        if "model" in queries.defaults(texts[name])
    }

    run = check_kql(texts, tmp_path)

    assert (run.returncode, run.stdout.strip()) == (0, "OK"), run.stdout + run.stderr


@pytest.mark.parametrize(
    ("right", "wrong"), [("Message ==", "Mesage =="), ("| where", "| wherex"), ("todouble(", "todubble(")]
)
def test_microsofts_parser_would_say_so(tmp_path, right, wrong):
    text = queries.read("bad_predictions")
    assert right in text

    run = check_kql({"mutated": text.replace(right, wrong, 1)}, tmp_path)

    assert run.returncode == 1
    assert "mutated.kql: Error" in run.stdout
