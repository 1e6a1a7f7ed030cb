"""The deployments of `prefect.yaml` on a real server with a real worker."""

from __future__ import annotations

import json
import os
import re

import pytest
from deployments import DEFINED, FLOWS, properties
from page_server import take_picture
from playwright.sync_api import expect
from prefect_fixtures import prefect_with_worker
from recorder import Recorder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prefect(tmp_path_factory, empty_mlflow, empty_prefect):
    home = tmp_path_factory.mktemp("prefect") / "home"
    with (
        Recorder() as receiver,
        prefect_with_worker(
            home, empty_mlflow, empty_prefect, SENTIMENT_ALERT_WEBHOOK_URL=f"{receiver.url}/v1/alerts"
        ) as server,
    ):
        server.alerts = receiver.collected
        yield server


def test_all_are_deployed_as_defined(prefect):
    deployed = prefect.deployments()

    assert set(deployed) == set(FLOWS)
    for defined in DEFINED:
        flow = next(
            name for name, deployment in deployed.items() if deployment["entrypoint"] == defined["entrypoint"]
        )
        deployment = deployed[flow]
        assert (deployment["description"], deployment["tags"], deployment["work_pool_name"]) == (
            defined["description"],
            defined["tags"],
            "sentiloop",
        )
        assert deployment["parameter_openapi_schema"]["properties"].keys() == properties(flow).keys()
        assert deployment["enforce_parameter_schema"]


def test_limits_and_schedules_are_deployed_as_defined(prefect):
    deployed = prefect.deployments()

    limits = {
        flow: (deployment["global_concurrency_limit"] or {}).get("limit")
        for flow, deployment in deployed.items()
    }
    assert limits == {
        "train": 1,
        "collect": 1,
        "retrain": 1,
        "promote": 1,
        "watch": 1,
        "analyse": None,
        "drift": 1,
        "calibrate": 1,
        "score": None,
    }
    strategies = {
        flow: deployment["concurrency_options"]["collision_strategy"]
        for flow, deployment in deployed.items()
        if limits[flow]
    }
    assert strategies["train"] == strategies["promote"] == "ENQUEUE"
    assert strategies["retrain"] == strategies["collect"] == "CANCEL_NEW"
    schedules = {
        flow: deployment["schedules"] for flow, deployment in deployed.items() if deployment["schedules"]
    }
    assert set(schedules) == {"collect", "retrain", "watch", "analyse", "drift", "calibrate"}
    assert schedules["retrain"][0]["parameters"] == {"trigger": "rows"}
    assert [schedule["active"] for schedule in schedules["watch"]] == [False]


def test_every_schedule_that_is_on_makes_runs(prefect):
    names = {deployment["id"]: flow for flow, deployment in prefect.deployments().items()}

    def scheduled():
        return {
            names[run["deployment_id"]]: run
            for run in prefect.filter("flow_runs", sort="EXPECTED_START_TIME_DESC")
            if run["auto_scheduled"]
        }

    runs = prefect.wait(
        lambda: (runs_by_flow := scheduled()).keys() >= {"collect", "retrain", "analyse"} and runs_by_flow
    )

    assert "watch" not in runs
    assert runs["retrain"]["parameters"] == {"trigger": "rows"}


@pytest.fixture(scope="module")
def trained(prefect, corpus_file):
    """A completed run of `train` by a worker."""
    # Pictures show no path and no made-up tweets.
    data = "default" if os.environ.get("SENTIMENT_SCREENSHOTS") else str(corpus_file)
    run = prefect.end_of(prefect.start("train", data=data, profile="smoke", families=["tfidf"]))
    assert run["state_type"] == "COMPLETED", prefect.log.read_text()
    return run


def test_a_worker_trains_judges_and_shows_what_came_of_it(prefect, trained):
    artifacts = prefect.artifacts(trained["id"])

    assert set(artifacts) == {"comparison", "comparison-picture", "verdict", "verdict-picture"}
    assert "Winner: **tfidf**" in artifacts["comparison"]["data"]
    assert re.match(r"# (PROMOTE|HOLD|REJECT): ", artifacts["verdict"]["data"])
    assert artifacts["verdict-picture"]["data"].startswith("data:image/png;base64,")
    assert sorted(path.name for path in (prefect.log.parent / "verdict").iterdir()) == [
        "verdict.fr.png",
        "verdict.json",
        "verdict.md",
        "verdict.png",
    ]


