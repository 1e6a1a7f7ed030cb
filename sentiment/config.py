"""Settings from the environment: one frozen class, built by a call.

What a run chooses belongs to the flows, not here.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

from pydantic import Field, IPvAnyAddress, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sentiment import loopback
from sentiment.errors import ConfigError
from sentiment.language import Language
from sentiment.loopback import loopback_url

MODEL_NAME = "tweet-sentiment"
EXPERIMENT_NAME = "tweet-sentiment"
MAX_CHARS = 1000  # of a text, unless SENTIMENT_MAX_CHARS says otherwise
MAX_BATCH = 256  # texts in one /predict_batch
AZURE_LOGS_ENDPOINT = "https://api.loganalytics.io"
LOCAL_WORKSPACE = "00000000-0000-0000-0000-000000000000"


class Settings(BaseSettings):
    """Every setting of Sentiloop, read from `SENTIMENT_` and the field's name in capitals.

    What each of them means is in `.env.example`.
    """

    model_config = SettingsConfigDict(env_prefix="SENTIMENT_", env_ignore_empty=True, frozen=True)

    home: Path = Path(".sentiloop")
    language: Language = "en"
    host: IPvAnyAddress = Field(IPv4Address(loopback.ADDRESS))
    port_service: int = Field(8000, ge=1, le=65535)
    port_app: int = Field(7860, ge=1, le=65535)
    port_mlflow: int = Field(5000, ge=1, le=65535)
    port_prefect: int = Field(4200, ge=1, le=65535)
    port_monitor: int = Field(8600, ge=1, le=65535)
    service_url: str | None = None
    max_chars: int = Field(MAX_CHARS, ge=1)
    max_body_bytes: int = Field(256 * 1024, ge=1024)
    max_concurrency: int = Field(64, ge=1)
    feedback_per_minute: int = Field(60, ge=0)
    precision: Literal["int8", "float32"] = "int8"
    max_waiting_texts: int = Field(4096, ge=1)
    timeout_seconds: float = Field(30, gt=0)
    workers: int = Field(1, ge=1)
    api_key: SecretStr | None = None
    signing_key: SecretStr | None = None
    previous_signing_key: SecretStr | None = None
    prediction_ttl_days: float = Field(30, gt=0)
    feedback_url: str | None = None
    models_url: str | None = None
    state_url: str | None = None
    commit: str = ""
    uncertain_below: float | None = Field(None, ge=0, le=1)
    calibration: str = ""
    low_confidence: float = Field(0.5, ge=0, le=1)
    request_sampling: float = Field(1, ge=0, le=1)
    logs_endpoint: str | None = None
    workspace_id: str | None = None
    monitor_host: str = loopback.ADDRESS
    monitor_retention_days: float = Field(30, gt=0, le=36_500)
    alert_webhook_url: SecretStr | None = None
    alert_mail_to: str | None = None
    alert_mail_from: str = "sentiloop@localhost"
    smtp_url: SecretStr | None = None
    production_bound: float = Field(0, ge=0, lt=1)
    trusted_proxies: int = Field(0, ge=0)
    sample_random: float = Field(0.01, ge=0, le=1)
    sample_low_confidence: float = Field(0.1, ge=0, le=1)
    sample_disagreement: float = Field(0.05, ge=0, le=1)
    audit_share: float = Field(0.5, ge=0, le=1)
    review_url: SecretStr | None = None
    review_key: SecretStr | None = None
    review_overlap: float = Field(0.2, ge=0, le=1)
    validated_path: Path = Path("data/feedback_validated.csv")
    source_cap: float = Field(0.05, gt=0, le=1)
    week_cap: float = Field(0.1, gt=0, le=1)
    retrain_min_rows: int = Field(100, ge=1)
    budget_latency_ms: float = Field(250, gt=0)
    budget_slower: float = Field(3, ge=1)
    budget_size_mb: float = Field(1500, gt=0)
    budget_memory_mb: float = Field(4000, gt=0)
    reload_seconds: float = Field(5, ge=0)
    shadow_share: float = Field(1, ge=0, le=1)

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @property
    def service_address(self) -> str:
        """Where clients find the service, without a slash at the end."""
        return (self.service_url or loopback_url(self.port_service)).rstrip("/")

    @property
    def prefect_api(self) -> str:
        """Where the Prefect server of `make demo` answers on this machine."""
        return f"{loopback_url(self.port_prefect)}/api"

    @property
    def monitor_address(self) -> str:
        """Where the local stand-in for Azure Monitor answers on this machine."""
        return loopback_url(self.port_monitor)

    @property
    def local_connection_string(self) -> str:
        """The connection string that sends telemetry to the local monitor; its key is a dummy."""
        return f"InstrumentationKey={LOCAL_WORKSPACE};IngestionEndpoint={self.monitor_address}/"

    @property
    def logs_address(self) -> str:
        """Where queries go: the endpoint set, else Azure if a workspace is, else the monitor."""
        return (
            self.logs_endpoint or (AZURE_LOGS_ENDPOINT if self.workspace_id else self.monitor_address)
        ).rstrip("/")

    @property
    def workspace(self) -> str:
        """The Log Analytics workspace that queries ask; by default an id for the local monitor."""
        return self.workspace_id or LOCAL_WORKSPACE

    @property
    def alert_home(self) -> Path:
        """The folder of the alerts' state; every workspace has its own."""
        return self.home / "workspaces" / self.workspace_id if self.workspace_id else self.home

    @property
    def drift_home(self) -> Path:
        """The folder of the measured drift; every workspace has its own."""
        return self.alert_home / "drift"

    @property
    def feedback_address(self) -> str:
        """The folder or fsspec URL of the feedback inbox."""
        return self.feedback_url or str(self.home / "feedback")

    @property
    def review_address(self) -> str:
        """The SQLAlchemy URL of the review queue; it may hold a password."""
        return (
            self.review_url.get_secret_value() if self.review_url else f"sqlite:///{self.home / 'review.db'}"
        )


def read_settings() -> Settings:
    """Return the settings of this process's environment.

    Raises:
        ConfigError: A variable has a value that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = "SENTIMENT_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(
            f"the setting {variable} cannot be used: {first['msg']}; see .env.example"
        ) from error


def tool_environment(settings: Settings) -> dict[str, str]:
    """Return the defaults of every tool's own variables.

    They keep its files below SENTIMENT_HOME, its usage reporting off, and its doors closed.
    """
    home = settings.home
    prefect_origins = (f"http://{name}:{settings.port_prefect}" for name in (loopback.ADDRESS, "localhost"))
    return {
        "BENTOML_HOME": str(home / "bentoml"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow.db'}",
        "PREFECT_HOME": str(home / "prefect"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
        "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "true",
        "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "BENTOML_DO_NOT_TRACK": "True",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # A lease kept in memory ends with the server, and its deployment would never run again.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # The server's own page and no other; who may use it besides is in `prefect_access`.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(prefect_origins),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # 20 are too few on a busy machine
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TOKENIZERS_PARALLELISM": "false",
    }


def apply_tool_environment(settings: Settings, environment: MutableMapping[str, str] = os.environ) -> None:
    """Set `tool_environment` where a variable is unset or blank.

    Call it before the first import of a tool.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)  # tweets and names of annotators
    for variable, value in tool_environment(settings).items():
        environment[variable] = environment.get(variable) or value
