"""A PostgreSQL server of our own in a temporary folder, from the programs of Debian's package."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.serving_server import free_port

PASSWORD = "a password of the test"  # noqa: S105 - of a server that lives for minutes
_CONNECTIONS = 120


@dataclass(frozen=True)
class Server:
    """A running server on loopback, which asks its user `postgres` for PASSWORD."""

    port: int

    def url(self, database: str, *, password: str = PASSWORD, driver: str = "psycopg", **query: str) -> str:
        """Return a database's address; `query` are options of the connection."""
        secret = f":{quote(password)}" if password else ""
        more = f"?{urlencode(query)}" if query else ""
        return f"postgresql+{driver}://postgres{secret}@127.0.0.1:{self.port}/{database}{more}"

    def run(self, statement: str) -> None:
        """Run a statement outside any transaction."""
        import psycopg

        address = self.url("postgres").replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def create_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"d{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name}")
        return name


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


@contextmanager
def server(bin_folder: Path, **settings: str) -> Iterator[Server]:
    """Start a server on loopback, with settings of postgresql.conf, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp") as made:
        folder, account, running = Path(made), _account(), Server(free_port())
        if account:
            os.chown(folder, account["user"], account["group"])
        secret = folder / "password"
        secret.write_text(PASSWORD, "utf-8")
        secret.chmod(0o644)

        def run(*command: str | Path) -> None:
            subprocess.run([*map(str, command)], check=True, capture_output=True, cwd=folder, **account)  # noqa: S603 - PostgreSQL's own programs

        login = ("--username=postgres", f"--pwfile={secret}", "--auth=scram-sha-256")
        run(
            bin_folder / "initdb",
            "-D",
            folder / "data",
            *login,
            "--no-sync",
            "--encoding=UTF8",
            "--no-locale",
        )
        settings |= {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder)}
        settings = {"max_connections": str(_CONNECTIONS)} | settings
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        control = (bin_folder / "pg_ctl", "-D", folder / "data", "-w", "-t", "120", "-l", folder / "log")
        run(*control, "-o", f"-p {running.port} {options}", "start")
        try:
            yield running
        finally:
            run(*control, "-m", "immediate", "stop")


def _account() -> dict[str, Any]:
    """Return the account that PostgreSQL runs as, where that must not be ours: it refuses root."""
    if os.getuid() != 0:
        return {}
    person = pwd.getpwnam("postgres")
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
