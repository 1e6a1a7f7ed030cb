"""The commands publish and fetch: their results, their progress, and their errors in one line."""

import base64

import pytest
from azurite import connection_string
from publication_fixtures import run, saved_champion

from flows.fetch import fetch
from flows.publish import publish
from sentiment.errors import ConfigError


def test_the_result_is_on_stdout_and_the_progress_on_stderr(laptop, elsewhere, served_model):
    tag = saved_champion(served_model)
    published = run("publish")
    elsewhere()
    fetched = run("fetch")

    for answer in (published, fetched):
        assert (answer.returncode, answer.stdout) == (0, f"{tag}\n"), answer.stderr
        assert "served/model.yaml (0.0 MB)" in answer.stderr


def test_without_an_address_the_error_names_the_setting(laptop, served_model, monkeypatch):
    saved_champion(served_model)
    monkeypatch.delenv("SENTIMENT_MODELS_URL")
    for command in (publish, fetch):
        with pytest.raises(
            ConfigError, match=r"SENTIMENT_MODELS_URL is not set, .*: set it to az://CONTAINER"
        ):
            command()


@pytest.mark.parametrize("command", ["publish", "fetch"])
@pytest.mark.parametrize("fault", ["wrong key", "storage down"])
def test_a_command_that_fails_says_why_in_one_line_without_a_secret(
    laptop, served_model, azurite, command, fault
):
    saved_champion(served_model)
    wrong = base64.b64encode(b"x" * 64).decode()
    connection = connection_string(azurite.port, key=wrong) if fault == "wrong key" else connection_string(9)
    answer = run(command, AZURE_STORAGE_CONNECTION_STRING=connection)

    assert (answer.returncode, answer.stdout) == (1, "")
    expected = (
        "may not be used (AuthorizationFailure)"
        if fault == "wrong key"
        else "does not answer (ServiceRequestError)"
    )
    assert answer.stderr.startswith("error: ")
    assert expected in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert wrong[:20] not in answer.stderr
