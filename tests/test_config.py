"""Settings come from the environment, and no tool writes anywhere but below SENTIMENT_HOME."""

from __future__ import annotations

import pytest

from sentiment.config import Settings, apply_tool_environment, read_settings, tool_environment
from sentiment.errors import ConfigError


def test_a_blank_setting_counts_as_unset(home, monkeypatch):
    monkeypatch.setenv("SENTIMENT_PORT_SERVICE", "")
    monkeypatch.setenv("SENTIMENT_API_KEY", "")

    settings = read_settings()

    assert settings.port_service == 8000
    assert settings.api_key is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTIMENT_HOST", "all-of-them"),
        ("SENTIMENT_PORT_APP", "99999"),
        ("SENTIMENT_MAX_CHARS", "many"),
        ("SENTIMENT_TIMEOUT_SECONDS", "0"),
    ],
)
def test_a_bad_setting_is_named_without_its_value(home, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(
        ConfigError, match=rf"the setting {name} cannot be used: .*; see \.env\.example"
    ) as caught:
        read_settings()
    assert value not in str(caught.value).replace("greater than 0", "")


def test_secrets_do_not_show(home, monkeypatch):
    monkeypatch.setenv("SENTIMENT_SIGNING_KEY", "a-secret-of-many-letters")

    assert "a-secret" not in repr(read_settings())


def test_the_tools_write_below_the_home_unless_told_otherwise(home):
    environment = {"BENTOML_HOME": "", "MLFLOW_TRACKING_URI": "http://mlflow.example"}

    apply_tool_environment(read_settings(), environment)

    assert environment["BENTOML_HOME"] == str(home / "bentoml")
    assert environment["PREFECT_HOME"] == str(home / "prefect")
    assert environment["MLFLOW_TRACKING_URI"] == "http://mlflow.example"
    assert environment["BENTOML_DO_NOT_TRACK"] == "True"


def test_the_service_address_follows_its_port_or_its_url(home, monkeypatch):
    monkeypatch.setenv("SENTIMENT_PORT_SERVICE", "8123")
    assert read_settings().service_address == "http://127.0.0.1:8123"

    monkeypatch.setenv("SENTIMENT_SERVICE_URL", "https://sentiment.example/")
    assert read_settings().service_address == "https://sentiment.example"


def test_prefect_answers_no_web_page_but_its_own_and_remembers_who_holds_a_slot(home, monkeypatch):
    monkeypatch.setenv("SENTIMENT_PORT_PREFECT", "4300")

    environment = tool_environment(read_settings())

    own = environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"]
    assert own == "http://127.0.0.1:4300,http://localhost:4300"
    assert environment["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"].endswith(".filesystem")


def test_a_new_home_is_its_owners_alone_and_an_old_one_keeps_its_mode(tmp_path):
    for home, mode in ((tmp_path / "new", 0o700), (tmp_path / "old", 0o755)):
        if mode == 0o755:
            home.mkdir(mode=mode)
        apply_tool_environment(Settings(home=home), {})
        assert home.stat().st_mode & 0o777 == mode
