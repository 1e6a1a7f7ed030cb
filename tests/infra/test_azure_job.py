"""A learning job in Azure is started and waited for; what does not succeed is an error."""

from __future__ import annotations

import json

import pytest
from bicep_fixtures import FOLDER

from infra import azure_job
from infra.programs import ProgramError

START = "az containerapp job start --name caj-retrain --resource-group rg"
SHOW = "az containerapp job execution show --name caj-retrain --resource-group rg --job-execution-name x-1"


@pytest.fixture
def jobs_in_azure(programs, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    programs.answer(START, json.dumps({"name": "x-1"}))
    return programs


def state(status):
    return json.dumps({"name": "x-1", "properties": {"status": status}})


def test_it_waits_for_the_end_of_the_execution(jobs_in_azure):
    jobs_in_azure.answer(SHOW, state("Running"), times=2)
    jobs_in_azure.answer(SHOW, state("Succeeded"))

    assert azure_job.run_in_azure("rg", "caj-retrain", minutes=1) == "x-1"

    assert len(jobs_in_azure.commands(SHOW)) == 3


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Degraded"])
def test_an_execution_that_does_not_succeed_is_an_error_with_the_way_to_its_log(jobs_in_azure, status):
    jobs_in_azure.answer(SHOW, state(status))

    with pytest.raises(ProgramError, match=rf"x-1 is {status}: see its log with 'az containerapp job logs"):
        azure_job.run_in_azure("rg", "caj-retrain", minutes=1)


def test_one_that_does_not_end_in_time_is_an_error(jobs_in_azure):
    jobs_in_azure.answer(SHOW, state("Running"))

    with pytest.raises(ProgramError, match="x-1 is Running"):
        azure_job.run_in_azure("rg", "caj-retrain", minutes=0.001)


def test_the_jobs_have_the_names_that_bicep_gives_them(jobs_in_azure, monkeypatch):
    monkeypatch.setenv("AZURE_RESOURCE_GROUP", "rg")
    monkeypatch.setenv("AZURE_ENV_NAME", "prod")
    monkeypatch.setattr("sys.argv", ["infra.azure_job", "retrain"])
    jobs_in_azure.answer("az containerapp job start --name caj-retrain-prod", json.dumps({"name": "x-1"}))
    jobs_in_azure.answer("az containerapp job execution show", state("Succeeded"))

    azure_job.main()

    bicep = (FOLDER / "modules" / "learning_jobs.bicep").read_text("utf-8")
    assert "name: 'caj-${each.key}-${environmentName}'" in bicep
