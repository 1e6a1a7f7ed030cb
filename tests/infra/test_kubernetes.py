"""The manifests for Kubernetes: valid, one with another, and with the service."""

from __future__ import annotations

import json
import re

import kubernetes_validate
import pytest
import yaml
from bicep_fixtures import ROOT

from sentiment.config import Settings, read_settings
from sentiment.telemetry.process import STOP_SECONDS

FOLDER = ROOT / "infra" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
MANIFESTS = {name: yaml.safe_load((FOLDER / name).read_text("utf-8")) for name in KUSTOMIZATION["resources"]}
POD = MANIFESTS["deployment.yaml"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
VERSIONS = ("1.31", "1.34")  # the oldest and newest that we promise; `preStop.sleep` needs 1.30


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_valid(name, version):
    kubernetes_validate.validate(MANIFESTS[name], version, strict=True)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("maxUnavailable: 1", "maxUnavailable: [1]"), ("unhealthyPodEvictionPolicy", "unhealthyPodPolicy")],
)
def test_a_mistake_in_a_manifest_would_be_found(right, wrong):
    text = (FOLDER / "disruption.yaml").read_text("utf-8")
    assert right in text

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(yaml.safe_load(text.replace(right, wrong)), VERSIONS[0], strict=True)


def test_kustomize_gets_every_file_and_the_image_by_its_name():
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}

    assert files == set(KUSTOMIZATION["resources"])
    assert [image["name"] for image in KUSTOMIZATION["images"]] == [CONTAINER["image"]]
    made = {each["name"] for kind in ("configMap", "secret") for each in KUSTOMIZATION[f"{kind}Generator"]}
    assert made == {next(iter(source.values()))["name"] for source in CONTAINER["envFrom"]}


def test_everything_is_about_the_pods_of_the_deployment():
    labels = MANIFESTS["deployment.yaml"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        MANIFESTS["deployment.yaml"]["spec"]["selector"]["matchLabels"],
        MANIFESTS["service.yaml"]["spec"]["selector"],
        MANIFESTS["disruption.yaml"]["spec"]["selector"]["matchLabels"],
        MANIFESTS["network.yaml"]["spec"]["podSelector"]["matchLabels"],
        POD["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ]

    assert all(selector == labels for selector in selectors)
    target = MANIFESTS["autoscaler.yaml"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == (
        "Deployment",
        MANIFESTS["deployment.yaml"]["metadata"]["name"],
    )
    assert POD["serviceAccountName"] == MANIFESTS["account.yaml"]["metadata"]["name"]


def test_the_probes_and_the_time_to_stop_are_those_of_the_app_in_azure():
    probes = {
        probe.pop("type").lower(): probe for probe in json.loads((ROOT / "infra" / "probes.json").read_text())
    }

    assert {name: CONTAINER[f"{name}Probe"] for name in probes} == probes
    pause = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    longest = Settings.model_fields["timeout_seconds"].default + STOP_SECONDS + pause
    assert longest < POD["terminationGracePeriodSeconds"]


def test_the_settings_take_what_the_pod_gives(monkeypatch):
    example = re.findall(r"^(\w+)=", (FOLDER / "keys.env.example").read_text("utf-8"), re.MULTILINE)
    literals = dict(
        line.split("=", 1) for each in KUSTOMIZATION["configMapGenerator"] for line in each["literals"]
    )
    given = literals | {variable["name"]: variable["value"] for variable in CONTAINER["env"]}
    for name, value in (dict.fromkeys(example, "a key of more than sixteen") | given).items():
        monkeypatch.setenv(name, value)

    settings = read_settings()

    assert {"SENTIMENT_SIGNING_KEY", "SENTIMENT_API_KEY"} <= set(example)
    assert settings.port_service == CONTAINER["ports"][0]["containerPort"]
    assert str(settings.host) == "0.0.0.0"
    ours = {name for name in (*example, *given) if name.startswith("SENTIMENT_")}
    assert {name.removeprefix("SENTIMENT_").lower() for name in ours} <= set(Settings.model_fields)


def test_a_pod_may_do_nothing_but_serve():
    security, volume = CONTAINER["securityContext"], CONTAINER["volumeMounts"]

    assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert POD["securityContext"]["runAsUser"] == 1034  # the image's own user
    assert POD["automountServiceAccountToken"] is False
    assert [mount["mountPath"] for mount in volume] == ["/home/bentoml/sentiloop"]
    ports = {port["port"] for rule in MANIFESTS["network.yaml"]["spec"]["egress"] for port in rule["ports"]}
    assert ports == {53, 443}


def test_the_keys_are_in_no_file_of_git():
    assert "/infra/kubernetes/keys.env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert not re.search(r"^\w+=.+$", (FOLDER / "keys.env.example").read_text("utf-8"), re.MULTILINE)
