"""main.bicep deploys what the service needs."""

from __future__ import annotations

import json
import re

from bicep_fixtures import (
    APP,
    FILES,
    FOLDER,
    MAIN,
    MODULES,
    MONITORING,
    ROOT,
    STORAGE,
    access,
    by_name,
    decorators,
    module_calls,
    parse,
    resource,
    resources,
    texts,
    variables,
    walk,
)

from sentiment.config import Settings, read_settings
from sentiment.serving.endpoints import PATHS
from sentiment.telemetry.process import STOP_SECONDS

# --- The app ---


def app():
    return resource(APP, "Microsoft.App/containerApps")["properties"]


def probes_of_the_app():
    """The probes, which Kubernetes takes as well."""
    loaded = variables(APP)[container()["probes"]]["function"]
    assert loaded["type"] == "load_json_content"
    return json.loads((MODULES / loaded["parameters"]["file_path"]).read_text("utf-8"))


def container():
    (container,) = app()["template"]["containers"]
    return container


def environment_variables():
    """The container's variables that depend on no parameter."""
    known = variables(APP)
    named = [variable for variable in walk(known) if "name" in variable and variable["name"].isupper()]
    assert set(texts(container()["env"])) >= {"settings", "isOpen", "apiKeySetting"}
    return {variable["name"]: resolved(variable.get("value"), known) for variable in named}


def resolved(value, known):
    """The value of a text or of a variable, also within string(...); None for a secret."""
    if isinstance(value, dict):
        (value,) = value["function"]["parameters"].values()
    return str(known.get(value, value)) if value else None


def test_every_variable_of_the_container_is_a_setting():
    names = set(environment_variables())
    documented = set(re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))

    ours = {name for name in names if name.startswith("SENTIMENT_")}
    assert {
        name for name in ours if name.removeprefix("SENTIMENT_").lower() not in Settings.model_fields
    } == set()
    assert names - documented <= {"AZURE_STORAGE_ACCOUNT"}
    assert {
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "AZURE_CLIENT_ID",
        "SENTIMENT_SIGNING_KEY",
        "SENTIMENT_API_KEY",
    } <= names


def test_the_settings_take_the_values_of_the_container(monkeypatch):
    for name, value in environment_variables().items():
        monkeypatch.setenv(name, value or "a secret of more than sixteen characters")
    monkeypatch.setenv("SENTIMENT_REQUEST_SAMPLING", parse(MAIN)["parameters"]["requestSampling"]["default"])

    settings = read_settings()

    assert settings.trusted_proxies == 1
    assert settings.port_service == Settings.model_fields["port_service"].default == variables(APP)["port"]


def test_port_and_probes_are_those_of_the_service():
    probes = {probe["type"]: probe for probe in probes_of_the_app()}

    assert {kind: probe["httpGet"]["path"] for kind, probe in probes.items()} == {
        "Startup": "/livez",
        "Liveness": "/livez",
        "Readiness": "/readyz",
    }
    assert {probe["httpGet"]["path"] for probe in probes.values()} <= {
        name for name, path in PATHS.items() if path.is_open
    }
    assert {probe["httpGet"]["port"] for probe in probes.values()} | {
        app()["configuration"]["ingress"]["targetPort"]
    } == {"port", variables(APP)["port"]}
    # What Azure takes.
    assert all(probe["failureThreshold"] <= 10 and probe["periodSeconds"] <= 240 for probe in probes.values())
    assert probes["Startup"]["failureThreshold"] * probes["Startup"]["periodSeconds"] >= 60


def test_a_replica_has_the_time_that_it_needs_to_stop():
    longest = Settings.model_fields["timeout_seconds"].default + STOP_SECONDS

    assert longest < app()["template"]["terminationGracePeriodSeconds"] <= 600


