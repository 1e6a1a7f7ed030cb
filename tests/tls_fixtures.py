"""A certificate for servers on loopback."""

from pathlib import Path

import pytest
import trustme


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """One PEM file: key and certificate of localhost and 127.0.0.1, and the authority that signed it."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(server.private_key_and_cert_chain_pem.bytes() + authority.cert_pem.bytes())
    return path
