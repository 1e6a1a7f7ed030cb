"""Pins each image that we take from others to its tag's digest: `python -m infra.base_images`.

The digests stand where the images are named: in the Dockerfiles and in compose.yaml.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.registry import Reference, ask_digest
from sentiment.command import run_command

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
FILES = tuple(ROOT / name for name in ("infra/Dockerfile.j2", "infra/learning.Dockerfile", "compose.yaml"))
# `ARG PYTHON_IMAGE=HOST/NAME:TAG@DIGEST` of a Dockerfile, `image: ...` of compose.
NAMED = re.compile(
    r"^(?P<before>ARG \w+_IMAGE=| +image: )(?P<host>[\w.-]+(?::\d+)?)/(?P<name>[\w./-]+):(?P<tag>[\w.-]+)"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?$",
    re.ASCII | re.MULTILINE,
)


def pin(text: str, ask: Callable[[Reference], str] = ask_digest) -> str:
    """Return a file's text with the present digest behind each image that it names by a tag.

    Raises:
        RegistryError: A registry does not say which digest a tag has.
    """

    def renew(match: re.Match[str]) -> str:
        image = Reference(match["host"], match["name"], match["tag"])
        return f"{match['before']}{image}@{ask(image)}"

    return NAMED.sub(renew, text)


def pin_all(files: tuple[Path, ...] = FILES) -> list[Path]:
    """Renew the digests in the files, and return those files that changed.

    All registries are asked before a file is written.

    Raises:
        RegistryError: A registry does not say which digest a tag has.
    """
    known: dict[Reference, str] = {}

    def ask(image: Reference) -> str:
        if image not in known:
            known[image] = ask_digest(image)
            print(f"{image}@{known[image]}")
        return known[image]

    texts = {file: file.read_text("utf-8") for file in files}
    new = {file: pin(text, ask) for file, text in texts.items()}
    changed = [file for file in files if new[file] != texts[file]]
    for file in changed:
        file.write_text(new[file], "utf-8")
    return changed


def main() -> None:
    """Renew the digests and say which files changed."""
    argparse.ArgumentParser(
        "python -m infra.base_images",
        description="Write the present digest behind each image that Dockerfiles and compose.yaml name.",
    ).parse_args()
    for file in pin_all():
        print(f"changed: {file.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(run_command(main))
