"""Shows results of a run on its page in Prefect; they are kept in MLflow and SENTIMENT_HOME."""

from __future__ import annotations

from base64 import b64encode

from prefect.artifacts import create_image_artifact, create_markdown_artifact


def show(key: str, text: str, picture: bytes, *, description: str) -> None:
    """Add two artifacts to the open run: the Markdown, and as `KEY-picture` the PNG itself."""
    create_markdown_artifact(text, key=key, description=description)
    create_image_artifact(
        f"data:image/png;base64,{b64encode(picture).decode()}", key=f"{key}-picture", description=description
    )
