"""One Azure Container App with several revisions: read it, add a revision, say who gets the traffic. Every call goes through `az`.

The label `stable` is the memory of releases: it sits on the revision that was watched and found
good, and moves last of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.programs import ProgramError, run_json

STABLE = "stable"
_LATEST = "latest"  # what az calls the traffic that follows the newest revision
_ALL = 100


@dataclass(frozen=True)
class Revision:
    """One revision: its full name, its own address, when it was made (ISO 8601) and whether it runs."""

    name: str
    address: str
    created: str
    is_active: bool


@dataclass(frozen=True)
class Share:
    """Whom a share of the traffic, in percent, goes to; `rule` is how az names it: a revision, or `latest`."""

    rule: str
    revision: str
    weight: int
    label: str


@dataclass(frozen=True)
class State:
    """An app as it is now: its public address, who gets which share of the traffic, and its revisions, inactive ones as well."""

    address: str
    traffic: tuple[Share, ...]
    revisions: tuple[Revision, ...]

    @property
    def stable(self) -> str:
        """The revision that releases go back to: the one with the label, before there is one the one with the most traffic.

        Raises:
            ProgramError: No revision has any traffic.
        """
        labelled = [share.revision for share in self.traffic if share.label == STABLE]
        if not labelled and not self.serving:
            raise ProgramError("no revision of the app has traffic: deploy infra/main.bicep first")
        return labelled[0] if labelled else self.serving[0]

    @property
    def serving(self) -> list[str]:
        """The revisions that have traffic, the one with the most of it first."""
        shares = sorted(self.traffic, key=lambda share: -share.weight)
        return [share.revision for share in shares if share.weight and share.revision]

    @property
    def has_label(self) -> bool:
        """Whether some revision is labelled as stable."""
        return any(share.label == STABLE for share in self.traffic)

    def is_all_on(self, revision: str) -> bool:
        """Return whether a revision gets all of the traffic by its own name, so that a newer one gets none."""
        return [(share.rule, share.weight) for share in self.traffic if share.weight] == [(revision, _ALL)]

    def find(self, name: str) -> Revision | None:
        """Return a revision by its name, or None."""
        return next((revision for revision in self.revisions if revision.name == name), None)

    def newest_before(self, name: str) -> Revision | None:
        """Return the newest active revision that is older than this one: what was stable before it."""
        this = self.find(name)
        older = [one for one in self.revisions if one.is_active and this and one.created < this.created]
        return max(older, key=lambda one: one.created, default=None)


class ContainerApp:
    """The app `name` in a resource group; `seconds` limit each call of az."""

    def __init__(
        self, group: str, name: str, *, seconds: float = 300.0, tries: int = 3, pause: float = 5.0
    ) -> None:
        self.name = name
        self._where = ("--name", name, "--resource-group", group)
        self._seconds, self._tries, self._pause = seconds, tries, pause

    def read(self) -> State:
        """Return the app as it is now.

        Raises:
            ProgramError: az fails, or the app cannot hold two revisions beside each other or has no
                address.
        """
        app = self._az("show")
        configuration = app["properties"]["configuration"]
        ingress = configuration.get("ingress") or {}
        if str(configuration.get("activeRevisionsMode")).lower() != "multiple":
            raise ProgramError(
                f"{self.name} is in revision mode {configuration.get('activeRevisionsMode')}: "
                f"run 'az containerapp revision set-mode --mode multiple' first"
            )
        if not ingress.get("fqdn"):
            raise ProgramError(
                f"{self.name} has no ingress, so nobody can reach it: deploy infra/main.bicep first"
            )
        latest = str(app["properties"].get("latestReadyRevisionName") or "")
        traffic = tuple(_share(one, latest) for one in ingress.get("traffic") or [])
        revisions = tuple(_revision(one) for one in self._az("revision", "list", "--all"))
        return State(f"https://{ingress['fqdn']}", traffic, revisions)

    def revision_name(self, suffix: str) -> str:
        """Return the full name of a revision."""
        return f"{self.name}--{suffix}"

    def deploy(self, image: str, suffix: str) -> None:
        """Add a revision with another image, all else as in the newest one.

        Not repeated: after a timeout it may be there already.

        Raises:
            ProgramError: az fails.
        """
        self._az("update", "--image", image, "--revision-suffix", suffix, tries=1)

    def give_all_to(self, revision: str, state: State) -> None:
        """Let a revision have all of the traffic, and see that it has.

        Raises:
            ProgramError: az fails, or the traffic is not as it was to be.
        """
        if state.is_all_on(revision):
            return
        others = [share.rule for share in state.traffic if share.rule != revision and share.weight]
        weights = [f"{revision}={_ALL}", *(f"{rule}=0" for rule in others)]
        self._az("ingress", "traffic", "set", "--revision-weight", *weights)
        if not self.read().is_all_on(revision):
            raise ProgramError(
                f"az set the traffic of {self.name} to {' '.join(weights)}, and it is not so: look in the portal"
            )

    def label_stable(self, revision: str) -> None:
        """Move the label `stable` to a revision.

        Raises:
            ProgramError: az fails.
        """
        self._az("revision", "label", "add", "--label", STABLE, "--revision", revision, "--yes")

    def activate(self, revision: str) -> None:
        """Let a revision run again.

        Raises:
            ProgramError: az fails.
        """
        self._az("revision", "activate", "--revision", revision)

    def deactivate(self, revision: str) -> None:
        """Let a revision run no more; it stays on record, to be activated again.

        Raises:
            ProgramError: az fails.
        """
        self._az("revision", "deactivate", "--revision", revision)

    def _az(self, *words: str, tries: int | None = None) -> Any:
        command = ("az", "containerapp", *words, *self._where, "--output", "json", "--only-show-errors")
        return run_json(*command, seconds=self._seconds, tries=tries or self._tries, pause=self._pause)


def _share(item: dict[str, Any], latest: str) -> Share:
    follows = bool(item.get("latestRevision"))
    name = latest if follows else str(item.get("revisionName", ""))
    return Share(
        _LATEST if follows else name, name, int(item.get("weight") or 0), str(item.get("label") or "")
    )


def _revision(item: dict[str, Any]) -> Revision:
    facts = item["properties"]
    return Revision(
        item["name"],
        f"https://{facts.get('fqdn', '')}",
        str(facts.get("createdTime", "")),
        bool(facts.get("active")),
    )