def test_several_revisions_run_beside_each_other_and_the_live_one_keeps_traffic_and_label():
    configuration, known = app()["configuration"], variables(APP)

    assert configuration["activeRevisionsMode"] == "Multiple"
    assert configuration["ingress"]["allowInsecure"] is False
    (share,) = configuration["ingress"]["traffic"]
    assert share["operator"]["operands"]["true_value"] == "latest"
    assert share["operator"]["operands"]["false_value"] == "live"
    assert known["latest"] == {"latestRevision": True, "weight": 100}
    assert known["live"] == {"revisionName": "liveRevision", "weight": 100, "label": "stable"}


def test_replicas_follow_the_requests_at_once():
    scale = app()["template"]["scale"]
    (rule,) = scale["rules"]
    rendered = rule["http"]["metadata"]["concurrentRequests"]

    assert (scale["minReplicas"], scale["maxReplicas"]) == ("minReplicas", "maxReplicas")
    assert rendered["function"]["type"] == "string"  # Azure takes texts there
    assert "concurrentRequests" in set(texts(rendered))


def test_every_size_is_one_that_azure_sells():
    for name, size in variables(APP)["sizes"].items():
        cpu = (
            size["cpu"]
            if isinstance(size["cpu"], int)
            else float(size["cpu"]["function"]["parameters"]["arg_1"])
        )
        assert size["memory"] == f"{2 * cpu:g}Gi", name
    assert set(variables(APP)["sizes"]) == set(decorators(parse(MAIN)["parameters"]["size"])["allowed"])


def test_the_home_of_the_service_lies_in_a_volume_that_outlives_the_container():
    home = environment_variables()["SENTIMENT_HOME"]
    (mount,), (volume,) = container()["volumeMounts"], app()["template"]["volumes"]

    assert mount == {"volumeName": volume["name"], "mountPath": "home"}
    assert volume["storageType"] == "EmptyDir"
    assert home == variables(APP)["home"]
    # Where the image expects it, and may write.
    assert f'value: "{home}"' in (ROOT / "bentofile.yaml").read_text("utf-8")


# --- Secrets ---


def test_every_secret_of_the_app_is_a_secure_parameter_and_every_reference_finds_one():
    known, parameters = variables(APP), parse(APP)["parameters"]
    secrets = {
        item["name"]: item["value"]
        for item in walk(known)
        if "value" in item and item.get("name", "A").islower()
    }
    referenced = {item["secretRef"] for item in walk(known) if "secretRef" in item} | {
        known["registryByPassword"]["passwordSecretRef"]
    }

    assert (
        secrets.keys()
        == referenced
        == {"connection-string", "signing-key", "previous-signing-key", "api-key", "registry-password"}
    )
    for value in secrets.values():
        assert "secure" in decorators(parameters[access(value)[0]])


def test_keys_in_a_vault_are_the_same_secrets_by_their_addresses():
    text = APP.read_text("utf-8")
    (line,) = re.findall(r"^var referred = (.+)$", text, re.MULTILINE)

    assert set(re.findall(r"'([a-z-]+)'", line)) == {"signing-key", "previous-signing-key", "api-key"}
    assert "keyVaultUrl: '${vaultUrl}/${key}'" in text  # without a version: Azure takes up the newest
    assert "value" not in text[text.index("var referred") : text.index("var apiKeySetting")]


@by_name
def test_a_secure_parameter_has_no_value_of_its_own_and_goes_into_no_output(path):
    document = parse(path)
    secure = {
        name
        for name, parameter in document.get("parameters", {}).items()
        if "secure" in decorators(parameter)
    }

    assert all(document["parameters"][name]["default"] in (None, "") for name in secure)
    for name, output in document.get("outputs", {}).items():
        assert not secure & set(texts(output["value"])), f"{path.name}: {name}"
        assert not {"list_func", "listKeys"} & set(texts(output["value"])), f"{path.name}: {name}"


