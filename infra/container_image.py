"""Build and push the image of the champion: `python -m infra.container_image`.

The steps: Bento, image, bill of materials, registry. The result is the image's digest as the
registry reports it: a tag may move, a digest cannot. All programs are those of PATH.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from infra.github import summarise, tell
from infra.programs import ProgramError, run
from sentiment.command import run_command
from sentiment.errors import ConfigError

_BUILD_SECONDS, _PUSH_SECONDS, _ASK_SECONDS = 3000, 1200, 120
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def publish(repository: str, tags: tuple[str, ...], sbom: Path, *, pause: float = 5.0) -> str:
    """Build the champion's image, push it under each tag, and return its name with its digest.

    Safe to repeat: the tags move to the image that was pushed last, and nothing is deployed by a
    tag.

    Raises:
        ConfigError: The repository or a tag is malformed.
        ProgramError: A program failed, or the registry does not report the digest.
    """
    names = [f"{repository}:{tag}" for tag in tags]
    if not _REPOSITORY.fullmatch(repository) or not all(_TAG.fullmatch(tag) for tag in tags):
        raise ConfigError(
            f"{' '.join(names)} cannot name an image: set REGISTRY_IMAGE to HOST/OWNER/NAME, "
            "and give short tags"
        )
    bento = _last_line(run("make", "--silent", "bundle", seconds=_BUILD_SECONDS), "make bundle")
    flags = " ".join(f"--image-tag {name}" for name in names)
    run("make", "--silent", "image", f"BENTO={bento}", f"FLAGS={flags}", seconds=_BUILD_SECONDS)
    run("python", "-m", "infra.sbom", bento, str(sbom), seconds=_BUILD_SECONDS)
    for name in names:
        run("docker", "push", name, seconds=_PUSH_SECONDS, tries=3, pause=pause)
    ask = ("docker", "buildx", "imagetools", "inspect", names[0], "--format", "{{.Manifest.Digest}}")
    digest = run(*ask, seconds=_ASK_SECONDS, tries=3, pause=pause).strip()
    if not _DIGEST.fullmatch(digest):
        raise ProgramError(
            f"the registry says {digest[:80]!r} of {names[0]}, which is no digest: see that it was pushed"
        )
    image = f"{repository}@{digest}"
    summarise(f"- {bento} is `{image}`, with the tags {', '.join(f'`{tag}`' for tag in tags)}")
    return image


def log_in(repository: str, user: str, token: str) -> None:
    """Log in to the repository's registry.

    The token goes to docker's stdin, where no list of processes shows it.

    Raises:
        ProgramError: The registry refuses.
    """
    registry = repository.partition("/")[0]
    run(
        "docker",
        "login",
        registry,
        "--username",
        user,
        "--password-stdin",
        seconds=_ASK_SECONDS,
        text=token,
        tries=3,
    )


def _last_line(output: str, program: str) -> str:
    lines = output.strip().splitlines()
    if not lines:
        raise ProgramError(f"'{program}' printed no tag: run it by hand and see")
    return lines[-1].strip()


def _setting(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name} has no value: set it, as docs/release.md says")
    return value


def main() -> None:
    """Read the command line, build and push the image, and write the output `image`: its digest."""
    parser = argparse.ArgumentParser(
        "python -m infra.container_image",
        description="Build the champion's image and push it to REGISTRY_IMAGE, as REGISTRY_USER.",
    )
    parser.add_argument("--tag", action="append", required=True, help="a tag; may be repeated")
    parser.add_argument(
        "--sbom",
        type=Path,
        default=Path("sbom.json"),
        help="where the bill of materials goes (default: %(default)s)",
    )
    chosen = parser.parse_args()
    repository = _setting("REGISTRY_IMAGE")
    log_in(repository, _setting("REGISTRY_USER"), _setting("REGISTRY_TOKEN"))
    tell("image", publish(repository, tuple(dict.fromkeys(chosen.tag)), chosen.sbom))


if __name__ == "__main__":
    sys.exit(run_command(main))
