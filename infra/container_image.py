"""The image of the champion: `python -m infra.container_image build`, then `push`.

Two commands, since what builds runs the code of some 280 packages: a job of its own does it without
the registry's token, and hands the image over as a file. The result is the image's digest as the
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
_AZURE = ".azurecr.io/"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def build(repository: str, tags: tuple[str, ...], *, archive: Path, sbom: Path) -> None:
    """Build the champion's image under each tag, write it to a file, and list what is in it.

    Raises:
        ConfigError: The repository or a tag is malformed.
        ProgramError: A program failed.
    """
    names = _names(repository, tags)
    bento = _last_line(run("make", "--silent", "bundle", seconds=_BUILD_SECONDS), "make bundle")
    flags = " ".join(f"--image-tag {name}" for name in names)
    run("make", "--silent", "image", f"BENTO={bento}", f"FLAGS={flags}", seconds=_BUILD_SECONDS)
    run("python", "-m", "infra.sbom", bento, str(sbom), "--image", names[0], seconds=_BUILD_SECONDS)
    run("docker", "save", "--output", str(archive), *names, seconds=_BUILD_SECONDS)
    summarise(f"- the image of {bento} is built")


def push(repository: str, tags: tuple[str, ...], *, archive: Path, pause: float = 5.0) -> str:
    """Push the image of a file under each tag, and return its name with its digest.

    Safe to repeat: the tags move to the image that was pushed last, and nothing is deployed by a
    tag.

    Raises:
        ConfigError: The repository or a tag is malformed.
        ProgramError: A program failed, or the registry does not report the digest.
    """
    names = _names(repository, tags)
    run("docker", "load", "--input", str(archive), seconds=_BUILD_SECONDS)
    for name in names:
        run("docker", "push", name, seconds=_PUSH_SECONDS, tries=3, pause=pause)
    ask = ("docker", "buildx", "imagetools", "inspect", names[0], "--format", "{{.Manifest.Digest}}")
    digest = run(*ask, seconds=_ASK_SECONDS, tries=3, pause=pause).strip()
    if not _DIGEST.fullmatch(digest):
        raise ProgramError(
            f"the registry says {digest[:80]!r} of {names[0]}, which is no digest: see that it was pushed"
        )
    image = f"{repository}@{digest}"
    summarise(f"- the image is `{image}`, with the tags {', '.join(f'`{tag}`' for tag in tags)}")
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


def log_in_to_azure(repository: str) -> None:
    """Log docker in to an Azure registry, as the identity that az is logged in as.

    Raises:
        ProgramError: The registry refuses: the identity needs the role AcrPush on it.
    """
    name = repository.partition(_AZURE)[0]
    run("az", "acr", "login", "--name", name, "--only-show-errors", seconds=_ASK_SECONDS, tries=3)


def _names(repository: str, tags: tuple[str, ...]) -> list[str]:
    names = [f"{repository}:{tag}" for tag in tags]
    if not _REPOSITORY.fullmatch(repository) or not all(_TAG.fullmatch(tag) for tag in tags):
        raise ConfigError(
            f"{' '.join(names)} cannot name an image: set REGISTRY_IMAGE to HOST/OWNER/NAME, "
            "and give short tags"
        )
    return names


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
    """Read the command line; build, log in, or push and write the outputs `image` and `digest`."""
    chosen = _command_line().parse_args()
    repository = _setting("REGISTRY_IMAGE")
    tags = tuple(dict.fromkeys(chosen.tag)) if chosen.command != "login" else ()
    if chosen.command == "build":
        build(repository, tags, archive=chosen.archive, sbom=chosen.sbom)
        return
    if _AZURE in repository:
        log_in_to_azure(repository)
    else:
        log_in(repository, _setting("REGISTRY_USER"), _setting("REGISTRY_TOKEN"))
    if chosen.command == "push":
        image = push(repository, tags, archive=chosen.archive)
        tell("image", image)
        tell("digest", image.partition("@")[2])


def _command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m infra.container_image", description="The champion's image.")
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build it as REGISTRY_IMAGE, and write it to a file")
    pushing = commands.add_parser("push", help="push that file to REGISTRY_IMAGE, as REGISTRY_USER")
    commands.add_parser("login", help="log docker in as REGISTRY_USER, so that gh can see a private image")
    for command in (building, pushing):
        command.add_argument("--tag", action="append", required=True, help="a tag; may be repeated")
        more = "the image's file (default: %(default)s)"
        command.add_argument("--archive", type=Path, default=Path("image.tar"), help=more)
    more = "where the bill of materials goes (default: %(default)s)"
    building.add_argument("--sbom", type=Path, default=Path("sbom.json"), help=more)
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
