"""Build the Bento of the champion, for an image: `python -m flows.bundle`.

`bentofile.yaml` lists the Bento's other contents.
"""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.bundle import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.arguments.bundle import make_parser
from sentiment.champions import store
from sentiment.champions.calibration import VARIABLE, format_calibrations, read_calibration
from sentiment.command import run_command

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOT = Path(__file__).resolve().parent.parent
_NAME = "sentiment"  # the service's, which BentoML takes for the Bento's
# What an image says of its model, and under which name the store knows it.
_ORIGIN = {
    "sentiloop.model.family": "family",
    "sentiloop.model.commit": "git_commit",
    "sentiloop.dataset.digest": "dataset_digest",
    "sentiloop.mlflow.run": "run_id",
    "sentiloop.mlflow.version": "mlflow_version",
}


def bundle() -> str:
    """Build a Bento with the champion, whatever else the store holds, and return the Bento's tag.

    Raises:
        StoreError: There is no champion, the store does not hold it, or its calibration is damaged.
    """
    import bentoml
    import yaml

    from sentiment.training.source_code import source_address, source_version

    champion, tag = store.champion(), bentoml.Tag(_NAME, None).make_new_version()
    source = {**source_version(), "address": source_address() or ""}
    labels = image_labels(champion, str(tag), source, datetime.now(UTC))
    options = yaml.safe_load((_ROOT / "bentofile.yaml").read_text("utf-8"))
    template = (_ROOT / options["docker"]["dockerfile_template"]).read_text("utf-8")
    (_ROOT / "build").mkdir(exist_ok=True)
    # BentoML takes no template from elsewhere.
    with tempfile.TemporaryDirectory(prefix="bundle-", dir=_ROOT / "build") as folder:
        path = Path(folder) / "Dockerfile.j2"
        path.write_text(f"{{% set labels = {json.dumps(labels)} %}}\n{template}", "utf-8")
        options["docker"]["dockerfile_template"] = str(path.relative_to(_ROOT))
        calibration = format_calibrations([read_calibration(champion.tag)]).strip()
        options["envs"] = [*options["envs"], {"name": VARIABLE, "value": calibration}]
        bentofile = path.with_name("bentofile.yaml")
        bentofile.write_text(json.dumps({**options, "models": [champion.tag]}), "utf-8")  # JSON is YAML
        bento = bentoml.bentos.build_bentofile(
            str(bentofile), version=tag.version, labels=labels, build_ctx=str(_ROOT)
        )
    return str(bento.tag)


def image_labels(
    champion: store.StoredModel, bento: str, source: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """Return the labels of an image: its commit, its Bento, and the known origin of its model.

    `source` holds `git_commit`, `git_dirty` and the repository's `address`; a commit that is not
    all of the code is marked `-dirty`.
    """
    dirty = "-dirty" if source["git_dirty"] == "true" else ""
    labels = {
        "org.opencontainers.image.created": now.isoformat(timespec="seconds"),
        "org.opencontainers.image.revision": source["git_commit"] + dirty,
        "org.opencontainers.image.source": source["address"],
        "org.opencontainers.image.version": bento.rpartition(":")[2],
        "sentiloop.bento": bento,
        "sentiloop.model": champion.tag,
        **{label: champion.metadata.get(key, "") for label, key in _ORIGIN.items()},
    }
    return {label: value for label, value in labels.items() if value}


def main() -> None:
    """Read the command line, build the Bento and print its tag."""
    make_parser().parse_args()
    print(bundle())


if __name__ == "__main__":
    sys.exit(run_command(main))
