"""The first day's checks of GitHub: what runs, as whom, and who must agree."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from infra.programs import ProgramError
from infra.subject import prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.first_day_asking import Place

Answer = tuple[bool | None, str]
_RESTRICTED = ("production", "learning", "upkeep", "infrastructure")


def _is_allowed(place: Place) -> Answer:
    enabled = bool(place.gh("/actions/permissions")["enabled"])
    return (
        enabled,
        "Actions are on" if enabled else "Actions are off, as in a new fork: docs/deploy.md, step 3",
    )


def _are_active(place: Place) -> Answer:
    states = {one["path"]: one["state"] for one in place.gh("/actions/workflows")["workflows"]}
    off = [f"{path}: {state}" for path, state in states.items() if state != "active"]
    return not off, "; ".join(off) or f"{len(states)} workflows are active"


def _has_subject(place: Place) -> Answer:
    prefix = prefix_of(place.repository)
    wrong = []
    for name, identity in place.identities.items():
        where = ("--identity-name", identity["name"], "--resource-group", place.group)
        subjects = [one["subject"] for one in place.az("identity", "federated-credential", "list", *where)]
        wrong += [f"{name}: {one}" for one in subjects if not one.startswith(f"{prefix}:environment:")]
    return not wrong, "; ".join(wrong) or f"all credentials begin with {prefix}"


def _are_protected(place: Place) -> Answer:
    found = {one["name"]: one for one in place.gh("/environments")["environments"]}
    wrong = [f"{name} is missing" for name in (*_RESTRICTED, "preview", "approval") if name not in found]
    wrong += [
        f"{name} takes every branch"
        for name in _RESTRICTED
        if name in found and not found[name].get("deployment_branch_policy")
    ]
    for name, wants in (("approval", True), ("production", False)):
        rules = found.get(name, {}).get("protection_rules") or []
        if name in found and any(rule["type"] == "required_reviewers" for rule in rules) != wants:
            wrong.append(f"{name} has {'no' if wants else 'required'} reviewers")
    return not wrong, "; ".join(wrong) or "six environments, as docs/release.md lists them"


def _requires_ci(place: Place) -> Answer:
    rules = [one for one in place.gh("/rules/branches/main") if one["type"] == "required_status_checks"]
    names = [check["context"] for rule in rules for check in rule["parameters"]["required_status_checks"]]
    return "ci" in names, f"main requires {', '.join(names) or 'no check'}"


def _has_owners(place: Place) -> Answer:
    try:
        errors = place.gh("/codeowners/errors")["errors"]
        text = base64.b64decode(place.gh("/contents/.github/CODEOWNERS")["content"]).decode(
            "utf-8", "replace"
        )
    except ProgramError as error:
        if "404" not in str(error):
            raise
        return False, "there is no CODEOWNERS: python -m infra.owners @NAME writes it (docs/release.md)"
    rules = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not rules:
        return False, "CODEOWNERS has no rule: python -m infra.owners @NAME writes it (docs/release.md)"
    found = "; ".join(str(error["message"]) for error in errors)
    return not errors, found or f"{len(rules)} rules without an error in CODEOWNERS"


CHECKS: dict[str, Callable[[Place], Answer]] = {
    "GitHub runs the repository's workflows": _is_allowed,
    "no workflow is switched off": _are_active,
    "Azure takes the subjects of GitHub's tokens (1)": _has_subject,
    "the environments are restricted": _are_protected,
    "main requires the check ci (51)": _requires_ci,
    "CODEOWNERS names people that GitHub knows": _has_owners,
}
