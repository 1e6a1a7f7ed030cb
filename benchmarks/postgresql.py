"""A PostgreSQL server of our own in a temporary folder, from the programs of Debian's package."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONNECTIONS = 120


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


@contextmanager
def server(bin_folder: Path) -> Iterator[str]:
    """Start a server on loopback and yield its address, to which `/DATABASE` is to be added."""
    is_root = os.geteuid() == 0  # PostgreSQL refuses to run as root; its package brings a user
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    port = _free_port()
    if is_root:
        shutil.chown(folder, "postgres")

    def run(*command: str | Path) -> None:
        user = ["runuser", "-u", "postgres", "--"] if is_root else []
        subprocess.run([*user, *map(str, command)], check=True, capture_output=True, cwd=folder)  # noqa: S603 - PostgreSQL's own programs

    run(bin_folder / "initdb", "-D", folder / "data", "-U", "review", "--auth=trust", "--no-sync")
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
        f"-c max_connections={_CONNECTIONS}"
    )
    control = (bin_folder / "pg_ctl", "-D", folder / "data", "-w", "-t", "120", "-l", folder / "log")
    run(*control, "-o", options, "start")
    try:
        yield f"postgresql+psycopg://review@127.0.0.1:{port}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def create_database(address: str, name: str) -> str:
    """Create an empty database on a server and return its address."""
    import psycopg

    plain = address.replace("+psycopg", "")
    with psycopg.connect(f"{plain}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{address}/{name}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
