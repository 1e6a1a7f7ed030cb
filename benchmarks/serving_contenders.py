"""The servers that are compared, and how each is started and asked.

The servers' own files are in `serving_peers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from benchmarks.serving_environments import PROJECT, SERVICE
from sentiment.loopback import ADDRESS


@dataclass(frozen=True)
class Contender:
    """A server; its command and variables are templates.

    They hold `{python}`, `{port}`, `{native}`, `{served}` and `{mlflow}`.
    """

    name: str
    title: str
    environment: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    path: str = "/predict"
    make_body: Callable[[str], object] = lambda text: {"text": text}
    read_label: Callable[[Any], str] = itemgetter("label")


def _uvicorn(module: str) -> tuple[str, ...]:
    application = f"benchmarks.serving_peers.{module}:app"
    return (
        *("{python}", "-m", "uvicorn", application, "--port", "{port}", "--log-level", "warning"),
        *("--http", "httptools"),
    )


def _bentoml(service: str) -> tuple[str, ...]:
    return "{python}", "-m", "bentoml", "serve", service, "--host", ADDRESS, "--port", "{port}"


REFERENCE, ENGINE, EMPTY = "fastapi", "engine", "empty"
ENGINE_TITLE = "bare engine in process"
SERVERS = (
    Contender(
        "service",
        "Sentiloop (int8)",
        SERVICE,
        ("{python}", "-m", "bentoml", "serve", "service:SentimentService", "--host", ADDRESS),
        {"SENTIMENT_PORT_SERVICE": "{port}"},
    ),
    Contender(
        REFERENCE,
        "FastAPI + Transformers",
        "transformers",
        _uvicorn("fastapi_pipeline"),
        {"BENCH_MODEL": "{native}"},
    ),
    Contender(
        "queue",
        "FastAPI + Transformers, queue",
        "transformers",
        _uvicorn("queue_pipeline"),
        {"BENCH_MODEL": "{native}"},
    ),
    Contender(
        "mlflow",
        "MLflow models serve",
        PROJECT,
        (
            "{python}",
            "-m",
            "mlflow",
            "models",
            "serve",
            "-m",
            "{mlflow}",
            "--env-manager",
            "local",
            "-h",
            ADDRESS,
            "-p",
            "{port}",
        ),
        {"UVICORN_LOG_LEVEL": "warning"},  # no line per request, as with the others
        path="/invocations",
        make_body=lambda text: {"dataframe_split": {"columns": ["text"], "data": [[text]]}},
        read_label=lambda answer: str(answer["predictions"][0]["label"]),
    ),
    Contender(
        "litserve",
        "LitServe",
        "transformers",
        ("{python}", "-m", "benchmarks.serving_peers.litserve_pipeline", "{port}"),
        {"BENCH_MODEL": "{native}"},
    ),
    Contender(
        "bentoml",
        "BentoML (int8)",
        "bentoml",
        _bentoml("benchmarks.serving_peers.bento_plain:Plain"),
        {"BENCH_MODEL": "{served}"},
    ),
    Contender(
        "bentoml-batched",
        "BentoML, batching (int8)",
        "bentoml",
        _bentoml("benchmarks.serving_peers.bento_batched:Batched"),
        {"BENCH_MODEL": "{served}"},
        make_body=lambda text: {"texts": [text]},
        read_label=lambda answer: str(answer[0]["label"]),
    ),
    Contender(EMPTY, "wrk against an empty answer", "empty", _uvicorn("empty")),
)
NAMES = (*(server.name for server in SERVERS), ENGINE)
