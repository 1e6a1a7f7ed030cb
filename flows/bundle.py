"""Build the Bento of the champion, for an image: `python -m flows.bundle`. What else the Bento carries, `bentofile.yaml` says."""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import sys
import tempfile
from pathlib import Path

from sentiment import store
from sentiment.command import run_command

_ROOT = Path(__file__).resolve().parent.parent


def bundle() -> str:
    """Build a Bento with the champion, whatever else the store holds, and return the Bento's tag.

    Raises:
        StoreError: There is no champion, or the store does not hold it.
    """
    import bentoml

    content = (_ROOT / "bentofile.yaml").read_text("utf-8") + f'models: ["{store.champion().tag}"]\n'
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        path = Path(folder) / "bentofile.yaml"
        path.write_text(content, "utf-8")
        return str(bentoml.bentos.build_bentofile(str(path), build_ctx=str(_ROOT)).tag)


def main() -> None:
    """Read the command line, build the Bento and print its tag."""
    argparse.ArgumentParser("python -m flows.bundle", description="Build the Bento of the champion; its tag is printed.").parse_args()
    print(bundle())


if __name__ == "__main__":
    sys.exit(run_command(main))
