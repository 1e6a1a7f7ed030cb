"""What Azure Blob storage said went wrong, in our words: fact, value, remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.errors import BlobError

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.storage.blob import ContainerClient

SCHEME = "az://"
CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
ACCOUNT = "AZURE_STORAGE_ACCOUNT"
_KEY_REMEDY = f"correct {CONNECTION_STRING}, or unset it and set {ACCOUNT} after 'az login'"
_ROLE_REMEDY = (
    "give this identity the role 'Storage Blob Data Contributor' on the account, "
    "and let the account's firewall admit it"
)


def explain(error: AzureError, container: ContainerClient, name: str) -> BlobError:  # noqa: PLR0911 - one for each thing Azure may say
    """Return our error for an exception of the client, whose own text may quote what was signed."""
    from azure.core.exceptions import ClientAuthenticationError

    code, status = code_of(error), getattr(error, "status_code", None)
    place = f"{SCHEME}{container.container_name} at {container.primary_endpoint.rpartition('/')[0]}"
    if code == "KeyBasedAuthenticationNotPermitted":
        return BlobError(
            f"{place} takes no account keys: unset {CONNECTION_STRING}, set {ACCOUNT} and run 'az login'"
        )
    if code == "AuthorizationFailure":  # Azure's firewall; Azurite says so of a wrong key, too
        return BlobError(
            f"{place} may not be used ({code}): {_ROLE_REMEDY}; where a key is used, {_KEY_REMEDY}"
        )
    if code.startswith("Authorization") or code == "InsufficientAccountPermissions":
        return BlobError(f"{place} may not be used ({code}): {_ROLE_REMEDY}")
    if isinstance(error, ClientAuthenticationError):
        return BlobError(
            f"the credential for {place} was refused ({code or type(error).__name__}): {_KEY_REMEDY}"
        )
    if code in ("ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled"):
        return BlobError(
            f"{place} cannot be used ({code}): make it with "
            f"'az storage container create --name {container.container_name}'"
        )
    if code == "BlobNotFound":
        return BlobError(
            f"{SCHEME}{container.container_name}/{name} is missing: restore the blob, "
            "which the portal may offer to undelete"
        )
    if status is None:
        return BlobError(
            f"{place} does not answer ({type(error).__name__}): check the network and the account's name, "
            "then try again"
        )
    return BlobError(
        f"{place} failed with the status {status} ({code or type(error).__name__}): try again later"
    )


def code_of(error: AzureError) -> str:
    """Return Azure's error code; empty where the storage did not answer."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")
