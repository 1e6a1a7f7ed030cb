"""The login of the Prefect servers on this machine, and who sends it.

By its own defaults Prefect answers every web page that the user has open, and whoever may start a
run may run any command where a worker listens.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sentiment.local_key import read_or_make_key
from sentiment.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from sentiment.config import Settings

KEY_FILE = "prefect.key"
USER = "sentiloop"
SERVER_LOGIN = "PREFECT_SERVER_API_AUTH_STRING"  # what a server asks for, as USER:PASSWORD
CLIENT_LOGIN = "PREFECT_API_AUTH_STRING"  # what a client sends
API = "PREFECT_API_URL"


@dataclass(frozen=True)
class Access:
    """A login of a Prefect server, USER:PASSWORD, and the variables that carry it."""

    login: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)


def demo_access(settings: Settings, environment: Mapping[str, str] = os.environ) -> Access:
    """Return how the server of `make demo` and its clients find each other and nobody else.

    Raises:
        ConfigError: The password's file cannot be written or read.
    """
    login = environment.get(SERVER_LOGIN) or _local_login(settings)
    return Access(login, {API: settings.prefect_api, SERVER_LOGIN: login, CLIENT_LOGIN: login})


def apply_prefect_access(settings: Settings, environment: MutableMapping[str, str] = os.environ) -> None:
    """Make Prefect servers of this environment ask for a login, and their clients send it.

    A login of the user's own wins. Clients of a server elsewhere (PREFECT_API_URL, also that of a
    Prefect profile) are left alone: this machine's login is none of its business. Call it before
    Prefect is imported.

    Raises:
        ConfigError: The password's file cannot be written or read.
    """
    address = chosen_address(environment)
    is_local = not address or _is_local(address, settings)
    chosen = environment.get(SERVER_LOGIN) or (environment.get(CLIENT_LOGIN) if is_local else None)
    environment[SERVER_LOGIN] = chosen or _local_login(settings)
    if is_local:
        environment[CLIENT_LOGIN] = environment.get(CLIENT_LOGIN) or environment[SERVER_LOGIN]


def chosen_address(environment: Mapping[str, str] = os.environ) -> str:
    """Return the server that Prefect's clients will ask, by variable or profile; empty if none."""
    return environment.get(API, "").strip() or str(_active_profile(environment).get(API, "")).strip()


def _active_profile(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the settings of Prefect's active profile; none if its file is missing or damaged."""
    home = Path(environment.get("PREFECT_HOME") or "~/.prefect").expanduser()
    path = Path(environment.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    try:
        profiles = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # Prefect says so itself
        return {}
    active = environment.get("PREFECT_PROFILE") or profiles.get("active", "")
    profile = profiles.get("profiles", {}).get(active, {})
    return profile if isinstance(profile, dict) else {}


def _local_login(settings: Settings) -> str:
    key = read_or_make_key(settings.home / KEY_FILE, purpose="password of Prefect", setting=SERVER_LOGIN)
    return f"{USER}:{key}"


def _is_local(address: str, settings: Settings) -> bool:
    """Return whether an address is that of the server of `make demo` on this machine."""
    parts = urlsplit(address)
    return is_loopback(parts.hostname or "") and parts.port == settings.port_prefect
