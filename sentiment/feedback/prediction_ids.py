"""Prediction ids: signed, so that feedback needs no database of predictions.

What becomes of the feedback is in `feedback.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode, bytes_to_int

from sentiment.errors import ConfigError, PredictionIdError
from sentiment.local_key import read_or_make_key

if TYPE_CHECKING:
    from sentiment.config import Settings

KEY_FILE = "signing.key"
MIN_KEY_CHARS = 16
_SECONDS_PER_DAY, _SECONDS_PER_HOUR = 86_400, 3600
_MOST_SKEW = _SECONDS_PER_HOUR  # by which clocks of replicas, or one clock before and after, differ
_ALTERED = "prediction_id was not issued by this service, or was altered: send it as /predict gave it"


@dataclass(frozen=True)
class SignedPrediction:
    """What a prediction id vouches for. The text itself is not in it."""

    prediction_id: str
    label: str
    score: float
    model: str


class PredictionSigner:
    """Issues and checks prediction ids; all signers with the same key agree.

    An id carries a nonce, a keyed digest of the text, label, score and model; whoever holds it can
    read the last three. While a key is rotated, what another key signed is accepted as well.
    """

    def __init__(self, key: str, ttl_days: float, *, also: str | None = None) -> None:
        for name, value in (("SENTIMENT_SIGNING_KEY", key), ("SENTIMENT_PREVIOUS_SIGNING_KEY", also)):
            if value is not None and len(value) < MIN_KEY_CHARS:
                raise ConfigError(
                    f"the signing key has {len(value)} characters, at least {MIN_KEY_CHARS} are needed: "
                    f"lengthen {name}"
                )
        self._key = key.encode()
        self._accepted = [key.encode(), *([also.encode()] if also else [])]
        self._ttl_days = ttl_days
        signer = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        # Of several keys the last one signs, and each one checks.
        self._serializer = URLSafeTimedSerializer(
            self._accepted[::-1], salt="sentiloop.prediction", signer_kwargs=signer
        )

    def sign(self, text: str, *, label: str, score: float, model: str) -> str:
        """Return a new prediction id; two predictions of one text have different ids."""
        return str(
            self._serializer.dumps([secrets.token_urlsafe(12), _digest(self._key, text), label, score, model])
        )

    def check(self, prediction_id: str, text: str) -> SignedPrediction:
        """Return what an id signs, if this service issued it for this text and it has not expired.

        Raises:
            PredictionIdError: The id is forged, altered, expired or of another text.
        """
        signed, digest, issued = self._open(prediction_id)
        self._refuse_age(time.time() - issued.timestamp())
        if not any(hmac.compare_digest(digest, _digest(key, text)) for key in self._accepted):
            raise PredictionIdError(
                "prediction_id belongs to another text: send the exact text that was predicted"
            )
        return signed

    def read(self, prediction_id: str) -> SignedPrediction:
        """Return what the id vouches for, however old it is, if this service issued it.

        Raises:
            PredictionIdError: The id is forged or altered.
        """
        return self._open(prediction_id)[0]

    def _open(self, prediction_id: str) -> tuple[SignedPrediction, str, datetime]:
        """Return what the id vouches for, its digest of the text, and when it was issued."""
        try:
            signed, issued = self._serializer.loads(prediction_id, return_timestamp=True)
        except (BadData, UnicodeError) as error:
            raise PredictionIdError(_ALTERED) from error
        if not _is_canonical(prediction_id):
            raise PredictionIdError(_ALTERED)
        _, digest, label, score, model = signed
        return SignedPrediction(prediction_id, label, score, model), digest, issued

    def _refuse_age(self, seconds: float) -> None:
        """Refuse an id that is expired, or dated further ahead than clocks differ."""
        if seconds > self._ttl_days * _SECONDS_PER_DAY:
            raise PredictionIdError(
                f"prediction_id is older than {self._ttl_days:g} days: "
                "predict the text again and send the new id"
            )
        if seconds < -_MOST_SKEW:
            raise PredictionIdError(
                f"prediction_id was issued {-seconds / _SECONDS_PER_HOUR:.1f} hours ahead of the service's "
                "clock: set the clocks of its machines, then predict the text again"
            )

    def pseudonym(self, address: str) -> str | None:
        """Return a keyed digest of a sender's address, 16 hexadecimal characters; None if empty."""
        return hmac.digest(self._key, b"sender:" + address.encode(), "sha256").hex()[:16] if address else None

    def seal(self, prediction_id: str, reason: str, probability: float, text: str) -> str:
        """Return a keyed digest, 32 hexadecimal characters, of a prediction's draw for review.

        Only the service can make it; so nobody else can say how and with which probability a
        prediction was drawn, nor put another text in its place. Spaces of the text do not count.
        """
        return _seal(self._key, prediction_id, reason, probability, text)

    def seals(self, prediction_id: str, reason: str, probability: float, text: str) -> list[str]:
        """Return the seals of a draw by each key that is accepted, the present key's first."""
        return [_seal(key, prediction_id, reason, probability, text) for key in self._accepted]


