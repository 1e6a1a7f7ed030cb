"""An Azure Container App with several revisions: its state, a new revision, the traffic.

Every call goes through `az`. The label `stable` records the last good release: it sits on the
revision that passed its first minutes, and is the last thing that a release changes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from infra.programs import ProgramError, run, run_json

STABLE = "stable"
PLACEHOLDER = (
    "mcr.microsoft.com/azurelinux/base/python:"  # what infra/modules/app.bicep runs before a release
)
_VERSION = "2025-01-01"
_LATEST = "latest"  # what az calls the traffic that follows the newest revision
_ALL = 100


@dataclass(frozen=True)
class Revision:
    """A revision: full name, own address, creation (ISO 8601), whether it runs, and its image."""

    name: str
    address: str
    created: str
    is_active: bool
    image: str = ""

    @property
    def is_placeholder(self) -> bool:
        """Whether it is what runs before the first release, and predicts nothing."""
        return self.image.startswith(PLACEHOLDER)


@dataclass(frozen=True)
class Share:
    """A share of the traffic in percent, and its revision.

    `rule` is how az names the revision: by its name, or `latest`.
    """

    rule: str
    revision: str
    weight: int
    label: str


@dataclass(frozen=True)
class State:
    """An app's state: public address, traffic, and revisions, the inactive ones included."""

    address: str
    traffic: tuple[Share, ...]
    revisions: tuple[Revision, ...]

    @property
    def stable(self) -> str:
        """The revision that a failed release rolls back to.

        That is the one with the label `stable`; without a label, the one with the most traffic.

        Raises:
            ProgramError: No revision has any traffic.
        """
        labelled = [share.revision for share in self.traffic if share.label == STABLE]
        if not labelled and not self.serving:
            raise ProgramError("no revision of the app has traffic: deploy infra/main.bicep first")
        return labelled[0] if labelled else self.serving[0]

    @property
    def serving(self) -> list[str]:
        """The revisions that have traffic, by their share, largest first."""
        shares = sorted(self.traffic, key=lambda share: -share.weight)
        return [share.revision for share in shares if share.weight and share.revision]

    @property
    def has_label(self) -> bool:
        """Whether some revision is labelled as stable."""
        return any(share.label == STABLE for share in self.traffic)

    def is_all_on(self, revision: str) -> bool:
        """Return whether all traffic goes to a revision by name, so that a newer one gets none."""
        return self.is_shared({revision: _ALL})

    def is_shared(self, weights: dict[str, int]) -> bool:
        """Return whether the traffic goes to these revisions by name, in these percentages."""
        shares = {share.rule: share.weight for share in self.traffic if share.weight}
        return shares == {revision: weight for revision, weight in weights.items() if weight}

    def find(self, name: str) -> Revision | None:
        """Return a revision by its name, or None."""
        return next((revision for revision in self.revisions if revision.name == name), None)

    def newest_before(self, name: str) -> Revision | None:
        """Return the newest active revision older than this one: the one that was stable before.

        Failed releases end at once.
        """
        this = self.find(name)
        older = [
            revision
            for revision in self.revisions
            if revision.is_active and this and revision.created < this.created
        ]
        return max(older, key=lambda revision: revision.created, default=None)


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
        traffic = tuple(_share(weight, latest) for weight in ingress.get("traffic") or [])
        revisions = tuple(_revision(revision) for revision in self._az("revision", "list", "--all"))
        return State(f"https://{ingress['fqdn']}", traffic, revisions)

    def revision_name(self, suffix: str) -> str:
        """Return the full name of a revision."""
        return f"{self.name}--{suffix}"

    def deploy(self, image: str, suffix: str) -> None:
        """Add a revision with another image, otherwise a copy of the newest one.

        The placeholder's command is dropped. Not retried: after a timeout the revision may exist.

        Raises:
            ProgramError: az fails.
        """
        container = self._az("show")["properties"]["template"]["containers"][0]
        drop = ("--command",) if container.get("command") else ()  # without words az clears it
        self._az("update", "--image", image, "--revision-suffix", suffix, *drop, tries=1)

    def give_all_to(self, revision: str, state: State) -> None:
        """Route all traffic to a revision, and check that the app reports it.

        Raises:
            ProgramError: az fails, or the traffic went elsewhere.
        """
        self.share({revision: _ALL}, state)

    def share(self, weights: dict[str, int], state: State) -> State:
        """Share the traffic between revisions, in percent, and return the state, which shows it.

        Raises:
            ProgramError: az fails, or the traffic went elsewhere.
        """
        if state.is_shared(weights):
            return state
        others = {share.rule: 0 for share in state.traffic if share.weight}
        rules = [f"{rule}={weight}" for rule, weight in {**others, **weights}.items()]
        self._az("ingress", "traffic", "set", "--revision-weight", *rules)
        state = self.read()
        if not state.is_shared(weights):
            raise ProgramError(
                f"az set the traffic of {self.name} to {' '.join(rules)}, and it is not so: "
                "look in the portal"
            )
        return state

    def drop_idle_entries(self) -> None:
        """Remove entries without weight and label from the list of traffic.

        Azure keeps them, also for revisions that it has deleted, and refuses a list that names one.
        az has no command for it: this is the request that its `traffic set` makes.

        Raises:
            ProgramError: az fails.
        """
        app = self._az("show")
        traffic = app["properties"]["configuration"]["ingress"]["traffic"]
        kept = [share for share in traffic if share.get("weight") or share.get("label")]
        if len(kept) == len(traffic):
            return
        body = json.dumps({"properties": {"configuration": {"ingress": {"traffic": kept}}}})
        path = f"{app['id']}?api-version={_VERSION}"
        command = ("az", "rest", "--method", "patch", "--url", path, "--body", body, "--output", "none")
        run(*command, "--only-show-errors", seconds=self._seconds, tries=self._tries, pause=self._pause)

    def label_stable(self, revision: str) -> None:
        """Move the label `stable` to a revision.

        Raises:
            ProgramError: az fails.
        """
        self._az("revision", "label", "add", "--label", STABLE, "--revision", revision, "--yes")

    def activate(self, revision: str) -> None:
        """Activate a revision.

        Raises:
            ProgramError: az fails.
        """
        self._az("revision", "activate", "--revision", revision)

    def deactivate(self, revision: str) -> None:
        """Deactivate a revision; it stays on record and can be activated again.

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
        _image(facts.get("template")),
    )


def _image(template: dict[str, Any] | None) -> str:
    """Return the image of a revision's one container."""
    containers = (template or {}).get("containers") or [{}]
    return str(containers[0].get("image") or "")
