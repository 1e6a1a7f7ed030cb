"""The HTTP client of the service, for people's tools such as the demo page.

It loads no model and shows nothing to anyone.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import httpx

from models import LABELS
from sentiment.errors import ConfigError, SentiloopError
from sentiment.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentiment.config import Settings

_CONNECT_SECONDS = 5.0
_GRACE_SECONDS = 5.0  # the service gives up first, so that its own words arrive

Reason = Literal["down", "slow", "refused", "strange"]


class ServiceError(SentiloopError):
    """The service gave no answer to use.

    `reason` says why; for `refused` the message is the service's own text.
    """

    def __init__(
        self, message: str, *, reason: Reason, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class WeighedWord:
    """A word of a text, where it stands, and how much it moved the label's score: above 0 it speaks for the label."""

    word: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Prediction:
    """What the service said of one text; the id is good for feedback on exactly this text.

    `is_uncertain` is only ever true of a service that was told what it may be unsure of
    (SENTIMENT_UNCERTAIN_BELOW).
    """

    text: str
    prediction_id: str
    label: str
    scores: dict[str, float]
    model: str
    is_uncertain: bool = False
    explanation: tuple[WeighedWord, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What the service answers to feedback; `is_new` is false when this prediction had its feedback already."""

    feedback_id: str
    is_new: bool


class ServiceClient:
    """Talks to one service; safe to share between threads."""

    def __init__(self, address: str, *, api_key: str | None = None, timeout_seconds: float = 30.0) -> None:
        self.address = address
        self._viewer: dict[str, str] = {}
        headers = {b"X-API-Key": api_key.encode()} if api_key else {}
        timeout = httpx.Timeout(timeout_seconds + _GRACE_SECONDS, connect=_CONNECT_SECONDS)
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as error:
            raise ConfigError(
                f"the setting SENTIMENT_SERVICE_URL cannot be used: {error}; give an address like http://127.0.0.1:8000"
            ) from error
        # A proxy named in the environment never stands between this machine and itself.
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, trust_env=not is_loopback(url.host)
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return a client of the service that the settings name, with their API key if there is one."""
        key = settings.api_key.get_secret_value() if settings.api_key else None
        return cls(settings.service_address, api_key=key, timeout_seconds=settings.timeout_seconds)

    def on_behalf_of(self, viewer: str) -> Self:
        """Return this client with a viewer's address, which a service that trusts this program as a proxy takes for the sender's."""
        other = copy.copy(self)
        other._viewer = {"X-Forwarded-For": viewer} if viewer else {}
        return other

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def predict(self, text: str, *, explain: bool = False) -> Prediction:
        """Return the service's prediction for one text; on request, with the weights of its words.

        Raises:
            ServiceError: No answer, a refusal, or an answer that is not of the contract.
        """
        text = text.encode(errors="replace").decode()  # half an emoji cannot be sent
        return _prediction(
            text, self._ask("POST", "/predict?explain=true" if explain else "/predict", {"text": text})
        )

    def predict_batch(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction per text, in order; `texts` holds 1 to 256.

        Raises:
            ServiceError: As for `predict`; one bad text refuses the whole batch.
        """
        answer = self._ask("POST", "/predict_batch", {"texts": list(texts)})
        if not isinstance(answer, list) or len(answer) != len(texts):
            raise _strange(200)
        return [_prediction(text, item) for text, item in zip(texts, answer, strict=True)]

    def send_feedback(
        self, prediction: Prediction, *, is_correct: bool, label: str | None = None, comment: str = ""
    ) -> Receipt:
        """Say whether a prediction was right, else the true label.

        Raises:
            ServiceError: As for `predict`.
        """
        body = {"prediction_id": prediction.prediction_id, "text": prediction.text, "correct": is_correct}
        extras = {"label": label, "comment": comment.strip().encode(errors="replace").decode()}
        answer = self._ask("POST", "/feedback", body | {key: value for key, value in extras.items() if value})
        try:
            return Receipt(str(answer["feedback_id"]), is_new=answer["status"] == "recorded")
        except (KeyError, TypeError) as error:
            raise _strange(200) from error

    def check_ready(self) -> None:
        """Return when the service is ready.

        Raises:
            ServiceError: It is not, or it does not answer.
        """
        self._send("GET", "/readyz", None)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        answer = self._send(method, path, body)
        try:
            return answer.json()
        except ValueError as error:
            raise _strange(answer.status_code) from error

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body, headers=self._viewer)
        except httpx.TimeoutException as error:
            reason: Reason = "down" if isinstance(error, httpx.ConnectTimeout) else "slow"
            raise ServiceError(
                f"the service at {self.address} did not answer in time", reason=reason
            ) from error
        except httpx.HTTPError as error:
            raise ServiceError(
                f"the service at {self.address} cannot be reached: start it with 'make serve'", reason="down"
            ) from error
        if not answer.is_success:
            raise _refusal(answer)
        return answer


def _prediction(text: str, answer: Any) -> Prediction:
    try:
        scores = {label: float(answer["scores"][label]) for label in LABELS}
        identifier, label, model = (str(answer[key]) for key in ("prediction_id", "label", "model"))
        words = tuple(
            WeighedWord(str(one["word"]), int(one["start"]), int(one["end"]), float(one["weight"]))
            for one in answer.get("explanation", ())
        )
        prediction = Prediction(
            text, identifier, label, scores, model, answer.get("uncertain") is True, words
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _strange(200) from error
    if prediction.label not in LABELS or any(text[one.start : one.end] != one.word for one in words):
        raise _strange(200)
    return prediction


def _refusal(answer: httpx.Response) -> ServiceError:
    try:
        message = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        message = None
    if not isinstance(message, str) or not message:
        return _strange(answer.status_code)
    wait = answer.headers.get("Retry-After", "")
    return ServiceError(
        message,
        reason="refused",
        status=answer.status_code,
        retry_after=float(wait) if wait.isdecimal() else None,
    )


def _strange(status: int) -> ServiceError:
    return ServiceError(
        f"the answer (HTTP {status}) is not one of Sentiloop's service: check SENTIMENT_SERVICE_URL",
        reason="strange",
        status=status,
    )
