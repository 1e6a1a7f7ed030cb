"""The description of the HTTP service, made from the types in `api.py`.

BentoML's own leaves out our errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    from pydantic import BaseModel

_REF = "#/components/schemas/"
_TYPES = (BatchRequest, ErrorAnswer, FeedbackAnswer, FeedbackRequest, Prediction, PredictRequest)


def _ref(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REF + model.__name__}


_POSTS = {
    "/predict": ("Label one text", _ref(PredictRequest), _ref(Prediction)),
    "/predict_batch": (
        "Label 1 to 256 texts, in their order",
        _ref(BatchRequest),
        {"type": "array", "items": _ref(Prediction)},
    ),
    "/feedback": (
        "Say whether a prediction was right; 200 means stored durably",
        _ref(FeedbackRequest),
        _ref(FeedbackAnswer),
    ),
}
_EXPLAIN = {
    "name": "explain",
    "in": "query",
    "description": "Whether the answer has an `explanation`; the name alone says yes. It takes a few times as long.",
    "allowEmptyValue": True,
    "schema": {"type": "string", "enum": ["true", "1", "false", "0", ""], "default": "false"},
}
_PARAMETERS = {"/predict": [_EXPLAIN]}
_GETS = {
    "/livez": ("200 while the process lives", "text/plain"),
    "/readyz": ("200 once the model has answered a known tweet correctly", "text/plain"),
    "/metrics": ("Prometheus metrics", "text/plain"),
    "/docs.json": ("This description", "application/json"),
    "/": ("A page for people", "text/html"),
}
_ERRORS = {
    "400": "Not JSON, a wrong type, an empty, blank or overlong text, an unknown label or value of `explain`, "
    "or a prediction_id that is not good for this text",
    "401": "X-API-Key is missing or wrong (only where the service has a key)",
    "413": "The body is too large",
    "429": "Too many requests at once",
    "503": "There is no model, or the feedback cannot be stored",
    "504": "No answer in time",
}


def describe(title: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in _TYPES], ref_template=_REF + "{model}"
    )
    posts = {
        path: {"post": {**_post(*parts), "parameters": _PARAMETERS.get(path, [])}}
        for path, parts in _POSTS.items()
    }
    gets = {path: {"get": _get(path, *parts)} for path, parts in _GETS.items()}
    key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "description": "The sentiment of tweets, and a place to say where it was wrong.",
        },
        "servers": [{"url": "."}],
        "paths": posts | gets,
        "components": {"schemas": schemas["$defs"], "securitySchemes": {"ApiKey": key}},
    }


def _post(summary: str, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    errors = {status: _json(reason, _ref(ErrorAnswer)) for status, reason in _ERRORS.items()}
    return {
        "summary": summary,
        "security": [{}, {"ApiKey": []}],
        "requestBody": {"required": True, **_json("The body", request)},
        "responses": {"200": _json("The answer", answer), **errors},
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _get(path: str, summary: str, media_type: str) -> dict[str, Any]:
    answers: dict[str, Any] = {"200": {"description": summary, "content": {media_type: {}}}}
    if path == "/readyz":
        answers["503"] = _json("Not ready, and why", _ref(ErrorAnswer))
    return {"summary": summary, "responses": answers}
