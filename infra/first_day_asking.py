"""How the first day's checks ask: az and gh, for reading alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from infra.container_app import ContainerApp
from infra.programs import run_json

_SECONDS = 120


@dataclass(frozen=True)
class Place:
    """An installation: its resource group, app, repository and workspace."""

    group: str
    app: str
    repository: str
    workspace: str

    def az(self, *words: str) -> Any:
        """Return what az answers as JSON."""
        return run_json("az", *words, "--output", "json", "--only-show-errors", seconds=_SECONDS)

    def gh(self, path: str) -> Any:
        """Return what GitHub's API answers about the repository."""
        return run_json("gh", "api", f"repos/{self.repository}{path}", seconds=_SECONDS)

    def query(self, text: str) -> list[dict[str, Any]]:
        """Return the rows of a query over the last day's logs."""
        where = ("--workspace", self.workspace, "--timespan", "P1D", "--analytics-query", text)
        return list(self.az("monitor", "log-analytics", "query", *where) or [])

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The app as Azure shows it."""
        shown = self.az("containerapp", "show", "--name", self.app, "--resource-group", self.group)
        return dict(shown)

    @cached_property
    def service(self) -> str:
        """The address of the service."""
        return f"https://{self.facts['properties']['configuration']['ingress']['fqdn']}"

    @cached_property
    def identities(self) -> dict[str, dict[str, Any]]:
        """The identities of the group, by the part of their name that says what they are for."""
        listed = self.az("identity", "list", "--resource-group", self.group)
        return {one["name"].split("-")[1]: one for one in listed}

    def state(self) -> Any:
        """Return the app's revisions and traffic."""
        return ContainerApp(self.group, self.app, tries=1).read()