def test_the_keys_that_open_something_are_long_enough_or_azure_refuses_them():
    limits = {
        name: decorators(parameter).get("min_length")
        for name, parameter in parse(APP)["parameters"].items()
        if name in ("signingKey", "apiKey")
    }
    apikey = module_calls()["app"][1]["apiKey"]["operator"]

    assert limits == {"signingKey": 16, "apiKey": 16}
    assert apikey["type"] == "conditional"
    assert apikey["operands"]["condition"] == "needsNoKey"
    assert "var needsNoKey = isOpen || !empty(keyVault)\n" in MAIN.read_text("utf-8")
    assert apikey["operands"]["false_value"] == "apiKey"
    assert parse(MAIN)["parameters"]["isOpen"]["default"] is False


# --- Storage, monitoring, alert ---


def test_the_storage_account_has_no_keys_and_nothing_public():
    properties = resource(STORAGE, "Microsoft.Storage/storageAccounts")["properties"]

    assert properties["allowSharedKeyAccess"] is False
    assert properties["allowBlobPublicAccess"] is False
    assert properties["supportsHttpsTrafficOnly"] is True
    assert properties["minimumTlsVersion"] == "TLS1_2"
    containers = resources(STORAGE, "Microsoft.Storage/storageAccounts/blobServices/containers").values()
    assert {container["name"]: container["properties"]["publicAccess"] for container in containers} == {
        "models": "None",
        "feedback": "None",
        "learning": "None",
        "mlflow": "None",
    }
    assert not {
        resource["type"]
        for path in FILES
        for resource in parse(path).get("resources", {}).values()
        if "fileServices" in resource["type"]
    }


def test_what_is_deleted_or_overwritten_there_can_be_brought_back():
    properties = resource(STORAGE, "Microsoft.Storage/storageAccounts/blobServices")["properties"]

    assert properties["isVersioningEnabled"] is True
    for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        assert properties[policy] == {"enabled": True, "days": "softDeleteDays"}


def test_the_service_writes_feedback_where_it_may():
    call, outputs = module_calls()["app"][1], parse(STORAGE)["outputs"]

    assert access(call["feedbackUrl"]) == ("storage", "outputs", "feedbackUrl")
    assert outputs["feedbackUrl"]["value"] == "az://${feedback.name}/inbox"
    assert outputs["modelsUrl"]["value"] == "az://${models.name}"


def test_application_insights_lies_in_the_workspace():
    properties = resource(MONITORING, "Microsoft.Insights/components")["properties"]

    assert access(properties["WorkspaceResourceId"]) == ("workspace", "id")
    assert properties["DisableLocalAuth"] == "entraOnly"
    assert parse(MAIN)["parameters"]["entraOnlyTelemetry"]["default"] is True


def test_alert_and_workbook_are_the_shared_ones():
    calls = module_calls(MODULES / "supervision.bicep")
    workbook = resource(MODULES / "workbook.bicep", "Microsoft.Insights/workbooks")

    assert calls["alert"][0] == FOLDER / "alert.bicep"  # what it says is compared in test_alert_parity.py
    assert [access(group) for group in calls["alert"][1]["actionGroupIds"]] == [("notify", "outputs", "id")]
    loaded = workbook["properties"]["serializedData"]["function"]
    assert loaded["type"] == "load_text_content"
    assert (MODULES / loaded["parameters"]["file_path"]).resolve() == FOLDER / "workbook.json"
    assert {access(call["workspaceId"]) for call in (calls["alert"][1], calls["workbook"][1])} == {
        ("workspaceId",)
    }


def test_people_are_told_by_mail_and_sms():
    group = resource(MODULES / "notify.bicep", "Microsoft.Insights/actionGroups")["properties"]

    assert group["emailReceivers"]["loop_type"]["detail"]["array_name"] == "mails"
    assert group["smsReceivers"]["loop_type"]["detail"]["array_name"] == "phones"
    assert len(group["groupShortName"]) <= 12
