"""Asks an image registry which digest a tag has, by the API that all of them speak (OCI)."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.errors import SentiloopError
from sentiment.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS, _MOST_BYTES = 30, 4_000_000
_DOCKER_HUB = {"docker.io": "registry-1.docker.io"}
# Lists of images for several machines first: their digest is the one to pin.
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


class RegistryError(SentiloopError):
    """A registry does not say which digest a tag has."""


@dataclass(frozen=True)
class Reference:
    """An image by its tag: the registry's host, the repository there, and the tag."""

    host: str
    name: str
    tag: str

    def __str__(self) -> str:
        return f"{self.host}/{self.name}:{self.tag}"


def ask_digest(image: Reference) -> str:
    """Return the digest of a public image's manifest, `sha256:...`, computed from its bytes.

    Raises:
        RegistryError: The registry does not answer, has no such tag, or contradicts itself.
    """
    host = _DOCKER_HUB.get(image.host, image.host)
    scheme = "http" if is_loopback(urllib.parse.urlsplit(f"//{host}").hostname or "") else "https"
    address = f"{scheme}://{host}/v2/{image.name}/manifests/{image.tag}"
    accept = {"Accept": ", ".join(_MANIFESTS)}
    try:
        try:
            content, headers = _get(address, accept)
        except urllib.error.HTTPError as error:
            if error.code != 401:  # noqa: PLR2004
                raise
            token = _ask_token(error.headers.get("WWW-Authenticate", ""), scheme)
            content, headers = _get(address, accept | {"Authorization": f"Bearer {token}"})
    except (OSError, ValueError) as error:
        raise RegistryError(
            f"{host} does not say which digest {image} has: {error}; check the tag and the connection, "
            "then run this again"
        ) from error
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if headers.get("Docker-Content-Digest", digest) != digest:
        raise RegistryError(
            f"{host} says that {image} is {headers['Docker-Content-Digest'][:80]}, but sent {digest}: "
            "see who answers there"
        )
    if headers.get("Content-Type", "").partition(";")[0] not in _MANIFESTS:
        raise RegistryError(f"{host} sent no manifest of {image}, but {headers.get('Content-Type')}")
    return digest


def _ask_token(challenge: str, scheme: str) -> str:
    """Return the token for anonymous readers that a registry's challenge asks for.

    Raises:
        ValueError: The challenge or the answer is malformed.
        OSError: The server of tokens does not answer.
    """
    kind, _, rest = challenge.partition(" ")
    asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    realm = asked.pop("realm", "")
    if kind.lower() != "bearer" or not realm.startswith(f"{scheme}://"):
        raise ValueError(f"it asks for {challenge[:80]!r}, which is no token over {scheme}")
    content, _ = _get(f"{realm}?{urllib.parse.urlencode(asked)}", {})
    answer = json.loads(content)
    token = answer.get("token") or answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str):
        raise ValueError(f"{realm} gave no token")  # noqa: TRY004
    return token


def _get(address: str, headers: Mapping[str, str]) -> tuple[bytes, Mapping[str, str]]:
    request = urllib.request.Request(address, headers=dict(headers))  # noqa: S310 - https, or loopback
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
        content = answer.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"{address} sent more than {_MOST_BYTES} bytes")
        return content, answer.headers
