"""A deployment begins with what GitHub attests of the image, and ends there if that is not good."""

from __future__ import annotations

import pytest
from cloud_fixtures import COMMIT, IMAGE, NEW, OLD
from release_fixtures import DEPLOY, command

from infra.attestation import PREDICATES, AttestationError, check_image
from sentiment.errors import ConfigError

PROVENANCE, BILL = PREDICATES
OTHER = IMAGE.replace("ab", "ef")


def deployed():
    with command(*DEPLOY, "0.1") as process:
        return process.communicate(timeout=60)[0], process.returncode


def test_a_deployment_asks_for_the_workflow_the_commit_and_both_predicates_before_anything_else(cloud):
    output, code = deployed()

    assert code == 0, output
    assert f"GitHub attests who built {IMAGE}, from which commit, and what is in it" in output
    assert cloud.gh_calls == [
        [
            *("attestation", "verify", f"oci://{IMAGE}", "--repo", "ann/sentiloop"),
            *("--signer-workflow", "ann/sentiloop/.github/workflows/release.yml", "--source-digest", COMMIT),
            *("--deny-self-hosted-runners", "--predicate-type", predicate),
        ]
        for predicate in PREDICATES
    ]


def test_a_deployment_without_a_good_attestation_stops_and_changes_nothing(cloud):
    cloud.attestations.clear()
    cloud.attest(IMAGE, commit="f" * 40)

    output, code = deployed()

    assert code == 1
    assert f"error: {IMAGE} has no good attestation" in output
    assert "nothing is deployed" in output
    assert cloud.calls == []
    assert cloud.active() == [OLD]


@pytest.mark.parametrize(
    ("predicates", "changes", "said"),
    [
        ((), {"image": OTHER}, "HTTP 404: Not Found"),
        ((), {"repo": "eve/sentiloop"}, "HTTP 404: Not Found"),
        ((), {"workflow": ".github/workflows/ci.yml"}, "no matching CertificateIdentity"),
        ((), {"commit": "f" * 40}, "no matching CertificateIdentity"),
        ((), {"runner": "self-hosted"}, "no matching CertificateIdentity"),
        ((PROVENANCE,), {}, "no matching predicate found"),
        ((BILL,), {}, "no matching predicate found"),
    ],
)
def test_what_others_built_or_from_something_else_is_refused(cloud, predicates, changes, said):
    cloud.attestations.clear()
    cloud.attest(changes.pop("image", IMAGE), *predicates, **changes)

    with pytest.raises(AttestationError, match=f"has no good attestation .*{said}.*nothing is deployed"):
        check_image(IMAGE, COMMIT, pause=0.01)


def test_without_a_login_nothing_is_attested(cloud, monkeypatch):
    monkeypatch.delenv("GH_TOKEN")

    with pytest.raises(AttestationError, match=r"failed with 4: .*GH_TOKEN"):
        check_image(IMAGE, COMMIT, pause=0.01)


def test_without_gh_nothing_is_attested(cloud, monkeypatch):
    (cloud.folder / "gh").unlink()
    monkeypatch.setenv("PATH", str(cloud.folder))

    with pytest.raises(AttestationError, match="gh cannot be started"):
        check_image(IMAGE, COMMIT, pause=0.01)


@pytest.mark.parametrize(
    ("variables", "commit", "said"),
    [
        ({"GITHUB_REPOSITORY": ""}, COMMIT, "set it to the OWNER/NAME .* or set ATTESTATIONS=off"),
        ({"GITHUB_REPOSITORY": "--owner"}, COMMIT, "GITHUB_REPOSITORY is '--owner'"),
        ({"ATTESTATIONS": "maybe"}, COMMIT, "ATTESTATIONS is 'maybe': set it to on or off"),
        ({}, COMMIT[:7], "'c0ffee0' is not a whole commit"),
    ],
)
def test_what_cannot_be_asked_is_said(cloud, monkeypatch, variables, commit, said):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError, match=said):
        check_image(IMAGE, commit)
    assert cloud.gh_calls == []


def test_people_who_deploy_without_github_switch_it_off_and_are_warned(cloud, monkeypatch):
    monkeypatch.setenv("ATTESTATIONS", "off")
    monkeypatch.delenv("GITHUB_REPOSITORY")

    output, code = deployed()

    assert code == 0, output
    assert f"warning: ATTESTATIONS=off, so nobody attests who built {IMAGE}" in output
    assert cloud.gh_calls == []
    assert cloud.stable() == [NEW]
