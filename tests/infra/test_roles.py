"""The roles of every identity in Azure: complete, and no others."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from bicep_fixtures import (
    BOOTSTRAP,
    DEPLOY,
    FILES,
    FOLDER,
    IDENTITIES,
    ROOT,
    Role,
    access,
    by_name,
    own_role,
    resources,
    roles,
    variables,
)

# Azure's own names of the roles that we give, from Microsoft's list of built-in roles.
BUILT_IN_ROLES = {
    "acrPull": ("AcrPull", "7f951dda-4ed3-4680-a7ca-43fe172d538d"),
    "acrPush": ("AcrPush", "8311e382-0749-4cb8-b61a-304f252e45ec"),
    "contributor": ("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"),
    "containerAppsContributor": ("Container Apps Contributor", "358470bc-b998-42bd-ab17-a7e34c199c0f"),
    "containerAppsJobsOperator": ("Container Apps Jobs Operator", "b9a307c4-5aa3-4b52-ba60-2b17c136cd7b"),
    "keyVaultSecretsOfficer": ("Key Vault Secrets Officer", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"),
    "keyVaultSecretsUser": ("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"),
    "logAnalyticsDataReader": ("Log Analytics Data Reader", "3b03c2da-16b3-4a49-8834-0f8130efdd3b"),
    "managedIdentityOperator": ("Managed Identity Operator", "f1a07417-d97a-45cb-824c-7a7467783830"),
    "monitoringMetricsPublisher": ("Monitoring Metrics Publisher", "3913510d-42f4-4e42-8a64-420c390055eb"),
    "monitoringReader": ("Monitoring Reader", "43d0d8ad-25c7-4714-9337-8ba259a9fe05"),
    "reader": ("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    "roleBasedAccessControlAdministrator": (
        "Role Based Access Control Administrator",
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    ),
    "storageBlobDataContributor": ("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
    "storageBlobDataReader": ("Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
    "workbookReader": ("Workbook Reader", "b279062a-9be3-42a0-92ae-8b3cf002ec4d"),
}
DOCUMENTS = DEPLOY + "".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("azure-*.md"))
OWN = json.loads((FOLDER / "own_roles.json").read_text("utf-8"))
# Who may do what: all of it.
ROLES = {
    Role("identities", "app", "release", "managedIdentityOperator"),
    Role("environment", "environment", "releasePrincipalId", "containerAppsContributor", "releaser"),
    Role("app", "app", "releasePrincipalId", "containerAppsContributor", "releaser"),
    Role("app", "app", "upkeepPrincipalId", "containerAppsContributor", "retirer"),
    Role("monitoring", "component", "senderPrincipalId", "monitoringMetricsPublisher"),
    Role("monitoring", "component", "learningPrincipalId", "monitoringMetricsPublisher"),
    Role("monitoring", "workspace", "learningPrincipalId", "logAnalyticsDataReader"),
    Role("monitoring", "workspace", "reader", "logAnalyticsDataReader"),
    Role("monitoring", "component", "reader", "monitoringReader"),
    Role("workbook", "workbook", "reader", "workbookReader"),
    Role("storage", "feedback", "appPrincipalId", "storageBlobDataContributor", "feedbackCreator"),
    Role("storage", "models", "appPrincipalId", "storageBlobDataReader"),
    Role("storage", "models", "learningPrincipalId", "storageBlobDataContributor"),
    Role("storage", "feedback", "learningPrincipalId", "storageBlobDataContributor"),
    Role("storage", "learning", "learningPrincipalId", "storageBlobDataContributor"),
    Role("storage", "mlflow", "learningPrincipalId", "storageBlobDataContributor"),
    Role("access", "vault", "appPrincipalId", "keyVaultSecretsUser"),
    Role("access", "vault", "learningPrincipalId", "keyVaultSecretsUser"),
    Role("access", "images", "appPrincipalId", "acrPull"),
    Role("access", "images", "learningPrincipalId", "acrPull"),
    Role("access", "images", "releasePrincipalId", "acrPush"),
    Role("learning_jobs", "retraining", "learningPrincipalId", "containerAppsJobsOperator"),
    Role("vault", "vault", "keeper", "keyVaultSecretsOfficer"),
    Role("bootstrap", "resource_group()", "preview", "reader"),
    Role("bootstrap", "resource_group()", "preview", "", "previewer"),
    Role("bootstrap", "resource_group()", "deployer", "contributor"),
    Role("bootstrap", "resource_group()", "deployer", "roleBasedAccessControlAdministrator"),
}


def test_the_roles_are_azures_own():
    given = json.loads((FOLDER / "roles.json").read_text("utf-8"))

    assert given == {name: guid for name, (_, guid) in BUILT_IN_ROLES.items()}
    assert all(str(uuid.UUID(guid)) == guid for guid in given.values())
    for title, _ in BUILT_IN_ROLES.values():
        assert title in DOCUMENTS, f"no document speaks of {title}"


def test_nobody_has_another_role_and_each_has_a_scope():
    assigned = [role for path in FILES for role in roles(path).values()]

    assert len(assigned) == len(ROLES)
    assert set(assigned) == ROLES


@by_name
def test_a_role_assignment_is_named_after_its_scope_its_principal_and_its_role(path):
    """Azure refuses to change an assignment's role: another role needs another name (a GUID)."""
    for symbol, role in roles(path).items():
        assignment = resources(path, "Microsoft.Authorization/roleAssignments")[symbol]
        named = [access(part) for part in assignment["name"]["function"]["parameters"].values() if part]

        assert assignment["name"]["function"]["type"] == "guid"
        assert [part[0] for part in named[:2]] == [role.scope, role.principal]
        place, *name = named[2]
        assert place in ("roles", "ownIds", role.own)
        assert not name or name == [role.role or role.own]


