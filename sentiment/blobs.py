"""Azure Blob storage: who we are there, and a folder of blobs that are made once.

What is in them is the callers' business.

Not fsspec's `adlfs`: it takes a container that is being deleted for a blob that is there already,
and tries for 80 seconds.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from sentiment.blob_errors import ACCOUNT, CONNECTION_STRING, SCHEME, code_of, explain
from sentiment.errors import BlobError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from azure.storage.blob import BlobServiceClient, ContainerClient

DIGEST = "sha256"  # the entry in a blob's metadata
_URL = re.compile(
    r"az://(?P<container>(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9])(?:/(?P<folder>[\w.+/-]*))?", re.ASCII
)
_TAKEN = ("BlobAlreadyExists", "ConditionNotMet")
_CONNECT_SECONDS, _READ_SECONDS, _RETRIES, _FIRST_PAUSE = 10, 20, 2, 1
_BLOCK_BYTES = 4 * 1024 * 1024  # what one request carries: a slow line answers within _READ_SECONDS
_READERS = 8
_REMOVED_AT_ONCE = 256  # the most that Azure takes


@dataclass(frozen=True)
class Blob:
    """What a blob held when it was read, and the ETag that it had then."""

    content: bytes
    etag: str


@dataclass(frozen=True)
class Entry:
    """A blob in a listing."""

    name: str
    size: int
    etag: str


class BlobFolder:
    """A folder of one container; names are relative to it. Threads may share it."""

    def __init__(self, container: ContainerClient, folder: str) -> None:
        self._container = container
        self._prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
        self.address = f"{SCHEME}{container.container_name}/{self._prefix}".rstrip("/")

    def make_container(self) -> bool:
        """Create the container; return False where it exists already.

        Raises:
            BlobError: The storage cannot be used.
        """
        from azure.core.exceptions import ResourceExistsError

        with self._explained():
            try:
                self._container.create_container()
            except ResourceExistsError as error:
                if code_of(error) != "ContainerAlreadyExists":
                    raise
                return False
        return True

    def create(self, name: str, content: bytes | IO[bytes], *, digest: str = "") -> bool:
        """Create a blob; return False, and change nothing, if one of this name exists.

        Of any number of writers at once, one wins. When the call returns, the blob is stored whole;
        a killed writer leaves none.

        Raises:
            BlobError: The storage cannot be used; nothing is written that could be read.
        """
        from azure.core.exceptions import HttpResponseError

        metadata = {DIGEST: digest} if digest else None
        with self._explained():
            try:
                self._container.upload_blob(self._prefix + name, content, overwrite=False, metadata=metadata)
            except HttpResponseError as error:
                if code_of(error) not in _TAKEN:
                    raise
                return False
        return True

    def replace(self, name: str, content: bytes, *, etag: str | None) -> bool:
        """Write a blob if its ETag is still this one (None: no blob yet).

        Return whether the blob holds the content now.

        Raises:
            BlobError: The storage cannot be used.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError

        condition: dict[str, Any] = (
            {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        )
        with self._explained():
            try:
                self._container.upload_blob(
                    self._prefix + name, content, overwrite=etag is not None, **condition
                )
            except HttpResponseError as error:
                if code_of(error) not in (*_TAKEN, "BlobNotFound"):
                    raise
                # It may be ours: written by a request whose answer was lost, and tried again.
                present = self.read(name)
                return present is not None and present.content == content
        return True

    def read(self, name: str) -> Blob | None:
        """Return a small blob; None if there is none.

        Raises:
            BlobError: The storage cannot be used.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with self._explained():
            try:
                download = self._container.download_blob(self._prefix + name)
                return Blob(download.readall(), str(download.properties.etag))
            except ResourceNotFoundError as error:
                if code_of(error) != "BlobNotFound":
                    raise
                return None

    def read_many(self, names: Sequence[str]) -> list[bytes | None]:
        """Return what some small blobs hold, in the order of their names; None for a missing one.

        Raises:
            BlobError: The storage cannot be used.
        """
        with self._explained(), ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(self._read_if_there, names))

    def _read_if_there(self, name: str) -> bytes | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return bytes(self._container.download_blob(self._prefix + name).readall())
        except ResourceNotFoundError as error:
            if code_of(error) != "BlobNotFound":
                raise
            return None

    def exists(self, name: str) -> bool:
        """Return whether there is a blob of this name.

        Raises:
            BlobError: The storage cannot be used.
        """
        with self._explained(name):
            return bool(self._container.get_blob_client(self._prefix + name).exists())

    def remove(self, names: Sequence[str]) -> None:
        """Remove blobs; one that is missing is no error.

        Raises:
            BlobError: The storage cannot be used; some of them may be left.
        """
        for start in range(0, len(names), _REMOVED_AT_ONCE):
            batch = [self._prefix + name for name in names[start : start + _REMOVED_AT_ONCE]]
            with self._explained():
                answers = self._container.delete_blobs(*batch, raise_on_any_failure=False)
                failed = {answer.status_code for answer in answers} - {202, 404}
            if failed:
                raise BlobError(
                    f"{self.address}: blobs cannot be removed (status {min(failed)}): check the role"
                )

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a blob piece by piece.

        Raises:
            BlobError: The storage cannot be used, or holds no such blob.
        """
        with self._explained(name):
            yield from self._container.download_blob(self._prefix + name).chunks()

    def digest(self, name: str) -> str:
        """Return the digest that a blob was created with, empty if without one.

        Raises:
            BlobError: The storage cannot be used, or holds no such blob.
        """
        with self._explained(name):
            return str(
                (
                    self._container.get_blob_client(self._prefix + name).get_blob_properties().metadata or {}
                ).get(DIGEST, "")
            )

    def names(self, below: str = "") -> list[str]:
        """Return the names of all blobs that begin with `below`, in alphabetical order.

        Raises:
            BlobError: The storage cannot be used.
        """
        with self._explained():
            return [
                str(name).removeprefix(self._prefix)
                for name in self._container.list_blob_names(name_starts_with=self._prefix + below)
            ]

    def entries(self, below: str = "") -> list[Entry]:
        """Return all blobs whose names begin with `below`, in alphabetical order.

        Raises:
            BlobError: The storage cannot be used.
        """
        with self._explained():
            return [
                Entry(str(blob.name).removeprefix(self._prefix), int(blob.size), str(blob.etag))
                for blob in self._container.list_blobs(name_starts_with=self._prefix + below)
            ]

    @contextmanager
    def _explained(self, name: str = "") -> Iterator[None]:
        from azure.core.exceptions import AzureError

        try:
            yield
        except AzureError as error:
            raise explain(error, self._container, self._prefix + name) from error


def open_folder(url: str) -> BlobFolder:
    """Return the folder at `az://CONTAINER/FOLDER`; nothing is asked of the storage yet.

    Raises:
        ConfigError: The URL is of another form, or the environment names no storage account or a
            malformed one.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise ConfigError(
            f"{url.partition('?')[0].rpartition('@')[2]!r} is no address on Azure Blob storage: "
            f"write az://CONTAINER or az://CONTAINER/FOLDER; "
            f"the account is named by {ACCOUNT} or {CONNECTION_STRING}"
        )
    return BlobFolder(_connect().get_container_client(found["container"]), found["folder"] or "")


def _connect() -> BlobServiceClient:
    from azure.storage.blob import BlobServiceClient, ExponentialRetry

    options: dict[str, Any] = {
        "retry_policy": ExponentialRetry(
            initial_backoff=_FIRST_PAUSE, increment_base=2, retry_total=_RETRIES, random_jitter_range=1
        ),
        "connection_timeout": _CONNECT_SECONDS,
        "read_timeout": _READ_SECONDS,
        "max_single_put_size": _BLOCK_BYTES,
        "max_block_size": _BLOCK_BYTES,
    }
    text = os.environ.get(CONNECTION_STRING, "").strip()
    account = os.environ.get(ACCOUNT, "").strip()
    try:
        if text:
            return BlobServiceClient.from_connection_string(text, **options)
        if account:
            from azure.identity import DefaultAzureCredential

            address = (
                account if account.startswith("https://") else f"https://{account}.blob.core.windows.net"
            )
            return BlobServiceClient(address, credential=DefaultAzureCredential(), **options)
    except ValueError as error:
        name = CONNECTION_STRING if text else ACCOUNT
        raise ConfigError(
            f"{name} cannot be used: copy it anew from the storage account's page in the portal"
        ) from error
    raise ConfigError(
        f"no storage account is named: set {ACCOUNT} and run 'az login', or set {CONNECTION_STRING}"
    )