def test_the_pages_show_the_deployments_a_form_and_what_a_run_made(prefect, trained, browse):
    page = browse(f"{prefect.page}/api/health", viewport={"width": 1600, "height": 720})
    page.evaluate("login => localStorage.setItem('prefect-password', btoa(login))", prefect.login)
    page.goto(f"{prefect.page}/deployments")
    expect(page.get_by_text("9 Deployments")).to_be_visible()
    expect(page.get_by_text("retrain", exact=True)).to_be_visible()
    take_picture(page, "prefect-deployments")

    page.goto(f"{prefect.page}/deployments/deployment/{prefect.deployments()['retrain']['id']}/run")
    expect(
        page.get_by_text(
            "Which models to train: the champion's family, "
            "with a BERT to teach it if the champion had one, or all three."
        )
    ).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    take_picture(page, "prefect-form")

    page.goto(f"{prefect.page}/runs/flow-run/{trained['id']}")
    page.get_by_text("Artifacts", exact=True).click()
    expect(page.get_by_text("the winner is tfidf").first).to_be_visible()
    take_picture(page, "prefect-run")

    page.goto(f"{prefect.page}/artifacts/artifact/{prefect.artifacts(trained['id'])['comparison']['id']}")
    expect(page.get_by_text("Winner: tfidf")).to_be_visible()
    take_picture(page, "prefect-comparison")


def test_a_run_that_fails_is_told_to_the_webhook_once_and_without_its_message(prefect):
    run = prefect.end_of(prefect.start("promote", candidate="nobody-4711"))

    assert run["state_type"] == "FAILED"
    assert "nobody-4711" in run["state"]["message"]
    alert = json.loads(prefect.wait(lambda: prefect.alerts.get("/v1/alerts"))[0])
    assert alert["schemaId"] == "azureMonitorCommonAlertSchema"
    assert alert["data"]["essentials"]["configurationItems"] == ["promote/local"]
    assert alert["data"]["customProperties"]["state"] == "Failed"
    assert alert["data"]["customProperties"]["page"] == f"{prefect.page}/runs/flow-run/{run['id']}"
    assert json.dumps(run["state"]["message"])[1:-1] not in json.dumps(alert)
    assert len(prefect.alerts["/v1/alerts"]) == 1


def told_of(prefect, run):
    """The alert on a run that the webhook was sent, if any."""
    alerts = map(json.loads, prefect.alerts.get("/v1/alerts", ()))
    return next((alert for alert in alerts if alert["data"]["essentials"]["originAlertId"] == run), None)


def test_a_run_that_another_one_kept_out_is_told_to_the_webhook(prefect):
    first, second = (prefect.start("collect") for _ in range(2))

    kept_out = prefect.wait(
        lambda: next((run for run in (first, second) if prefect.state_of(run) == "CANCELLED"), None)
    )
    alert = prefect.wait(lambda: told_of(prefect, kept_out))

    assert alert["data"]["customProperties"]["state"] == "Cancelled"


def test_a_parameter_out_of_bounds_is_refused_before_it_runs(prefect):
    path = f"/deployments/{prefect.deployments()['collect']['id']}/create_flow_run"

    assert prefect.http.post(path, json={"parameters": {"days": 0}}).status_code == 409


def test_deploying_again_changes_nothing_and_without_a_webhook_nobody_is_told(prefect):
    before, automations = prefect.deployments(), prefect.filter("automations")
    prefect.environment.pop("SENTIMENT_ALERT_WEBHOOK_URL")

    assert "deployed to the work pool sentiloop" in prefect.run("flows.deploy")

    assert {flow: deployment["id"] for flow, deployment in prefect.deployments().items()} == {
        flow: deployment["id"] for flow, deployment in before.items()
    }
    assert sorted(automation["name"] for automation in automations) == [
        "sentiloop: a flow run failed",
        "sentiloop: a flow run found no slot",
    ]
    assert prefect.filter("automations") == []
