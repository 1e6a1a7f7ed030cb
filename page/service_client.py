"""The HTTP client of the service, for people's tools such as the demo page.

It loads no model and shows nothing to anyone.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError, model_validator

from models import LABELS
from sentiment.errors import ConfigError, SentiloopError
from sentiment.loopback import is_loopback
from sentiment.serving.api import FeedbackAnswer, Prediction, WeighedWord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.config import Settings

_CONNECT_SECONDS = 5.0
_GRACE_SECONDS = 5.0  # the service gives up first, so that its own words arrive

Reason = Literal["down", "slow", "refused", "strange"]
Answer = TypeVar("Answer", bound=BaseModel)


class ServiceError(SentiloopError):
    """The service gave no usable answer.

    `reason` says why; for `refused` the message is the service's own text.
    """

    def __init__(
        self, message: str, *, reason: Reason, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class PredictedText(Prediction):
    """A prediction and its text; its id is good for feedback on exactly this text."""

    text: str

    @property
    def score(self) -> float:
        """The score of the predicted label."""
        return self.score_by_label[self.label]

    @property
    def score_by_label(self) -> dict[str, float]:
        """The scores of all labels, in the order of `LABELS`."""
        return {label: getattr(self.scores, label) for label in LABELS}

    @property
    def is_uncertain(self) -> bool:
        """Whether its score is below the service's threshold, set or learned, if there is one."""
        return self.uncertain is True

    @property
    def weighed_words(self) -> Sequence[WeighedWord]:
        """The words with their weights; none if no explanation was asked for."""
        return self.explanation or ()

    @model_validator(mode="after")
    def _words_stand_in_the_text(self) -> Self:
        if any(self.text[word.start : word.end] != word.word for word in self.weighed_words):
            raise ValueError("an explanation of another text")
        return self


class ServiceClient:
    """A client of one service; safe to share between threads."""

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
        """Return a client of the settings' service, with their API key if there is one."""
        key = settings.api_key.get_secret_value() if settings.api_key else None
        return cls(settings.service_address, api_key=key, timeout_seconds=settings.timeout_seconds)

    def on_behalf_of(self, viewer: str) -> Self:
        """Return this client with a viewer's address, for a service that trusts it as a proxy."""
        other = copy.copy(self)
        other._viewer = {"X-Forwarded-For": viewer} if viewer else {}
        return other

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def predict(self, text: str, *, explain: bool = False) -> PredictedText:
        """Return the service's prediction for one text; on request, with the weights of its words.

        Raises:
            ServiceError: No answer, a refusal, or an answer that is not of the contract.
        """
        text = text.encode(errors="replace").decode()  # half an emoji cannot be sent
        return _predicted(
            text, self._ask("POST", "/predict?explain=true" if explain else "/predict", {"text": text})
        )

    def predict_batch(self, texts: Sequence[str]) -> list[PredictedText]:
        """Return one prediction per text, in order; `texts` holds 1 to 256.

        Raises:
            ServiceError: As for `predict`; one bad text refuses the whole batch. So does one that
                cannot be sent, since people get the texts of a batch back as they are.
        """
        for position, text in enumerate(texts):
            _refuse_halves(position, text)
        answer = self._ask("POST", "/predict_batch", {"texts": list(texts)})
        if not isinstance(answer, list) or len(answer) != len(texts):
            raise _strange(200)
        return [_predicted(text, item) for text, item in zip(texts, answer, strict=True)]

    def send_feedback(
        self, prediction: PredictedText, *, is_correct: bool, label: str | None = None, comment: str = ""
    ) -> FeedbackAnswer:
        """Send whether a prediction was right, else the true label, and return the acknowledgement.

        Raises:
            ServiceError: As for `predict`.
        """
        body = {"prediction_id": prediction.prediction_id, "text": prediction.text, "correct": is_correct}
        extras = {"label": label, "comment": comment.strip().encode(errors="replace").decode()}
        answer = self._ask("POST", "/feedback", body | {key: value for key, value in extras.items() if value})
        return _validated(FeedbackAnswer, answer)

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


def _refuse_halves(position: int, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(text[error.start]):04X}"
        message = f"texts[{position}] has half a character ({half}): write the whole one, or leave it out"
        raise ServiceError(message, reason="refused", status=400) from None


def _predicted(text: str, answer: Any) -> PredictedText:
    if not isinstance(answer, dict):
        raise _strange(200)
    return _validated(PredictedText, {**answer, "text": text})


def _validated(answer_type: type[Answer], answer: Any) -> Answer:
    try:
        return answer_type.model_validate(answer)
    except ValidationError as error:
        raise _strange(200) from error


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
