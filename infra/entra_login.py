"""Log in to Azure's PostgreSQL without a password: `?plugin=entra` in an SQLAlchemy address.

The review queue, MLflow and Prefect take it alike: SQLAlchemy finds it by its entry point, and asks
it for a token of the process's identity before each new connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential
from sqlalchemy import event
from sqlalchemy.engine import CreateEnginePlugin
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
_TLS = {"psycopg": "sslmode", "psycopg2": "sslmode", "asyncpg": "ssl"}  # a token goes over TLS alone


class LoginError(SQLAlchemyError):
    """Entra gives this process no token for the database."""


class EntraLogin(CreateEnginePlugin):
    """Gives each new connection of an engine a token as its password, which lives for an hour."""

    def __init__(self, url: URL, kwargs: dict[str, Any]) -> None:
        super().__init__(url, kwargs)
        self._credential = DefaultAzureCredential()

    def update_url(self, url: URL) -> URL:
        """Return the address without the plugin's own argument."""
        return url.difference_update_query(["plugin"])

    def engine_created(self, engine: Engine) -> None:
        """Have every connection that the engine opens ask for a token first."""
        event.listen(engine, "do_connect", self._log_in)

    def _log_in(self, dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        if dialect.driver in _TLS:
            parameters.setdefault(_TLS[dialect.driver], "require")
        try:
            parameters["password"] = self._credential.get_token(SCOPE).token
        except ClientAuthenticationError as error:
            raise LoginError(
                f"no token of Entra for the database ({type(error).__name__}): "
                "run 'az login', or set AZURE_CLIENT_ID to a managed identity of this machine"
            ) from error