def _digest(key: bytes, text: str) -> str:
    digest = hmac.digest(key, b"text:" + text.encode(), "sha256")
    return base64_encode(digest[:16]).decode()


def _seal(key: bytes, prediction_id: str, reason: str, probability: float, text: str) -> str:
    drawn = (prediction_id, reason, f"{probability:.9g}", "".join(text.split()))
    return hmac.digest(key, b"draw:" + "\n".join(drawn).encode(), "sha256").hex()[:32]


def _is_canonical(prediction_id: str) -> bool:
    """Return whether an id's signature is spelled as it was issued.

    Base64 has several spellings of one signature: one id would have many names.
    """
    signature = prediction_id.rpartition(".")[2]
    return base64_encode(base64_decode(signature)).decode() == signature


def stated_in(prediction_id: str) -> tuple[SignedPrediction, datetime]:
    """Return what an id states, and when it was issued, without checking its signature.

    Only for ids that were checked before they were kept, where the key need not be at hand.

    Raises:
        PredictionIdError: It is no prediction id.
    """
    try:
        payload, issued, _ = prediction_id.rsplit(".", 2)
        _, _, label, score, model = URLSafeTimedSerializer("no key is needed").load_payload(payload.encode())
        moment = datetime.fromtimestamp(bytes_to_int(base64_decode(issued)), UTC)
        return SignedPrediction(prediction_id, str(label), float(score), str(model)), moment
    except (BadData, ValueError, TypeError, OverflowError, OSError, struct.error) as error:
        raise PredictionIdError(_ALTERED) from error


def make_signer(settings: Settings) -> PredictionSigner:
    """Return the signer of this installation.

    Its key is SENTIMENT_SIGNING_KEY, else a random one that is kept below SENTIMENT_HOME. What
    SENTIMENT_PREVIOUS_SIGNING_KEY signed is accepted as well.

    Raises:
        ConfigError: A key is too short, or its file cannot be written or read.
    """
    secret, other = settings.signing_key, settings.previous_signing_key
    key = secret.get_secret_value() if secret else _local_key(settings)
    also = other.get_secret_value() if other else None
    return PredictionSigner(key, settings.prediction_ttl_days, also=also)


def signer_at_hand(settings: Settings) -> PredictionSigner | None:
    """Return the service's signer if its key is set or in the same SENTIMENT_HOME, else None."""
    # A key made now would check nothing.
    return make_signer(settings) if settings.signing_key or (settings.home / KEY_FILE).exists() else None


def _local_key(settings: Settings) -> str:
    path = settings.home / KEY_FILE
    return read_or_make_key(path, purpose="signing key", setting="SENTIMENT_SIGNING_KEY")
