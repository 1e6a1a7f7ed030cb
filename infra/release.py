"""Release an image by blue-green deployment, with automatic rollback: `python -m infra.release`.

The steps: a revision without traffic, a smoke test, all traffic, the first minutes. Every run first
routes all traffic to the stable revision, so a run repairs what a killed one left behind.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import TYPE_CHECKING

from infra.cancellation import stop_when_cancelled, uncancellable
from infra.container_app import ContainerApp
from infra.first_minutes import Limits, watch
from infra.github import summarise
from infra.programs import ProgramError
from infra.smoke import Service
from sentiment.command import EXPECTED, run_command
from sentiment.config import read_settings
from sentiment.errors import ConfigError, SentiloopError

if TYPE_CHECKING:
    from infra.container_app import Revision, State

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
        _say(f"{new} is stable already")
        return new
    before = state.newest_before(stable)
    _end_strays(app, state, keep={new, stable, before.name if before else ""})
    try:
        _start(app, state, new=new, image=image, suffix=suffix)
        _try_out(app, new, ready_seconds, limits or Limits())
        app.label_stable(new)  # from here on it is what later releases go back to
    except BaseException as error:  # also when we are stopped
        with uncancellable():
            _go_back(app, stable, new, error)
        raise
    _say(f"{new} is stable; {stable} stays ready to go back to")
    if before and before.name != new:
        _end(app, before)
    return new


def restore(app: ContainerApp) -> State:
    """Route all traffic to the stable revision, label it if no revision is, and return the state.

    Raises:
        ProgramError: az fails.
    """
    state = app.read()
    stable = state.stable
    if state.is_all_on(stable) and state.has_label:
        return state
    app.give_all_to(stable, state)
    if not state.has_label:
        app.label_stable(stable)
    _say(f"{stable} has all of the traffic")
    return app.read()


def take_back(app: ContainerApp, target: str | None = None) -> str:
    """Roll back to an earlier revision, by default the previous one, and return its name.

    Raises:
        ProgramError: az fails, or there is no such revision that runs.
    """
    state = app.read()
    revision = state.find(target) if target else _one_back(state)
    if revision is None:
        running = ", ".join(other.name for other in state.revisions if other.is_active) or "none"
        raise ProgramError(
            f"there is no revision {target or f'before {state.stable}'} to go back to: "
            f"choose one with --to; running: {running}"
        )
    if not revision.is_active:
        app.activate(revision.name)
    app.label_stable(revision.name)  # first: should this be interrupted, the next run finishes it
    app.give_all_to(revision.name, state)
    _say(f"{revision.name} is stable again")
    for fallen in {state.stable, *state.serving} - {revision.name}:
        _end(app, state.find(fallen))
    return revision.name


def _one_back(state: State) -> Revision | None:
    """Return the revision before the serving one.

    That is the stable one itself where a release, or a rollback, was interrupted.
    """
    is_cut_off = state.has_label and not state.is_all_on(state.stable)
    return state.find(state.stable) if is_cut_off else state.newest_before(state.stable)


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
    _say(f"{new} runs, without traffic: {image}")


def _try_out(app: ContainerApp, new: str, ready_seconds: float, limits: Limits) -> None:
    """Smoke-test the new revision, route all traffic to it, and watch it."""
    state, key = app.read(), read_settings().api_key
    revision = state.find(new)
    if revision is None:
        raise ProgramError(f"az made no revision {new}: look at the app's activity log in the portal")
    api_key = key.get_secret_value() if key else None
    with Service(revision.address, api_key) as own, Service(state.address, api_key) as public:
        own.wait_until_ready(ready_seconds)
        own.check()
        _say(f"{new} is ready, knows the known tweets and refuses forged feedback")
        app.give_all_to(new, state)
        probes, served = watch(public, own, limits)
    _say(
        f"in {limits.seconds:g} s {probes.failures} of {probes.requests} probes and {served.failures} of "
        f"{served.requests} requests failed"
    )


def _go_back(app: ContainerApp, stable: str, new: str, error: BaseException) -> None:
    """Roll back: route all traffic to the stable revision, and deactivate the new one."""
    _say(f"{new} is not released: {str(error) or type(error).__name__}")
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
    _say(f"{stable} has all of the traffic")
    _end(app, state.find(new))


def _end(app: ContainerApp, revision: Revision | None) -> None:
    """Deactivate a revision without traffic; a failure only costs money, so it is just logged."""
    if revision and revision.is_active:
        try:
            app.deactivate(revision.name)
        except EXPECTED as problem:
            _say(f"{revision.name} still runs, without traffic ({problem})")


def _say(line: str) -> None:
    summarise(f"- {line}")


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
        help="how long to watch it (default: %(default)g)",
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


def main() -> None:
    """Run the command of the command line: deploy, restore or rollback."""
    chosen = _parse_command()
    stop_when_cancelled()
    if chosen.command == "deploy":
        limits = Limits(chosen.watch_seconds, chosen.every, chosen.error_rate)
        try:
            release(_app(), chosen.image, chosen.commit, ready_seconds=chosen.ready_seconds, limits=limits)
        except NotBackError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(NOT_BACK)
    elif chosen.command == "restore":
        restore(_app())
    else:
        take_back(_app(), chosen.to)


if __name__ == "__main__":
    sys.exit(run_command(main))
