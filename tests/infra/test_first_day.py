"""The first day's checks: each sees what it is for, and none of them changes anything."""

from __future__ import annotations

import base64
import http.server
import json
import re
import threading

import pytest
from workflows import ROOT

from infra import first_day_azure
from infra.first_day import as_table, examine
from infra.first_day_asking import Place
from infra.first_day_azure import CHECKS as AZURE
from infra.first_day_github import CHECKS as GITHUB

PREFIX = "repo:ann@24213737/sentiloop@1323153730"
IMAGE = "docker.io/ann/sentiloop@sha256:" + "ab" * 32
APP = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.App/containerApps/ca"
RULE = {"name": "bad-predictions", "enabled": True, "id": "/rule"}
# An installation on which every belief holds, as az and gh show it.
GOOD = {
    "gh api repos/ann/sentiloop/actions/permissions": {"enabled": True},
    "gh api repos/ann/sentiloop/actions/workflows": {
        "workflows": [{"path": ".github/workflows/ci.yml", "state": "active"}]
    },
    "gh api repos/ann/sentiloop/actions/oidc/customization/sub": {
        "use_default": True,
        "sub_claim_prefix": PREFIX,
    },
    "gh api repos/ann/sentiloop/environments": {
        "environments": [
            *(
                {"name": name, "deployment_branch_policy": {"custom_branch_policies": True}}
                for name in ("production", "learning", "upkeep", "infrastructure")
            ),
            {"name": "preview"},
            {"name": "approval", "protection_rules": [{"type": "required_reviewers"}]},
        ]
    },
    "gh api repos/ann/sentiloop/rules/branches/main": [
        {
            "type": "required_status_checks",
            "parameters": {"required_status_checks": [{"context": "ci"}]},
        }
    ],
    "gh api repos/ann/sentiloop/codeowners/errors": {"errors": []},
    "gh api repos/ann/sentiloop/contents/.github/CODEOWNERS": {
        "content": base64.encodebytes(b"# who\n/infra/ @ann\n").decode()
    },
    "az identity list": [
        {"name": f"id-{name}-sentiloop-prod", "principalId": f"{name}-principal"}
        for name in ("release", "upkeep")
    ],
    "az identity federated-credential list": [{"subject": f"{PREFIX}:environment:production"}],
    "az containerapp show": {
        "id": APP,
        "location": "West Europe",
        "properties": {
            "configuration": {
                "activeRevisionsMode": "Multiple",
                "ingress": {
                    "fqdn": "ca.example",
                    "traffic": [{"revisionName": "ca--new", "weight": 100, "label": "stable"}],
                },
            }
        },
    },
    "az containerapp revision list": [
        {
            "name": "ca--new",
            "properties": {
                "active": True,
                "createdTime": "2026-11-30T10:00:00+00:00",
                "template": {"containers": [{"image": IMAGE}]},
            },
        }
    ],
    "az monitor activity-log list": [
        {
            "caller": "release-principal",
            "authorization": {"action": "Microsoft.App/containerApps/write"},
            "status": {"value": "Succeeded"},
        }
    ],
    "az role assignment list": [{"roleDefinitionName": "Sentiloop: Container app releaser (prod)"}],
    "az monitor log-analytics query": [],
    "az monitor scheduled-query list": [RULE],
    "az rest --method get --url /rule/providers/Microsoft.ResourceHealth": {
        "properties": {"availabilityState": "Available"}
    },
}
READS = re.compile(r"gh api repos/[^ ]+$|az (?:[a-z-]+ )*(?:list|show|query) --|az rest --method get ")
PRICES = {"Standard vCPU Active Usage": 0.000024, "Standard Memory Active Usage": 0.000003}


@pytest.fixture
def azure_and_github(monkeypatch):
    """The service, which keeps the trace, and Azure's list of prices, on loopback."""

    class Handler(http.server.BaseHTTPRequestHandler):
        keeps = True
        prices = PRICES

        def do_GET(self):
            items = [{"meterName": name, "retailPrice": price} for name, price in self.prices.items()]
            body = json.dumps({"Items": items}).encode()
            self.send_response(200)
            sent = self.headers.get("traceparent", "00-0-0-01").split("-")[1]
            self.send_header("X-Trace-Id", sent if self.keeps else "another")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    Handler.address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(first_day_azure, "_PRICES", f"{Handler.address}/prices")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield Handler
    server.shutdown()
    server.server_close()


def place(programs, handler, **changed):
    """The installation, with some answers of az or gh changed: `{start of the command: answer}`."""
    for start, answer in {**GOOD, **changed}.items():
        programs.answer(start, json.dumps(answer))
    made = Place("rg", "ca", "ann/sentiloop", "workspace")
    made.__dict__["service"] = handler.address  # in place of https://ca.example
    return made


def test_where_every_belief_holds_the_table_says_so_and_nothing_was_changed(programs, azure_and_github):
    lines = examine(place(programs, azure_and_github))

    assert {line.state for line in lines} == {"yes", "look"}, as_table(lines)
    assert [line.check for line in lines if line.state == "look"] == [
        "they need the environment and the identity for it (13, 14)",
        "requests reach the logs",
        "the workbook shows milliseconds (83)",
    ]
    assert [command for command in programs.commands() if not READS.match(command)] == []


