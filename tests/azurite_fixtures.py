"""A real Azurite for a session, and an empty container in it for a test."""

import os
import shutil

import pytest
from azurite import Azurite


@pytest.fixture(scope="session")
def azurite_command():
    """Where Azurite is: AZURITE names the program, or the PATH has it."""
    command = os.environ.get("AZURITE") or shutil.which("azurite-blob")
    if not command:
        pytest.skip("no Azurite on this machine: run 'npm install -g azurite', or let AZURITE name its azurite-blob; the CI does")
    return command


@pytest.fixture(scope="session")
def azurite(azurite_command, tmp_path_factory):
    """An Azurite for the whole session."""
    server = Azurite(azurite_command, tmp_path_factory.mktemp("azurite"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def container(azurite, monkeypatch):
    """An empty container, which the environment's credentials open."""
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    return azurite.container()
