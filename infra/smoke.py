"""Whether a deployed service does its work, seen from outside over HTTP: ready, right about known tweets, deaf to forged feedback."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, Self

import httpx

from sentiment.errors import SentiloopError

if TYPE_CHECKING:
    from types import TracebackType

# Any champion knows these; two labels, so that a model that always says the same does not pass.
KNOWN = {"I love this, thank you so much!": "positive", "This is terrible, I hate it.": "negative"}
_OK, _REFUSED = 200, 400


class SmokeError(SentiloopError):
    """A deployed service does not do what it must."""


class Service:
    """A service at an address, seen from outside; every call but `wait_until_ready` raises SmokeError where it is not as it must be."""

    def __init__(self, address: str, api_key: str | None = None, *, seconds: float = 35.0) -> None:
        self.address = address.rstrip("/")
        headers = {"X-API-Key": api_key} if api_key else {}
        self._http = httpx.Client(base_url=self.address, headers=headers, timeout=seconds)

    def wait_until_ready(self, seconds: float, *, every: float = 5.0) -> None:
        """Return when /readyz answers 200.

        Raises:
            SmokeError: It did not within so many seconds.
        """
        end, said = time.monotonic() + seconds, "nothing yet"
        while time.monotonic() < end:
            try:
                answer = self._http.get("/readyz")
            except httpx.HTTPError as error:
                said = type(error).__name__
            else:
                if answer.status_code == _OK:
                    return
                said = f"HTTP {answer.status_code}"
            time.sleep(max(0.0, min(every, end - time.monotonic())))
        raise SmokeError(
            f"{self.address}/readyz was not ready within {seconds:g} s, its last answer was {said}: see the revision's log"
        )

    def check(self) -> None:
        """Ask the known tweets, and see that feedback with a forged prediction id is refused."""
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
                f"{self.address}/feedback answered {answer.status_code} to a forged prediction id, not {_REFUSED}"
            )
        if not isinstance(_body(answer).get("error"), str):
            raise SmokeError(
                f"{self.address}/feedback refused a forged prediction id without saying why: it must answer with an error"
            )

    def check_tweet(self, text: str, label: str) -> dict[str, Any]:
        """Return the prediction for a tweet whose label is known."""
        answer = self._post("/predict", {"text": text})
        prediction = _body(answer)
        if answer.status_code != _OK or not prediction.get("prediction_id"):
            raise SmokeError(
                f"{self.address}/predict answered {answer.status_code} without a prediction: see the revision's log"
            )
        if prediction.get("label") != label:
            raise SmokeError(
                f"{self.address} labels {text!r} {prediction.get('label')!r}, not {label!r}: look at the champion"
            )
        return prediction

    def metrics(self) -> str:
        """Return what /metrics says, of the replica that answers."""
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
        """Return an answer that carries the trace id that was sent along."""
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
                f"{self.address}{path} answered {answer.status_code} with X-Trace-Id {said}, not the trace that was sent"
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
