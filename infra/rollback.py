"""Back to an earlier revision of an app, and on to one that no release made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.programs import ProgramError
from infra.rollout import end, say, tidy

if TYPE_CHECKING:
    from infra.container_app import ContainerApp, Revision, State


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
    say(f"{stable} has all of the traffic")
    return app.read()


def take_back(app: ContainerApp, target: str | None = None) -> str:
    """Roll back to an earlier revision, by default the previous one, and return its name.

    Raises:
        ProgramError: az fails, or there is no such revision that runs.
    """
    state = app.read()
    revision = state.find(target) if target else _one_back(state)
    if revision is None or (revision.is_placeholder and not target):
        raise ProgramError(
            f"there is no revision {target or f'before {state.stable}'} to go back to: "
            f"choose one with --to: {_reach(state)}"
        )
    if not revision.is_active:
        app.activate(revision.name)
    app.label_stable(revision.name)  # first: should this be interrupted, the next run finishes it
    app.give_all_to(revision.name, state)
    say(f"{revision.name} is stable again; further back: {_reach(app.read())}")
    for fallen in {state.stable, *state.serving} - {revision.name}:
        end(app, state.find(fallen))
    tidy(app)
    return revision.name


def adopt(app: ContainerApp, target: str) -> str:
    """Make a revision the stable one, with all traffic, as after a change of the infrastructure.

    The former one stays active, for a rollback.

    Raises:
        ProgramError: az fails, or there is no such revision that runs.
    """
    state = app.read()
    revision = state.find(target)
    if revision is None or not revision.is_active:
        active = ", ".join(one.name for one in state.revisions if one.is_active)
        raise ProgramError(f"there is no revision {target} that runs: choose one of {active}")
    app.label_stable(target)
    app.give_all_to(target, state)
    say(f"{target} is stable; 'rollback' goes back to {state.stable}")
    tidy(app)
    return target


def _one_back(state: State) -> Revision | None:
    """Return the revision before the serving one, if it runs: among ended ones are failed releases.

    That is the stable one itself where a release, or a rollback, was interrupted.
    """
    is_cut_off = state.has_label and not state.is_all_on(state.stable)
    if is_cut_off:
        return state.find(state.stable)
    return state.newest_before(state.stable)


def _reach(state: State) -> str:
    """Return the revisions that a rollback can go to, newest first; Azure keeps some ended ones."""
    this = state.find(state.stable)
    older = [one for one in state.revisions if this and one.created < this.created and not one.is_placeholder]
    names = [f"{one.name}{'' if one.is_active else ' (ended)'}" for one in older]
    return ", ".join(reversed(names)) or "none"
