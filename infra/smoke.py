"""Smoke test of a deployed service over HTTP: ready, right on known tweets, no forged feedback."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Self

import httpx

from sentiment.errors import SentiloopError
from sentiment.probe_tweets import PROBES
from sentiment.waiting import wait_until

if TYPE_CHECKING:
    from types import TracebackType

# Two labels, so that a model that always says the same does not pass.
KNOWN = {PROBES[label][0]: label for label in ("positive", "negative")}
_OK, _REFUSED = 200, 400


class SmokeError(SentiloopError):
    """A deployed service failed its smoke test."""


class Service:
    """An HTTP client of a deployed service; a call that fails its check raises SmokeError."""

    def __init__(self, address: str, api_key: str | None = None, *, seconds: float = 35.0) -> None:
        self.address = address.rstrip("/")
        headers = {"X-API-Key": api_key} if api_key else {}
        self._http = httpx.Client(base_url=self.address, headers=headers, timeout=seconds)

    def wait_until_ready(self, seconds: float, *, every: float = 5.0) -> None:
        """Return when /readyz answers 200.

        Raises:
            SmokeError: It did not in time.
        """
        answer = "nothing yet"

        def is_ready() -> bool:
            nonlocal answer
            try:
                status = self._http.get("/readyz").status_code
            except httpx.HTTPError as error:
                answer = type(error).__name__
                return False
            answer = f"HTTP {status}"
            return status == _OK

        if not wait_until(is_ready, seconds=seconds, pause=every):
            raise SmokeError(
                f"{self.address}/readyz was not ready within {seconds:g} s, "
                f"its last answer was {answer}: see the revision's log"
            )

    def check(self) -> None:
        """Check the predictions of known tweets, and that feedback with a forged id is refused."""
        for text, label in KNOWN.items():
            prediction = self.check_tweet(text, label)
        forged = {
            "prediction_id": forge(str(prediction["prediction_id"])),
            "text": text,
            "correct": False,
            "label": "neutral",
        }
        answer = self._post("/feedback", forged)
        if answer.status_code != _REFUSED:
            raise SmokeError(
                f"{self.address}/feedback answered {answer.status_code} to a forged prediction id, "
                f"not {_REFUSED}"
            )
        if not isinstance(_body(answer).get("error"), str):
            raise SmokeError(
                f"{self.address}/feedback refused a forged prediction id without saying why: "
                "it must answer with an error"
            )

    def check_tweet(self, text: str, label: str) -> dict[str, Any]:
        """Return the prediction for a tweet whose label is known."""
        answer = self._post("/predict", {"text": text})
        prediction = _body(answer)
        if answer.status_code != _OK or not prediction.get("prediction_id"):
            raise SmokeError(
                f"{self.address}/predict answered {answer.status_code} without a prediction: "
                "see the revision's log"
            )
        if prediction.get("label") != label:
            raise SmokeError(
                f"{self.address} labels {text!r} {prediction.get('label')!r}, not {label!r}: "
                "look at the champion"
            )
        return prediction

    def metrics(self) -> str:
        """Return the /metrics page of the replica that answers."""
        try:
            answer = self._http.get("/metrics")
        except httpx.HTTPError as error:
            raise SmokeError(
                f"{self.address}/metrics did not answer ({type(error).__name__}): see the revision's log"
            ) from error
        if answer.status_code != _OK:
            raise SmokeError(f"{self.address}/metrics answered {answer.status_code}: see the revision's log")
        return answer.text

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.close()

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Post JSON, check that the answer carries our trace id, and return the answer."""
        trace = secrets.token_hex(16)
        try:
            answer = self._http.post(
                path, json=body, headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
            )
        except httpx.HTTPError as error:
            raise SmokeError(
                f"{self.address}{path} did not answer ({type(error).__name__}): see the revision's log"
            ) from error
        if answer.headers.get("X-Trace-Id") != trace:
            said = answer.headers.get("X-Trace-Id")
            raise SmokeError(
                f"{self.address}{path} answered {answer.status_code} with X-Trace-Id {said}, "
                "not the trace that was sent"
            )
        return answer


def forge(prediction_id: str) -> str:
    """Return a prediction id whose signature is another.

    >>> forge("abc.xyAA"), forge("abc.xyzw")
    ('abc.xyBB', 'abc.xyAA')
    """
    return prediction_id[:-2] + ("BB" if prediction_id.endswith("AA") else "AA")


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
