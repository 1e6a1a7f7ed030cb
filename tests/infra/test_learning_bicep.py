"""Learning in Azure, as the Bicep files say it: its jobs, servers, settings and prices."""

from __future__ import annotations

import re

from bicep_fixtures import (
    MODULES,
    ROOT,
    access,
    code,
    decorators,
    module_calls,
    parse,
    resource,
    variables,
    walk,
)

from infra.entra_login import EntraLogin
from infra.learning_job import read_jobs
from sentiment.config import Settings

LEARNING, JOBS = MODULES / "learning.bicep", MODULES / "learning_jobs.bicep"
DOCUMENT = (ROOT / "docs" / "azure-learning.md").read_text("utf-8")
# Variables that a tool reads, not our settings.
TOOLS = {
    *("APPLICATIONINSIGHTS_CONNECTION_STRING", "AZURE_CLIENT_ID", "AZURE_STORAGE_ACCOUNT"),
    *("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"),
    *("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"),
}


def names():
    """The variables of the jobs, in the files of Bicep."""
    text = LEARNING.read_text("utf-8") + (ROOT / "infra" / "main.bicep").read_text("utf-8")
    return set(
        re.findall(r"\b((?:SENTIMENT|MLFLOW|AZURE|PREFECT|APPLICATIONINSIGHTS)_[A-Z_]+)(?:'$|:)", text, re.M)
    )


def test_every_variable_of_the_jobs_is_a_setting_or_a_tools_own():
    ours = {name for name in names() if name.startswith("SENTIMENT_")}

    assert {
        name for name in ours if name.removeprefix("SENTIMENT_").lower() not in Settings.model_fields
    } == set()
    assert names() >= TOOLS
    assert {
        "SENTIMENT_STATE_URL",
        "SENTIMENT_MODELS_URL",
        "SENTIMENT_REVIEW_URL",
        "SENTIMENT_SIGNING_KEY",
    } <= ours


def test_the_jobs_are_those_of_the_file_and_azure_takes_their_names_and_sizes():
    known, job = variables(JOBS), resource(JOBS, "Microsoft.App/jobs")
    longest = decorators(parse(JOBS)["parameters"]["environmentName"])["max_length"]

    assert known["jobs"]["function"]["parameters"]["file_path"] == "../learning_jobs.json"
    assert job["name"] == "caj-${each.key}-${environmentName}"
    for name, one in read_jobs().items():
        assert len(f"caj-{name}-") + longest <= 32, name
        assert one.size in known["sizes"], name
        assert f"| `{name}` |" in DOCUMENT, name
        assert f"| {one.cron} |" in DOCUMENT, name
    for size in known["sizes"].values():
        assert size["memory"] == f"{2 * size['cpu']}Gi"
    (container,) = job["properties"]["template"]["containers"]
    assert container["args"] == ["infra.learning_job", "each.key"] or access(container["args"][1]) == (
        "each",
        "key",
    )


def test_learning_is_off_by_default_and_the_jobs_hold_no_key():
    assert parse(ROOT / "infra" / "main.bicep")["parameters"]["learning"]["default"] == {}
    assert "value: signingKey" not in LEARNING.read_text("utf-8")
    for secret in [item for item in walk(variables(LEARNING)) if "keyVaultUrl" in item]:
        assert secret["keyVaultUrl"] == "${vaultUrl}/" + secret["name"]


def test_every_database_is_made_and_opened_without_a_password():
    text = code_of_addresses()
    made = set(
        re.findall(
            r"flexibleServers/databases@[^{]+\{\s+parent: server\s+name: '(\w+)'",
            (MODULES / "postgres.bicep").read_text("utf-8"),
        )
    )
    asked = re.findall(r"postgresql\+(\w+)://\$\{database\}/(\w+)\?plugin=entra'", text)

    assert {name for _, name in asked} == made == {"review", "mlflow", "mlflow_users", "prefect"}
    assert {driver for driver, _ in asked} == {"psycopg", "asyncpg"}
    assert EntraLogin.__module__ == "infra.entra_login"
    server = resource(MODULES / "postgres.bicep", "Microsoft.DBforPostgreSQL/flexibleServers")["properties"]
    assert server["authConfig"]["passwordAuth"] == "Disabled"


def code_of_addresses():
    return LEARNING.read_text("utf-8")


def test_the_servers_ask_for_a_login_and_nobody_from_outside_reaches_them_unless_named():
    app = resource(MODULES / "learning_app.bicep", "Microsoft.App/containerApps")["properties"]
    ingress = app["configuration"]["ingress"]

    assert "external: !empty(addresses)" in (MODULES / "learning_app.bicep").read_text("utf-8")
    assert ingress["allowInsecure"] is False
    calls = module_calls(LEARNING)
    assert calls["mlflow"][1]["arguments"] == ["infra.mlflow_server"]
    assert "PREFECT_SERVER_API_AUTH_STRING" in str(calls["prefect"][1]["variables"])
    assert code(LEARNING.read_text("utf-8"))


def test_the_costs_in_the_document_are_what_its_prices_make():
    """Checks the arithmetic, not the prices: per vCPU-second and GiB-second, active and idle."""
    month, vcpu, idle, gib = 30 * 24 * 3600, 0.000024, 0.000003, 0.000003
    server = month * (idle + 2 * gib), month * (vcpu + 2 * gib)
    minutes = {"reconcile": 30 * 2, "collect": 4 * 3, "validate": 30 * 2, "drift": 4 * 4, "calibrate": 4 * 3}
    minutes |= {"analyse": 4 * 3, "watch": 30 * 24 * 2}
    small = sum(minutes.values()) * 60 * (vcpu + 2 * gib)
    large = 4 * 60 * 60 * 4 * (vcpu + 2 * gib)

    assert set(minutes) | {"retrain"} == set(read_jobs())
    assert f"${server[0]:.0f} to ${server[1]:.0f}" in DOCUMENT
    assert f"${small:.2f}" in DOCUMENT
    assert f"${large:.2f}" in DOCUMENT
