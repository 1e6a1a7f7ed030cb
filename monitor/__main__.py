"""`python -m monitor`: start the local stand-in for Azure Monitor and say how to use it."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from monitor import memory
from monitor.database import Database
from monitor.server import Monitor, create_app
from sentiment.config import Settings, read_settings
from sentiment.errors import ConfigError, SentiloopError
from sentiment.loopback import is_loopback
from sentiment.serving.connection_limit import LimitedConnections

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOG = logging.getLogger("monitor")
_FILE = Path("monitor") / "telemetry.duckdb"
_LAST_SECONDS = 3  # for requests that run when the monitor is stopped


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the monitor until it is stopped; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        settings = read_settings()
        chosen = _parser(settings).parse_args(arguments)
        settings = settings.model_copy(
            update={"monitor_host": chosen.host, "port_monitor": chosen.port, "home": chosen.home.absolute()}
        )
        with listen(settings) as listener:
            settings = settings.model_copy(update={"port_monitor": listener.getsockname()[1]})
            database = Database(settings.home / _FILE)
            monitor = Monitor(database, settings, has_alerts=not chosen.no_alerts)
            memory.limit()
            _serve(monitor, listener)
    except SentiloopError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m monitor", description="The local stand-in for Azure Monitor: telemetry in, KQL, the alert."
    )
    parser.add_argument(
        "--host", default=settings.monitor_host, help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port",
        type=int,
        default=settings.port_monitor,
        help="port; 0 takes a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--home",
        type=Path,
        default=settings.home,
        help="folder below which telemetry is kept (default: %(default)s)",
    )
    parser.add_argument("--no-alerts", action="store_true", help="do not evaluate the alert rule")
    return parser


def listen(settings: Settings) -> socket.socket:
    """Return the socket to serve on.

    Raises:
        ConfigError: The address cannot be listened on.
    """
    host, port = settings.monitor_host, settings.port_monitor
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"cannot listen on {host}:{port} ({error}): stop what runs there, or set "
            f"SENTIMENT_PORT_MONITOR to a free port"
        ) from error
    # Its connections inherit it: else each answer waits 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _serve(monitor: Monitor, listener: socket.socket) -> None:
    host = monitor.settings.monitor_host
    if not is_loopback(host):
        _LOG.warning(
            "warning: listening on %s, beyond this machine, without any authentication: whoever "
            "reaches it can read and write",
            host,
        )
    _LOG.info(
        "the monitor listens on %s and keeps telemetry in %s",
        monitor.settings.monitor_address,
        monitor.database.path,
    )
    _LOG.info(
        "to send to it: APPLICATIONINSIGHTS_CONNECTION_STRING='%s'", monitor.settings.local_connection_string
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        # Uvicorn stops, then raises the signal again: by then all is committed.
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        create_app(monitor),
        http=LimitedConnections,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=_LAST_SECONDS,
        ws="none",
    )
    uvicorn.Server(config).run(sockets=[listener])
    if monitor.failure is not None:
        raise monitor.failure


if __name__ == "__main__":
    sys.exit(main())