def test_only_people_may_be_something_else_than_service_principals():
    for path in FILES:
        for symbol, role in roles(path).items():
            kind = resources(path, "Microsoft.Authorization/roleAssignments")[symbol]["properties"][
                "principalType"
            ]
            people = {"reader": ("reader", "type"), "keeper": ("keeper", "type")}
            assert access(kind) == people.get(role.principal, ("ServicePrincipal",))


def test_who_deploys_gives_away_the_roles_of_the_modules_and_no_other():
    given = {access(role)[1] for role in variables(BOOTSTRAP)["given"]}
    own_ids = variables(BOOTSTRAP)["ownIds"]
    condition = resources(BOOTSTRAP, "Microsoft.Authorization/roleAssignments")["givesRoles"]["properties"][
        "condition"
    ]

    assert {name: own_role(node) for name, node in own_ids.items()} == {name: name for name in OWN}
    assert given == {
        name for role in ROLES if role.file not in ("bootstrap", "vault") for name in (role.role, role.own)
    } - {""}
    assert given == (BUILT_IN_ROLES.keys() | OWN.keys()) - {
        *(
            "contributor",
            "keyVaultSecretsOfficer",
            "previewer",
            "reader",
            "roleBasedAccessControlAdministrator",
        )
    }
    said = filled(condition, variables(BOOTSTRAP)).replace("\\'", "'")
    allowed = "ForAnyOfAnyValues:GuidEquals {${join(given, ', ')}}"
    about = "Microsoft.Authorization/roleAssignments"
    assert said == (
        f"((!(ActionMatches{{'{about}/write'}})) OR (@Request[{about}:RoleDefinitionId] {allowed}))"
        f" AND ((!(ActionMatches{{'{about}/delete'}})) OR (@Resource[{about}:RoleDefinitionId] {allowed}))"
    )


def filled(text, values):
    """A text with the variables that it interpolates, as far as they are texts."""
    return re.sub(r"\$\{(\w+)\}", lambda hole: values[hole[1]], text)


@pytest.mark.parametrize(
    ("path", "subjects"),
    [
        (IDENTITIES, ["${releaseEnvironment}", "${learningEnvironment}", "${upkeepEnvironment}"]),
        (BOOTSTRAP, ["${previewEnvironment}", "${deployEnvironment}"]),
    ],
    ids=["identities", "bootstrap"],
)
def test_github_gets_a_token_for_one_environment_only(path, subjects):
    known = variables(path)
    credentials = resources(
        path, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
    ).values()

    assert [credential["properties"]["subject"] for credential in credentials] == [
        f"${{subjectPrefix}}:environment:{subject}" for subject in subjects
    ]
    assert len({credential["parent"] for credential in credentials}) == len(subjects)
    for credential in credentials:
        assert (
            known.get(credential["properties"]["issuer"], credential["properties"]["issuer"])
            == "https://token.actions.githubusercontent.com"
        )
        assert [known.get(name, name) for name in credential["properties"]["audiences"]] == [
            "api://AzureADTokenExchange"
        ]
