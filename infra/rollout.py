"""The traffic of a release, in steps that are watched; and the end of revisions without traffic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from infra.first_minutes import watch
from infra.github import summarise
from infra.programs import ProgramError
from infra.smoke import Service
from sentiment.command import EXPECTED
from sentiment.config import read_settings

if TYPE_CHECKING:
    from infra.container_app import ContainerApp, Revision
    from infra.first_minutes import Limits

_ALL = 100


def try_out(app: ContainerApp, new: str, *, stable: str, ready_seconds: float, limits: Limits) -> None:
    """Smoke-test a new revision, and shift the traffic to it in steps, watching it at each.

    Where the stable revision is the placeholder there is nothing to share with.

    Raises:
        ProgramError: az fails, or made no such revision.
        SmokeError: The revision failed its test, or too much failed while it was watched.
    """
    state, key = app.read(), read_settings().api_key
    revision, former = state.find(new), state.find(stable)
    if revision is None:
        raise ProgramError(f"az made no revision {new}: look at the app's activity log in the portal")
    steps = (_ALL,) if former is None or former.is_placeholder else limits.steps
    api_key = key.get_secret_value() if key else None
    with Service(revision.address, api_key) as own, Service(state.address, api_key) as public:
        own.wait_until_ready(ready_seconds)
        own.check()
        say(f"{new} is ready, knows the known tweets and refuses forged feedback")
        for percent in steps:
            state = app.share({new: percent, stable: _ALL - percent}, state)
            probes, served = watch(public, own, limits)
            say(
                f"with {percent}% of the traffic, in {limits.seconds:g} s: {probes.failures} of "
                f"{probes.requests} probes and {served.failures} of {served.requests} requests failed"
            )


def retire(app: ContainerApp, *, hours: float, now: datetime | None = None) -> list[str]:
    """End active revisions without traffic once the stable one is some hours old; return them.

    Nothing ends while a release is under way: another revision than the stable one has traffic.

    Raises:
        ProgramError: az fails.
    """
    state = app.read()
    stable = state.find(state.stable)
    if stable is None or not state.is_all_on(stable.name):
        say("a release is under way: nothing is ended")
        return []
    age = (now or datetime.now(UTC)) - datetime.fromisoformat(stable.created)
    idle = [one for one in state.revisions if one.is_active and one.name != stable.name]
    if any(one.created > stable.created for one in idle):
        say("a newer revision runs, which nobody has released yet: nothing is ended")
        return []
    if age < timedelta(hours=hours):
        say(f"{stable.name} is younger than {hours:g} hours: nothing is ended")
        return []
    for revision in idle:
        app.deactivate(revision.name)
        say(f"{revision.name} is ended; 'rollback' starts it again in about a minute")
    return [revision.name for revision in idle]


def end(app: ContainerApp, revision: Revision | None) -> None:
    """Deactivate a revision without traffic; a failure only costs money, so it is just logged."""
    if revision and revision.is_active:
        try:
            app.deactivate(revision.name)
        except EXPECTED as problem:
            say(f"{revision.name} still runs, without traffic ({problem})")


def tidy(app: ContainerApp) -> None:
    """Remove idle entries from the list of traffic; a failure is left to the next release."""
    try:
        app.drop_idle_entries()
    except EXPECTED as problem:
        say(f"the list of traffic keeps its idle entries ({problem})")


def say(line: str) -> None:
    """Print a line, and add it to the job's summary."""
    summarise(f"- {line}")
