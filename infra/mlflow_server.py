"""Start MLflow's server with a login, as in containers: `python -m infra.mlflow_server`.

Its settings come from the environment: where runs are (MLFLOW_BACKEND_STORE_URI), where users are
(MLFLOW_AUTH_DATABASE_URI), where files go (MLFLOW_ARTIFACTS_DESTINATION), by which names clients
call it (MLFLOW_SERVER_ALLOWED_HOSTS), and the administrator's login (MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, which MLflow's client reads as well).
"""

from __future__ import annotations

import os
import secrets
import sys
from configparser import RawConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import ConfigError
from sentiment.local_key import read_or_make_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.config import Settings

MIN_PASSWORD_CHARS = 12  # MLflow's own limit
_RUNS = "MLFLOW_BACKEND_STORE_URI"
_AUTHENTICATION = "mlflow.server.auth:authenticate_request_basic_auth"


def server_command(settings: Settings, environment: Mapping[str, str]) -> list[str]:
    """Return the command that starts the server, which listens on SENTIMENT_HOST.

    Others see it in the list of processes: addresses with passwords stay in the environment.

    Raises:
        ConfigError: The names by which clients call it are missing.
    """
    hosts = environment.get("MLFLOW_SERVER_ALLOWED_HOSTS", "")
    if not hosts:
        raise ConfigError(
            "MLFLOW_SERVER_ALLOWED_HOSTS is not set, and the server would refuse every client: "
            "set it to the names by which they call it, comma between them, such as mlflow:5000"
        )
    home = settings.home
    return [
        *(sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth"),
        *("--host", str(settings.host), "--port", str(settings.port_mlflow), "--workers", "1"),
        *(
            "--artifacts-destination",
            environment.get("MLFLOW_ARTIFACTS_DESTINATION") or f"{home}/mlartifacts",
        ),
        *("--allowed-hosts", hosts),
    ]


def login_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what MLflow reads of the login, after writing its configuration file.

    The administrator is created with the first start alone; later the password is changed by
    MLflow's own interface. The key of its sessions is made once.

    Raises:
        ConfigError: User or password is missing, or the password is too short.
    """
    user, password = (environment.get(f"MLFLOW_TRACKING_{name}", "") for name in ("USERNAME", "PASSWORD"))
    if not user or len(password) < MIN_PASSWORD_CHARS:
        raise ConfigError(
            f"MLFLOW_TRACKING_USERNAME is {'set' if user else 'missing'} and MLFLOW_TRACKING_PASSWORD has "
            f"{len(password)} characters: set both, the password with {MIN_PASSWORD_CHARS} or more"
        )
    file = settings.home / "mlflow-login.ini"
    users = environment.get("MLFLOW_AUTH_DATABASE_URI") or f"sqlite:///{settings.home}/mlflow-users.db"
    _write_login(file, users)
    return {
        "MLFLOW_AUTH_ADMIN_USERNAME": user,
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_AUTH_CONFIG_PATH": str(file),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": environment.get("MLFLOW_FLASK_SERVER_SECRET_KEY")
        or read_or_make_key(
            settings.home / "mlflow-session.key",
            purpose="key of MLflow's sessions",
            setting="MLFLOW_FLASK_SERVER_SECRET_KEY",
        ),
    }


def _write_login(file: Path, users: str) -> None:
    """Write MLflow's file, without the password: a user without a permission may see nothing."""
    parser = RawConfigParser()
    parser["mlflow"] = {
        "default_permission": "NO_PERMISSIONS",
        "database_uri": users.replace("%", "%%"),  # MLflow reads %(name)s as a reference
        "authorization_function": _AUTHENTICATION,
        # Without it each of a training's hundreds of requests derives a key from the password anew.
        "auth_cache_ttl_seconds": "60",
    }
    temporary = file.with_suffix(f".{secrets.token_hex(4)}")
    with temporary.open("x", encoding="utf-8") as stream:
        temporary.chmod(0o600)
        parser.write(stream)
    temporary.replace(file)


def main() -> None:
    """Become MLflow's server, which then gets the signals itself."""
    settings = read_settings()
    apply_tool_environment(settings)
    os.environ.update(login_environment(settings, os.environ))
    if not os.environ.get(_RUNS):
        os.environ[_RUNS] = f"sqlite:///{settings.home}/mlflow.db"
    command = server_command(settings, os.environ)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    sys.exit(run_command(main))
