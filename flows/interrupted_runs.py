"""Runs that ended with their worker, of which the server still believes that they are at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import StateType
from prefect.states import Crashed

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient

_WITH_A_WORKER = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_REASON = "its worker was stopped while it was at work"


def crash_interrupted_runs(client: SyncPrefectClient, pool: str) -> int:
    """Mark the runs that a pool's workers have left unfinished as crashed; return how many.

    Each of them would hold its deployment's one slot, and that would never run again. Call it
    while the pool has no worker.
    """
    interrupted = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=_at_work()),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    called = _called_by(client, [run.id for run in interrupted])
    for run in (*called, *(run.id for run in interrupted)):
        client.set_flow_run_state(run, Crashed(message=_REASON), force=True)
    return len(interrupted)


def _called_by(client: SyncPrefectClient, callers: list[UUID]) -> list[UUID]:
    """Return the unfinished runs that others called, however deep."""
    if not callers:
        return []
    parents = FlowRunFilterParentFlowRunId(any_=callers)
    runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=_at_work(), parent_flow_run_id=parents))
    called = [run.id for run in runs]
    return [*_called_by(client, called), *called]


def _at_work() -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=_WITH_A_WORKER))
