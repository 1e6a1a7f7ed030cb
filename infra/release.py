"""Release an image by blue-green deployment, with automatic rollback: `python -m infra.release`.

The steps: what GitHub attests of the image is verified, then a revision without traffic, a smoke
test, the traffic in steps, each watched. Every run first routes all traffic to the stable revision,
so a run repairs what a killed one left behind.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import TYPE_CHECKING

from infra.attestation import check_image
from infra.cancellation import stop_when_cancelled, uncancellable
from infra.container_app import ContainerApp
from infra.first_minutes import STEPS, Limits
from infra.rollback import adopt, restore, take_back
from infra.rollout import end, retire, say, tidy, try_out
from sentiment.command import EXPECTED, run_command
from sentiment.errors import ConfigError, SentiloopError

if TYPE_CHECKING:
    from infra.container_app import Revision, State

_ALL = 100
NOT_BACK = 3  # the exit code when the way back failed as well: a person must act at once
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]*@sha256:(?P<digest>[0-9a-f]{64})")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


class NotBackError(SentiloopError):
    """A release failed, and so did its rollback."""


def suffix_of(image: str, commit: str) -> str:
    """Return the revision's suffix, determined by the image's digest and the commit.

    Raises:
        ConfigError: The image is not named by its digest, or the commit is none.
    """
    match = _IMAGE.fullmatch(image)
    if not match:
        raise ConfigError(
            f"the image {image!r} is not named by its digest: give NAME@sha256:..., since a tag may move"
        )
    if not _COMMIT.fullmatch(commit):
        raise ConfigError(f"{commit!r} is no commit: give its hash")
    return f"c{commit[:7]}-{match['digest'][:12]}"


def release(
    app: ContainerApp, image: str, commit: str, *, ready_seconds: float = 600.0, limits: Limits | None = None
) -> str:
    """Release an image and return its revision; on any failure roll back to the stable revision.

    Safe to repeat, also after a kill at any step: an image that is stable already stays.

    Raises:
        SmokeError: The new revision failed its test; the stable one serves.
        ProgramError: az failed; the stable revision serves.
        NotBackError: The rollback failed as well: it is unknown which revision serves.
    """
    suffix = suffix_of(image, commit)
    new = app.revision_name(suffix)
    state = restore(app)
    stable = state.stable
    if new == stable:
        say(f"{new} is stable already")
        return new
    before = state.newest_before(stable)
    _end_strays(app, state, keep={new, stable, before.name if before else ""})
    try:
        _start(app, state, new=new, image=image, suffix=suffix)
        try_out(app, new, stable=stable, ready_seconds=ready_seconds, limits=limits or Limits())
        app.label_stable(new)  # from here on it is what later releases go back to
    except BaseException as error:  # also when we are stopped
        with uncancellable():
            _go_back(app, stable, new, error)
        raise
    _finish(app, state, new=new, before=before)
    return new


def _finish(app: ContainerApp, state: State, *, new: str, before: Revision | None) -> None:
    """End what a rollback no longer goes to, and say how far back it reaches."""
    former = state.find(state.stable)
    if former and former.is_placeholder:
        say(f"{new} is stable, the first release; there is nothing to go back to")
        end(app, former)
    else:
        say(f"{new} is stable; 'rollback' goes back to {state.stable}, which stays ready for some hours")
    if before and before.name != new:
        end(app, before)
    tidy(app)


def _end_strays(app: ContainerApp, state: State, keep: set[str]) -> None:
    """Deactivate revisions left by killed releases: untested, they are no target for a rollback.

    Raises:
        ProgramError: az fails.
    """
    for revision in state.revisions:
        if revision.is_active and revision.name not in keep:
            app.deactivate(revision.name)


def _start(app: ContainerApp, state: State, *, new: str, image: str, suffix: str) -> None:
    """Start the new revision without traffic; an earlier run may have created it."""
    revision = state.find(new)
    if revision is None:
        app.deploy(image, suffix)
    elif not revision.is_active:
        app.activate(new)
    say(f"{new} runs, without traffic: {image}")


def _go_back(app: ContainerApp, stable: str, new: str, error: BaseException) -> None:
    """Roll back: route all traffic to the stable revision, and deactivate the new one."""
    say(f"{new} is not released: {str(error) or type(error).__name__}")
    try:
        state = app.read()
        app.give_all_to(stable, state)
        if state.stable != stable:  # az moved the label and said that it had failed
            app.label_stable(stable)
    except EXPECTED as problem:
        raise NotBackError(
            f"the way back to {stable} failed ({problem}): run 'python -m infra.release restore', "
            "or set the traffic in the portal, now"
        ) from error
    say(f"{stable} has all of the traffic")
    end(app, state.find(new))


def _app() -> ContainerApp:
    names = [
        os.environ.get(variable, "").strip() for variable in ("AZURE_RESOURCE_GROUP", "AZURE_CONTAINER_APP")
    ]
    if not all(names):
        raise ConfigError(
            "AZURE_RESOURCE_GROUP and AZURE_CONTAINER_APP do not both have a value: set them, "
            "as docs/release.md says"
        )
    return ContainerApp(*names)


def _parse_command() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m infra.release",
        description=(
            "Release an image to the container app that AZURE_RESOURCE_GROUP and AZURE_CONTAINER_APP name."
        ),
        epilog=(
            "Exit codes: 0 done, 1 failed and the stable revision serves, "
            f"{NOT_BACK} the way back failed as well."
        ),
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_deploy(commands.add_parser("deploy", help="bring an image to all users, or nothing"))
    commands.add_parser(
        "restore", help="let the stable revision have all of the traffic: after a release that was killed"
    )
    back = commands.add_parser("rollback", help="make the revision before the stable one the stable one")
    back.add_argument("--to", metavar="REVISION", help="another revision, by its full name")
    new = commands.add_parser(
        "adopt", help="make a revision that runs the stable one, with all of the traffic"
    )
    new.add_argument("revision", metavar="REVISION", help="its full name")
    ended = commands.add_parser("retire", help="end revisions without traffic, some hours after a release")
    ended.add_argument("--after-hours", type=float, default=6.0, help="how many (default: %(default)g)")
    return parser.parse_args()


def _add_deploy(deploy: argparse.ArgumentParser) -> None:
    deploy.add_argument("--image", required=True, help="the image, NAME@sha256:DIGEST")
    deploy.add_argument("--commit", required=True, help="the commit that it was made from")
    deploy.add_argument(
        "--ready-seconds",
        type=float,
        default=600.0,
        help="how long it may take to be ready (default: %(default)g)",
    )
    deploy.add_argument(
        "--watch-seconds",
        type=float,
        default=Limits.seconds,
        help="how long to watch it at each step (default: %(default)g)",
    )
    deploy.add_argument(
        "--steps",
        type=parse_steps,
        default=STEPS,
        metavar="PERCENT,...",
        help="its shares of the traffic, the last one 100 (default: 10,50,100)",
    )
    deploy.add_argument(
        "--every", type=float, default=Limits.every, help="seconds from look to look (default: %(default)g)"
    )
    deploy.add_argument(
        "--error-rate",
        type=float,
        default=Limits.error_rate,
        help="the share that may fail (default: %(default)g)",
    )


def parse_steps(text: str) -> tuple[int, ...]:
    """Return rising percentages that end with 100, from `10,50,100`.

    Raises:
        ArgumentTypeError: They are none.
    """
    shares = tuple(int(part) if part.isdecimal() else 0 for part in text.split(","))
    if shares[-1] != _ALL or any(one < 1 for one in shares) or list(shares) != sorted(set(shares)):
        raise argparse.ArgumentTypeError(f"{text!r} are no rising percentages that end with 100")
    return shares


def _deploy(chosen: argparse.Namespace) -> None:
    limits = Limits(chosen.watch_seconds, chosen.every, chosen.error_rate, chosen.steps)
    app = _app()
    suffix_of(chosen.image, chosen.commit)  # refused before anything is asked
    if check_image(chosen.image, chosen.commit):
        say(f"GitHub attests who built {chosen.image}, from which commit, and what is in it")
    else:
        say(f"warning: ATTESTATIONS=off, so nobody attests who built {chosen.image}")
    try:
        release(app, chosen.image, chosen.commit, ready_seconds=chosen.ready_seconds, limits=limits)
    except NotBackError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(NOT_BACK)


def main() -> None:
    """Run the command of the command line."""
    chosen = _parse_command()
    stop_when_cancelled()
    if chosen.command == "deploy":
        _deploy(chosen)
    elif chosen.command == "restore":
        restore(_app())
    elif chosen.command == "adopt":
        adopt(_app(), chosen.revision)
    elif chosen.command == "retire":
        retire(_app(), hours=chosen.after_hours)
    else:
        take_back(_app(), chosen.to)


if __name__ == "__main__":
    sys.exit(run_command(main))
