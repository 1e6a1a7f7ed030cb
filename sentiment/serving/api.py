"""The types of the HTTP service's requests and answers.

A text's rules: `text_rules.py`; who is let in: `admission.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import SkipJsonSchema

from sentiment.config import MAX_BATCH
from sentiment.errors import RequestError
from sentiment.feedback.feedback import MAX_COMMENT_CHARS

Label = Literal["negative", "neutral", "positive"]
Text = Annotated[
    str,
    Field(
        description="a tweet; at least one visible character, at most SENTIMENT_MAX_CHARS",
        examples=["I love this!"],
        json_schema_extra={"minLength": 1},  # said, not checked here: `text_rules.py` says it in words
    ),
]

Request = TypeVar("Request", bound=BaseModel)
_SWITCH = {"": True, "true": True, "1": True, "false": False, "0": False}


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PredictRequest(_Request):
    """One text to label."""

    text: Text


class BatchRequest(_Request):
    """Several texts to label."""

    texts: list[Text] = Field(min_length=1, max_length=MAX_BATCH)


class FeedbackRequest(_Request):
    """A person's word on one prediction: was its label right, and if not, which one is."""

    prediction_id: str = Field(description="as /predict gave it")
    text: str = Field(description="the exact text that was predicted")
    correct: bool
    label: Label | None = Field(
        None, description="the true label; not the predicted one where `correct` is false"
    )
    comment: str | None = Field(None, max_length=MAX_COMMENT_CHARS)


class Scores(BaseModel):
    """The model's probability of each label; they sum to 1."""

    negative: float
    neutral: float
    positive: float


class WeighedWord(BaseModel):
    """What white space separates in a text, and how much it moved the score of the label."""

    word: str
    start: int = Field(description="where it begins in the text as it was sent, in characters (code points)")
    end: int = Field(description="where it ends")
    weight: float = Field(
        description="the label's score minus its score without this word: above 0 it speaks for the label. "
        "Of long texts, the words that seem strongest are tried; the others have 0"
    )


class Prediction(BaseModel):
    """The label of one text, and the id to send with feedback on it."""

    prediction_id: str
    label: Label
    scores: Scores
    model: str = Field(description="tweet-sentiment:VERSION")
    uncertain: bool | SkipJsonSchema[None] = Field(
        None,
        description="whether the highest score is below SENTIMENT_UNCERTAIN_BELOW or, without that "
        "setting, below the threshold that was learned from production; only where there is one of the two",
    )
    explanation: list[WeighedWord] | SkipJsonSchema[None] = Field(
        None,
        description="the words of the text in their order; only of /predict, "
        "and only if the request asks for it with ?explain",
    )


class FeedbackAnswer(BaseModel):
    """The feedback is stored durably. The same prediction again gives the same id."""

    feedback_id: str
    status: Literal["recorded", "already recorded"]


class ErrorAnswer(BaseModel):
    """What is wrong, with which value, and what to do."""

    error: str


def parse(request_type: type[Request], body: bytes) -> Request:
    """Return a body, which must be JSON of the given shape.

    Raises:
        RequestError: It is not; the message names the place and never quotes what was sent.
    """
    try:
        return request_type.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise RequestError("the body is not valid JSON in UTF-8: send one JSON object") from None
        place = _place(first["loc"], request_type)
        fields = ", ".join(request_type.model_fields)
        raise RequestError(f"{place}: {first['msg']}; the fields are {fields}, see /docs.json") from None


def _place(location: tuple[int | str, ...], request_type: type[BaseModel]) -> str:
    """Return where the error is, without the name of an unknown field: that comes from outside."""
    if not location:
        return "the body"
    field = str(location[0])
    shown = field if field in request_type.model_fields else "an unknown field"
    return shown + "".join(f"[{part}]" for part in location[1:] if isinstance(part, int))


def wants_explanation(query: bytes, request: PredictRequest | BatchRequest) -> bool:
    """Return whether a query string asks for an explanation.

    That is `explain`, or `explain=` with true, 1, false or 0.

    Raises:
        RequestError: It has another value, or more than one, or asks for it of several texts.
    """
    values = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("explain", ["false"])
    if len(values) > 1 or values[0] not in _SWITCH:
        found = f"{len(values)} values" if len(values) > 1 else f"a value of {len(values[0])} characters"
        raise RequestError(f"explain has {found}: send ?explain=true or ?explain=false, once")
    if isinstance(request, BatchRequest) and _SWITCH[values[0]]:
        raise RequestError(
            f"explain is asked for a list of {len(request.texts)} texts: send them to /predict, one by one"
        )
    return _SWITCH[values[0]]
