"""The OpenAPI description of the service, made from its paths and the types in `api.py`.

BentoML's own leaves out our errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic.json_schema import models_json_schema

from sentiment.serving.api import (
    BatchRequest,
    ErrorAnswer,
    FeedbackAnswer,
    FeedbackRequest,
    Prediction,
    PredictRequest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.serving.paths import Path

_REF = "#/components/schemas/"
_TYPES = (BatchRequest, ErrorAnswer, FeedbackAnswer, FeedbackRequest, Prediction, PredictRequest)


_EXPLAIN = {
    "name": "explain",
    "in": "query",
    "description": "Whether the answer has an `explanation`; the name alone says yes. "
    "It takes a few times as long.",
    "allowEmptyValue": True,
    "schema": {"type": "string", "enum": ["true", "1", "false", "0", ""], "default": "false"},
}
_WITH_KEY: list[dict[str, list[str]]] = [{}, {"ApiKey": []}]
_PARAMETERS = {"/predict": [_EXPLAIN]}
# From an answer to the next request: clients and fuzzers follow a prediction to its feedback.
_LINKS: dict[str, dict[str, Any]] = {
    "/predict": {
        "feedback": {
            "operationRef": "#/paths/~1feedback/post",
            "requestBody": {
                "prediction_id": "$response.body#/prediction_id",
                "text": "$request.body#/text",
            },
            "description": "Say whether the label was right",
        }
    }
}
_ERRORS = {
    "400": "Not JSON, a wrong type, an empty, blank or overlong text, an unknown label or value of "
    "`explain`, "
    "or a prediction_id that is not good for this text",
    "401": "X-API-Key is missing or wrong (only where the service has a key)",
    "403": "On loopback: the request names another host, or a page of another site sent it",
    "408": "The body did not arrive in time",
    "413": "The body is too large",
    "415": "The body has a Content-Encoding",
    "429": "Too many requests at once",
    "503": "There is no model, or the feedback cannot be stored",
    "504": "No answer in time",
}


def describe(title: str, paths: Mapping[str, Path]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the paths that have a summary."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in _TYPES], ref_template=_REF + "{model}"
    )
    key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "description": "The sentiment of tweets, and a place to say where it was wrong.",
        },
        "servers": [{"url": "."}],
        "paths": {
            name: {"post": _post(name, path)} if path.body else {"get": _get(name, path)}
            for name, path in paths.items()
            if path.summary
        },
        "components": {"schemas": schemas["$defs"], "securitySchemes": {"ApiKey": key}},
    }


def _post(name: str, path: Path) -> dict[str, Any]:
    errors = {status: _json(reason, _schema(ErrorAnswer)) for status, reason in _ERRORS.items()}
    answer = _json("The answer", _schema(path.returns))
    if name in _LINKS:
        answer["links"] = _LINKS[name]
    return {
        "summary": path.summary,
        "security": _WITH_KEY,
        "requestBody": {"required": True, **_json("The body", _schema(path.body))},
        "responses": {"200": answer, **errors},
        "parameters": _PARAMETERS.get(name, []),
    }


def _get(name: str, path: Path) -> dict[str, Any]:
    answers: dict[str, Any] = {"200": {"description": path.summary, "content": {path.returns: {}}}}
    if name == "/readyz":
        answers["503"] = _json("Not ready, and why", _schema(ErrorAnswer))
    if path.is_open:
        return {"summary": path.summary, "responses": answers}
    answers["401"] = _json(_ERRORS["401"], _schema(ErrorAnswer))
    return {"summary": path.summary, "security": _WITH_KEY, "responses": answers}


def _schema(kind: Any) -> dict[str, Any]:
    """Return the reference to a type, or a list of one."""
    if get_origin(kind) is list:
        return {"type": "array", "items": _schema(get_args(kind)[0])}
    return {"$ref": _REF + kind.__name__}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
