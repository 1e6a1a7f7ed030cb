"""Roles of our own allow what is done with them, and nothing that reads secrets or deletes."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest
from bicep_fixtures import BOOTSTRAP, DEPLOY, FOLDER, access, resources

OWN = json.loads((FOLDER / "own_roles.json").read_text("utf-8"))
APP = "Microsoft.App/containerApps"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
# What az asks of Azure Resource Manager for each command of infra/, as its source (2.91) shows.
NEEDED = {
    "releaser": {
        "show, update, ingress traffic set, label add, rest": {f"{APP}/read", f"{APP}/write"},
        "revision list, show": {f"{APP}/revisions/read"},
        "revision activate": {f"{APP}/revisions/activate/action"},
        "revision deactivate": {f"{APP}/revisions/deactivate/action"},
        # Public sources differ on whether a change of an app asks for this one.
        "join": {"Microsoft.App/managedEnvironments/join/action"},
    },
    "retirer": {
        "show, revision list": {f"{APP}/read", f"{APP}/revisions/read"},
        "revision deactivate": {f"{APP}/revisions/deactivate/action"},
    },
    "previewer": {
        "deployment group what-if": {
            "Microsoft.Resources/deployments/validate/action",
            "Microsoft.Resources/deployments/whatIf/action",
        }
    },
    "feedbackCreator": {"create, read": {f"{BLOBS}/add/action", f"{BLOBS}/read", f"{BLOBS}/write"}},
}
# Azure's own role, as its list of roles gives it, and what its wildcards open.
CONTAINER_APPS_CONTRIBUTOR = [f"{APP}/*/read", f"{APP}/*/write", f"{APP}/*/delete", f"{APP}/*/action"]
FORBIDDEN = [
    f"{APP}/listSecrets/action",
    f"{APP}/revisions/listSecrets/action",
    f"{APP}/delete",
    f"{APP}/revisions/delete",
    f"{APP}/exec/action",
    f"{APP}/getAuthToken/action",
    f"{BLOBS}/delete",
    f"{BLOBS}/deleteBlobVersion/action",
    "Microsoft.Resources/deployments/write",
    "Microsoft.Authorization/roleAssignments/write",
]


def allows(actions, action):
    """Whether a role with these actions allows one; `*` stands for any part, slashes included."""
    return any(fnmatchcase(action.lower(), allowed.lower()) for allowed in actions)


def everything(role):
    return [*OWN[role]["actions"], *OWN[role]["dataActions"]]


@pytest.mark.parametrize("role", OWN)
def test_a_role_allows_what_is_done_with_it_and_no_more(role):
    needed = set().union(*NEEDED[role].values())

    assert {action for action in needed if not allows(everything(role), action)} == set()
    assert set(everything(role)) - needed <= {"Microsoft.App/managedEnvironments/read"}
    assert "*" not in "".join(everything(role))


@pytest.mark.parametrize("role", OWN)
@pytest.mark.parametrize("action", FORBIDDEN)
def test_no_role_reads_secrets_deletes_or_gives_rights(role, action):
    assert not allows(everything(role), action)


def test_azures_own_role_lets_releases_read_the_keys():
    """Why there are roles of our own: its wildcards include `listSecrets`."""
    assert allows(CONTAINER_APPS_CONTRIBUTOR, f"{APP}/listSecrets/action") or allows(
        CONTAINER_APPS_CONTRIBUTOR, f"{APP}/revisions/listSecrets/action"
    )


def test_bootstrap_makes_each_role_of_the_file_for_its_group_alone():
    made = resources(BOOTSTRAP, "Microsoft.Authorization/roleDefinitions")

    assert made.keys() == OWN.keys()
    for name, definition in made.items():
        properties = definition["properties"]
        assert access(definition["name"]) == ("ownIds", name)
        assert properties["assignableScopes"] == ["group"]
        assert properties["type"] == "CustomRole"
        (permission,) = properties["permissions"]
        for key, value in permission.items():
            assert [
                access(value)[0],
                *_names(value["operator"]["operands"]["operand_2"]),
            ] == ["ownRoles", name, key]
        assert OWN[name]["title"] in DEPLOY, f"docs/deploy.md does not speak of {OWN[name]['title']}"


def _names(node):
    return list(access(node))
