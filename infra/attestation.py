"""Checks what GitHub attests of an image: who built it, from which commit, and what is in it."""

from __future__ import annotations

import os
import re

from infra.programs import ProgramError, run
from sentiment.errors import ConfigError, SentiloopError

WORKFLOW = ".github/workflows/release.yml"
# The provenance, and the bill of materials (CycloneDX).
PREDICATES = ("https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom")
_SECONDS = 120
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


class AttestationError(SentiloopError):
    """GitHub does not attest that our workflow built an image from a commit."""


def check_image(image: str, commit: str, *, pause: float = 5.0) -> bool:
    """Let gh verify what GitHub attests of an image, and return whether that was asked for.

    Nothing is asked with ATTESTATIONS=off, for people who deploy without GitHub.

    Raises:
        ConfigError: The setting is neither `on` nor `off`, it is not known which repository built
            the image, or the commit is abbreviated.
        AttestationError: There is no good attestation; nothing may be deployed.
    """
    setting = os.environ.get("ATTESTATIONS", "").strip() or "on"
    if setting not in ("on", "off"):
        raise ConfigError(f"ATTESTATIONS is {setting!r}: set it to on or off")
    if setting == "off":
        return False
    repository = os.environ.get("GITHUB_REPOSITORY", "").strip()
    if not _REPOSITORY.fullmatch(repository):
        raise ConfigError(
            f"GITHUB_REPOSITORY is {repository!r}, so nobody can attest the image: set it to the OWNER/NAME "
            "that built it, or set ATTESTATIONS=off to deploy an image that you trust otherwise"
        )
    if not _COMMIT.fullmatch(commit):
        raise ConfigError(f"{commit!r} is not a whole commit, of which GitHub attests: give its 40 digits")
    signer = f"{repository}/{WORKFLOW}"
    policy = ("--repo", repository, "--signer-workflow", signer, "--source-digest", commit)
    for predicate in PREDICATES:
        only = ("--deny-self-hosted-runners", "--predicate-type", predicate)
        command = ("gh", "attestation", "verify", f"oci://{image}", *policy, *only)
        try:
            run(*command, seconds=_SECONDS, tries=3, pause=pause)
        except ProgramError as error:
            raise AttestationError(
                f"{image} has no good attestation ({predicate}) by {signer} for the commit {commit}: "
                f"{error}; nothing is deployed. Release it by that workflow, or see 'Attestations' "
                "in docs/release.md"
            ) from error
    return True
