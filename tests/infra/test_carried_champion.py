"""What a job without an identity learned is published by a small one that has it."""

from __future__ import annotations

import pytest
from locked_only import run_with
from publication_fixtures import saved_champion

from infra import champion
from infra.carried_champion import ReleaseCopy, hand_over
from sentiment.blobs import open_folder
from sentiment.champions import store
from sentiment.champions.calibration import Calibration, keep_calibration
from sentiment.champions.releases import NATIVE, SERVED, Releases
from sentiment.config import read_settings
from sentiment.errors import ConfigError, GateError, StoreError
from sentiment.promotion.publication import publish_champion


def quiet(line):
    pass


@pytest.fixture
def cloud_store(laptop):
    """The releases that every machine sees; this one has an empty store."""
    return Releases(open_folder(read_settings().models_url))


def published(served_model, *, native=None):
    """A champion of this store that is published, with its native form if that is given."""
    tag = saved_champion(served_model)
    if native:
        releases = Releases(open_folder(read_settings().models_url))
        releases.publish(tag, {SERVED: store.find(tag).path, NATIVE: native}, progress=quiet)
    publish_champion(read_settings(), progress=quiet)
    return tag


def test_a_new_champion_goes_over_the_one_that_was_downloaded(cloud_store, elsewhere, served_model, tmp_path):
    old = published(served_model)
    elsewhere()
    folder = tmp_path / "champion"
    champion.download(folder)
    champion.take_over(folder)
    new = saved_champion(served_model)

    assert hand_over(folder, quiet) == new
    assert cloud_store.pointer().champion == old
    run = run_with("blobs", "infra.champion", "--upload", str(folder))

    assert run.returncode == 0, run.stderr
    assert cloud_store.pointer().tags == (new, old)
    assert cloud_store.manifest(new).form(SERVED) == Releases(ReleaseCopy(folder)).manifest(new).form(SERVED)
    assert champion.upload(folder) == new  # again, as a job that is run once more does


def test_the_first_champion_needs_none_before_it(cloud_store, served_model, tmp_path):
    folder = tmp_path / "champion"
    assert champion.download(folder) is None
    new = saved_champion(served_model)

    hand_over(folder, quiet)

    assert champion.upload(folder) == new
    assert not (folder / "none").exists()


def test_what_was_learned_of_its_scores_travels_without_its_files(
    cloud_store, elsewhere, served_model, tmp_path
):
    (tmp_path / "native").mkdir()
    (tmp_path / "native" / "weights").write_bytes(b"trained")
    tag = published(served_model, native=tmp_path / "native")
    elsewhere()
    folder = tmp_path / "champion"
    champion.download(folder)
    champion.take_over(folder)
    keep_calibration(Calibration(tag, 1.5, 0.4, 250, "2026-11-30T06:47:00+00:00"))

    hand_over(folder, quiet)
    champion.upload(folder)

    assert cloud_store.calibrations()[tag].temperature == 1.5
    assert cloud_store.pointer().tags == (tag,)
    assert cloud_store.manifest(tag).form(NATIVE)


def test_whoever_published_meanwhile_is_not_displaced(cloud_store, elsewhere, served_model, tmp_path):
    """Also where that was a rollback: the older champion is one that the folder names as well."""
    oldest = published(served_model)
    newer = published(served_model)
    elsewhere()
    folder = tmp_path / "champion"
    champion.download(folder)
    champion.take_over(folder)
    saved_champion(served_model)
    hand_over(folder, quiet)
    cloud_store.swap_champion(oldest, cloud_store.pointer())

    with pytest.raises(GateError, match=f"is {oldest}, no longer {newer}: somebody published meanwhile"):
        champion.upload(folder)
    assert cloud_store.pointer().champion == oldest


def test_a_file_that_was_altered_on_the_way_is_not_published(cloud_store, served_model, tmp_path):
    folder = tmp_path / "champion"
    champion.download(folder)
    new = saved_champion(served_model)
    hand_over(folder, quiet)
    served = folder / new.replace(":", "/") / SERVED
    next(path for path in served.rglob("*") if path.is_file()).write_bytes(b"another")

    with pytest.raises(StoreError, match="does not hold the files that were handed over"):
        champion.upload(folder)
    assert cloud_store.pointer().champion is None


def test_without_a_hand_over_nothing_is_published(cloud_store, served_model, tmp_path):
    published(served_model)
    champion.download(tmp_path / "champion")

    with pytest.raises(ConfigError, match=r"nothing was handed over in .*--hand-over"):
        champion.upload(tmp_path / "champion")
    with pytest.raises(ConfigError, match=r"there is no folder .*--download"):
        hand_over(tmp_path / "nowhere", quiet)
