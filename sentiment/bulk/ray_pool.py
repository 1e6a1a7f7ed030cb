"""The workers of a Ray cluster: a piece of work goes to the least busy, and again if that dies."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sentiment.bulk.ray_worker import CORES, Worker
from sentiment.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models import Scores

_JOIN_SECONDS = 120  # for the first worker, or another one when all are gone
_MOST_TRIES = 5  # of one piece: a text that ends every worker must not do so forever
_MOST_LOSSES = 20  # per worker that was asked for
_GO_ON = "then run the same again; it goes on where it was"


@dataclass(eq=False)
class _Member:
    actor: Any
    sent: set[Any] = field(default_factory=set)


@dataclass(frozen=True)
class Ticket:
    """A piece of work on its way: its texts, and where its result will be."""

    texts: Sequence[str]
    member: _Member
    result: Any


class RayPool:
    """Workers that come and go. Threads may share it.

    A worker is lost with its node, or alone; another one takes its place as soon as the cluster has
    a core for it. `nodes` has the node of each process that has joined, `lost` counts the losses.
    """

    def __init__(self, ray: Any, begin: tuple[Any, float], workers: int) -> None:
        self._ray, self._begin, self._wanted = ray, begin, workers
        self._make = ray.remote(num_cpus=CORES, max_restarts=0, max_task_retries=0)(Worker)
        self._lock = threading.RLock()
        self._joining: dict[Any, Any] = {}  # actors by the reference of their answer to `begin`
        self._members: list[_Member] = []
        self.lost = 0
        self._temperature = 1.0
        self.nodes: dict[int, str] = {}
        for _ in range(workers):
            self._ask_for_one()

    def first(self) -> float:
        """Wait for the first worker and return the temperature of its scores.

        Raises:
            EngineError: None comes.
            ModelError: The model cannot be loaded.
        """
        with self._lock:
            self._wait_for_one()
            return self._temperature

    def send(self, texts: Sequence[str]) -> Ticket:
        """Give texts to the worker with the least to do.

        Raises:
            EngineError: There is no worker, and none comes.
        """
        with self._lock:
            self._admit(0)
            self._forget_done()
            if not self._members:
                self._wait_for_one()
            member = min(self._members, key=lambda one: len(one.sent))
            result = member.actor.score.remote(list(texts))
            member.sent.add(result)
            return Ticket(texts, member, result)

    def scores(self, ticket: Ticket) -> Scores:
        """Wait for scores; those of a worker that is lost are computed by another.

        Raises:
            EngineError: There is no worker, or these texts end every worker.
        """
        errors = self._ray.exceptions
        for _ in range(_MOST_TRIES):
            try:
                scores: Scores = self._ray.get(ticket.result)
            except errors.RayTaskError:
                raise  # what the model raised
            except errors.RayError:
                self._lose(ticket.member)
                ticket = self.send(ticket.texts)
            else:
                return scores
        raise EngineError(
            f"{_MOST_TRIES} workers ended over the same {len(ticket.texts)} texts: "
            f"give the nodes more memory, {_GO_ON}"
        )

    def _ask_for_one(self) -> None:
        actor = self._make.remote()
        self._joining[actor.begin.remote(*self._begin)] = actor

    def _admit(self, seconds: float) -> None:
        """Take in the workers that have loaded the model, after so many seconds at most."""
        if not self._joining:
            return
        errors = self._ray.exceptions
        ready, _ = self._ray.wait(list(self._joining), num_returns=1, timeout=seconds)
        for answer in ready:
            actor = self._joining.pop(answer)
            try:
                self._temperature, node, process = self._ray.get(answer)
            except errors.RayTaskError as error:
                raise getattr(error, "cause", None) or error from None
            except errors.RayError as error:  # its node is gone, or cannot run our code
                self._count_loss(error)
                self._ask_for_one()
            else:
                self.nodes[process] = node
                self._members.append(_Member(actor))

    def _wait_for_one(self) -> None:
        end = time.monotonic() + _JOIN_SECONDS
        while not self._members:
            self._admit(1.0)
            if time.monotonic() > end:
                free = self._ray.available_resources().get("CPU", 0)
                raise EngineError(
                    f"no worker of the Ray cluster answered within {_JOIN_SECONDS} s; "
                    f"{free:.0f} of its cores are free: end what uses them, or start a node with "
                    f"'ray start --address=HEAD:6379', {_GO_ON}"
                )

    def _forget_done(self) -> None:
        """Strike what is computed off the members' lists."""
        sent = [result for member in self._members for result in member.sent]
        if sent:
            done, _ = self._ray.wait(sent, num_returns=len(sent), timeout=0)
            for member in self._members:
                member.sent.difference_update(done)

    def _lose(self, member: _Member) -> None:
        with self._lock:
            if member in self._members:
                self._members.remove(member)
                with contextlib.suppress(Exception):  # it is dead, or its node is
                    self._ray.kill(member.actor)
                self._count_loss(None)
                self._ask_for_one()

    def _count_loss(self, error: BaseException | None) -> None:
        self.lost += 1
        if self.lost > _MOST_LOSSES * self._wanted:
            raise EngineError(
                f"{self.lost} workers of the Ray cluster ended early: look at the nodes' memory and logs "
                f"and at RAY_AUTH_MODE (docs/scale.md), {_GO_ON}"
            ) from error