def changed(key, **parts):
    return {**GOOD[key], **parts}


STRANGE = {"revisionName": "ca--gone", "weight": 0}
SHOWN = GOOD["az containerapp show"]
TRAFFIC = SHOWN["properties"]["configuration"]["ingress"]["traffic"]


@pytest.mark.parametrize(
    ("check", "answers", "words"),
    [
        ("GitHub runs", {"gh api repos/ann/sentiloop/actions/permissions": {"enabled": False}}, "new fork"),
        (
            "no workflow is",
            {
                "gh api repos/ann/sentiloop/actions/workflows": {
                    "workflows": [{"path": "retrain.yml", "state": "disabled_fork"}]
                }
            },
            "disabled_fork",
        ),
        (
            "Azure takes the subjects",
            {
                "az identity federated-credential list": [
                    {"subject": "repo:ann/sentiloop:environment:production"}
                ]
            },
            "repo:ann/sentiloop",
        ),
        ("the environments", {"gh api repos/ann/sentiloop/environments": {"environments": []}}, "is missing"),
        (
            "main requires",
            {
                "gh api repos/ann/sentiloop/rules/branches/main": [
                    {
                        "type": "required_status_checks",
                        "parameters": {"required_status_checks": [{"context": "gate"}]},
                    }
                ]
            },
            "gate",
        ),
        (
            "CODEOWNERS names",
            {
                "gh api repos/ann/sentiloop/contents/.github/CODEOWNERS": {
                    "content": base64.encodebytes(b"# /infra/ @ann\n").decode()
                }
            },
            "has no rule: python -m infra.owners @NAME",
        ),
        (
            "CODEOWNERS names",
            {"gh api repos/ann/sentiloop/codeowners/errors": {"errors": [{"message": "Unknown owner"}]}},
            "Unknown owner",
        ),
        (
            "releases may change",
            {
                "az monitor activity-log list": [
                    {**GOOD["az monitor activity-log list"][0], "status": {"value": "Failed"}}
                ]
            },
            "Failed",
        ),
        (
            "releases and upkeep",
            {"az role assignment list": [{"roleDefinitionName": "Container Apps Contributor"}]},
            "Container Apps Contributor",
        ),
        (
            "the image's user",
            {"az monitor log-analytics query": [{"Log_s": "SENTIMENT_HOME cannot be written"}]},
            "cannot be written",
        ),
        (
            "the list of traffic",
            {
                "az containerapp show": {
                    **SHOWN,
                    "properties": {
                        "configuration": {
                            **SHOWN["properties"]["configuration"],
                            "ingress": {"fqdn": "ca.example", "traffic": [*TRAFFIC, STRANGE]},
                        }
                    },
                }
            },
            "deleted revisions: ca--gone",
        ),
        ("the alert rules are on", {"az monitor scheduled-query list": [{**RULE, "enabled": False}]}, "off"),
        (
            "the alert rules are healthy",
            {
                "az rest --method get --url /rule/providers/Microsoft.ResourceHealth": {
                    "properties": {"availabilityState": "Degraded"}
                }
            },
            "Degraded",
        ),
    ],
)
def test_a_belief_that_does_not_hold_is_seen(programs, azure_and_github, check, answers, words):
    (function,) = [one for name, one in {**GITHUB, **AZURE}.items() if name.startswith(check)]

    holds, found = function(place(programs, azure_and_github, **answers))

    assert holds is False
    assert words in found


def test_a_trace_that_the_ingress_replaces_and_other_prices_are_seen(programs, azure_and_github):
    here = place(programs, azure_and_github)
    azure_and_github.keeps = False
    azure_and_github.prices = dict.fromkeys(PRICES, 0.001)

    assert AZURE["the ingress keeps the trace (33)"](here)[0] is False
    assert AZURE["prices are about those of docs/deploy.md (90)"](here)[0] is False


def test_what_cannot_be_read_is_a_line_and_ends_nothing(programs, azure_and_github):
    here = place(programs, azure_and_github)
    programs.fail("az monitor scheduled-query list", err="ERROR: (AuthorizationFailed) no right")

    lines = {line.check: line for line in examine(here)}

    assert lines["the alert rules are on (78)"].state == "unknown"
    assert "AuthorizationFailed" in lines["the alert rules are on (78)"].found


def test_the_document_explains_every_check_and_names_every_open_belief():
    document = (ROOT / "docs" / "first-day.md").read_text("utf-8")

    for name in (*GITHUB, *AZURE):
        assert f"| {name} |" in document
    for number in (12, 13, 14, 26, 33, 42, 78, 83, 90):
        assert re.search(rf"\((?:\d+, )*{number}(?:, \d+)*\)", document), number


def test_a_repository_without_code_owners_is_told_how_to_name_them(programs, azure_and_github):
    programs.fail("gh api repos/ann/sentiloop/codeowners/errors", "gh: Not Found (HTTP 404)")
    asked = place(programs, azure_and_github)

    line = next(line for line in examine(asked) if line.check.startswith("CODEOWNERS"))

    assert (line.state, "infra.owners @NAME" in line.found) == ("NO", True)
