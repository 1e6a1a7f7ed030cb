"""The address that the page listens on; the port is one of the settings."""

from __future__ import annotations

import os

from sentiment.loopback import ADDRESS


def listening_host() -> str:
    """Return what Gradio's own variable GRADIO_SERVER_NAME says; unset or blank, it is loopback."""
    return os.environ.get("GRADIO_SERVER_NAME", "").strip() or ADDRESS
