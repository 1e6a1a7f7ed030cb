"""The subject of GitHub's tokens is asked of GitHub, and the credentials in Azure fit it."""

from __future__ import annotations

import json
import re

import pytest
from bicep_fixtures import BOOTSTRAP, DEPLOY, IDENTITIES, resources

from infra.programs import ProgramError
from infra.subject import SubjectError, main, prefix_of

NEW = "repo:ann@24213737/sentiloop@1323153730"
PATH = "gh api repos/ann/sentiloop/actions/oidc/customization/sub"
FEDERATED = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"


def exchange(credential, claim):
    """What Entra answers to a token: a credential fits it letter by letter, or not at all."""
    if credential != claim:
        same = credential.lower() == claim.lower()
        raise PermissionError("AADSTS7002138" if same else f"AADSTS700213: no matching subject '{claim}'")


def credentials(prefix, environment):
    """The subjects that our Bicep files write for a prefix, in one GitHub environment."""
    for path in (IDENTITIES, BOOTSTRAP):
        for credential in resources(path, FEDERATED).values():
            subject = credential["properties"]["subject"].replace("${subjectPrefix}", prefix)
            yield re.sub(r"\$\{\w+\}", environment, subject)


@pytest.mark.parametrize(
    ("facts", "prefix"),
    [
        # As GitHub answers for a repository made since 15 July 2026 (Azure/azure-dev#9382).
        ({"use_default": True, "use_immutable_subject": False, "sub_claim_prefix": NEW}, NEW),
        ({"use_default": True}, "repo:ann/sentiloop"),
        ({"use_default": False, "include_claim_keys": ["repo", "context"]}, "repo:ann/sentiloop"),
    ],
)
def test_a_token_of_the_repository_is_exchanged(programs, facts, prefix):
    programs.answer(PATH, json.dumps(facts))

    made = list(credentials(prefix_of("ann/sentiloop"), "production"))

    assert len(made) == 5
    for credential in made:
        exchange(credential, f"{prefix}:environment:production")


@pytest.mark.parametrize("built", ["repo:ann/sentiloop", NEW.replace("ann", "Ann")])
def test_a_subject_that_is_built_from_names_is_refused(built):
    for credential in credentials(built, "production"):
        with pytest.raises(PermissionError, match="AADSTS7002"):
            exchange(credential, f"{NEW}:environment:production")


def test_subjects_of_another_form_are_told_with_the_remedy(programs):
    programs.answer(PATH, json.dumps({"use_default": False, "include_claim_keys": ["repository_id"]}))

    with pytest.raises(SubjectError, match="use_default=true"):
        prefix_of("ann/sentiloop")


def test_a_repository_that_github_does_not_show_is_no_reason_to_guess(programs, monkeypatch, capsys):
    programs.fail(PATH, err="gh: Not Found (HTTP 404)")
    monkeypatch.setattr("infra.programs.time.sleep", lambda _: None)

    with pytest.raises(ProgramError, match="HTTP 404"):
        prefix_of("ann/sentiloop")
    assert main(["--repository", "ann/sentiloop"]) == 1
    assert "HTTP 404" in capsys.readouterr().err


def test_the_document_reads_the_prefix_and_builds_none():
    assert "export OIDC_SUBJECT_PREFIX=$(python3 -m infra.subject)" in DEPLOY
    assert not re.search(r"repo:OWNER/REPOSITORY:environment", DEPLOY)
