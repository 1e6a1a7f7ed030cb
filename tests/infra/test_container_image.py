"""An image is built, described, pushed and named by its digest; its champion is fetched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from azurite import answering

from infra import champion, container_image
from infra.programs import ProgramError
from sentiment.champions.pointer import POINTER_FILE
from sentiment.errors import BlobError, ConfigError

ROOT = Path(__file__).parents[2]
REPOSITORY, DIGEST = "docker.io/ann/sentiloop", "sha256:" + "ab" * 32
TAGS = ("c0ffee0", "v1.2.0")
_DOCKER = ("save", "load", "login", "push")
FILE, LIST = Path("image.tar"), Path("sbom.json")


@pytest.fixture
def works(programs):
    programs.answer("make --silent bundle", "Packing 'sentiment:abc'\nsentiment:abc\n")
    for call in ("make --silent image", "python -m infra.sbom", *map("docker {}".format, _DOCKER)):
        programs.answer(call)
    programs.answer("docker buildx imagetools inspect", f"{DIGEST}\n")
    return programs


def published(tags=TAGS):
    container_image.build(REPOSITORY, tags, archive=FILE, sbom=LIST)
    return container_image.push(REPOSITORY, tags, archive=FILE, pause=0.01)


def test_the_image_is_built_listed_pushed_and_named_by_its_digest(works, tmp_path):
    assert published() == f"{REPOSITORY}@{DIGEST}"

    assert works.commands() == [
        "make --silent bundle",
        (
            f"make --silent image BENTO=sentiment:abc FLAGS=--image-tag {REPOSITORY}:c0ffee0 --image-tag "
            f"{REPOSITORY}:v1.2.0"
        ),
        f"python -m infra.sbom sentiment:abc sbom.json --image {REPOSITORY}:c0ffee0",
        f"docker save --output image.tar {REPOSITORY}:c0ffee0 {REPOSITORY}:v1.2.0",
        "docker load --input image.tar",
        f"docker push {REPOSITORY}:c0ffee0",
        f"docker push {REPOSITORY}:v1.2.0",
        f"docker buildx imagetools inspect {REPOSITORY}:c0ffee0 --format {{{{.Manifest.Digest}}}}",
    ]
    summary = (tmp_path / "summary.md").read_text()
    assert "the image of sentiment:abc is built" in summary
    assert f"the image is `{REPOSITORY}@{DIGEST}`" in summary


@pytest.mark.parametrize(
    ("call", "later"),
    [
        ("make --silent bundle", "make --silent image"),
        ("make --silent image", "python -m infra.sbom"),
        ("python -m infra.sbom", "docker save"),
        ("docker save", "docker load"),
        ("docker load", "docker push"),
        (f"docker push {REPOSITORY}:c0ffee0", f"docker push {REPOSITORY}:v1.2.0"),
        (f"docker push {REPOSITORY}:v1.2.0", "docker buildx"),
    ],
)
def test_when_a_step_fails_no_later_one_is_taken(works, call, later):
    works.fail(call)

    with pytest.raises(ProgramError, match="it is out of order"):
        published()

    assert works.commands(call)
    assert not works.commands(later)


def test_a_push_that_fails_once_is_tried_again(works):
    works.fail("docker push", times=2)

    published()

    assert len(works.commands("docker push")) == 4


@pytest.mark.parametrize("said", ["", "not found\n", "sha256:1234\n", f"{DIGEST} {DIGEST}\n"])
def test_what_is_no_digest_is_not_deployed(programs, said):
    programs.answer("docker buildx imagetools inspect", said)
    programs.answer("make --silent", "sentiment:abc\n")
    programs.answer("")

    with pytest.raises(ProgramError, match="no digest"):
        published()


def test_a_bundle_that_prints_no_tag_is_an_error(programs):
    programs.answer("make --silent bundle", "\n")

    with pytest.raises(ProgramError, match="'make bundle' printed no tag"):
        published()


@pytest.mark.parametrize(
    ("repository", "tags"),
    [
        ("docker.io", TAGS),
        ("docker.io/ann/Sentiloop", TAGS),
        (f"{REPOSITORY}:x", TAGS),
        (REPOSITORY, ("a b",)),
        (REPOSITORY, ("",)),
        ("", TAGS),
    ],
)
def test_names_that_are_none_are_refused_before_anything_is_built(works, repository, tags):
    with pytest.raises(ConfigError, match="cannot name an image"):
        container_image.build(repository, tags, archive=FILE, sbom=LIST)
    with pytest.raises(ConfigError, match="cannot name an image"):
        container_image.push(repository, tags, archive=FILE)

    assert works.commands() == []


def command(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, text=True, capture_output=True, check=False
    )


def test_the_build_needs_no_login(works, monkeypatch):
    monkeypatch.setenv("REGISTRY_IMAGE", REPOSITORY)

    run = command("infra.container_image", "build", "--tag", "c0ffee0", "--tag", "c0ffee0")

    assert run.returncode == 0, run.stderr
    assert works.commands()[-1] == f"docker save --output image.tar {REPOSITORY}:c0ffee0"
    assert not works.commands("docker login")


def test_the_command_logs_in_pushes_and_tells_the_digest(works, monkeypatch, tmp_path):
    for name, value in {"IMAGE": REPOSITORY, "USER": "ann", "TOKEN": "t0ken"}.items():
        monkeypatch.setenv(f"REGISTRY_{name}", value)

    run = command("infra.container_image", "push", "--tag", "c0ffee0", "--tag", "c0ffee0")

    assert run.returncode == 0, run.stderr
    assert (tmp_path / "output").read_text() == f"image={REPOSITORY}@{DIGEST}\ndigest={DIGEST}\n"
    assert works.calls[0]["command"] == "docker login docker.io --username ann --password-stdin"
    assert works.calls[0]["stdin"] == "t0ken"
    assert "t0ken" not in run.stdout + run.stderr
    assert len(works.commands("docker push")) == 1


def test_whoever_deploys_a_private_image_logs_in_and_no_more(works, monkeypatch):
    for name, value in {"IMAGE": REPOSITORY, "USER": "ann", "TOKEN": "t0ken"}.items():
        monkeypatch.setenv(f"REGISTRY_{name}", value)

    run = command("infra.container_image", "login")

    assert run.returncode == 0, run.stderr
    assert works.commands() == ["docker login docker.io --username ann --password-stdin"]


def test_a_registry_that_refuses_stops_it_before_anything_is_pushed(works, monkeypatch, tmp_path):
    for name, value in {"IMAGE": REPOSITORY, "USER": "ann", "TOKEN": "t0ken"}.items():
        monkeypatch.setenv(f"REGISTRY_{name}", value)
    works.fail("docker login", "unauthorized: incorrect username or password")
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    with pytest.raises(ProgramError, match="unauthorized"):
        container_image.log_in(REPOSITORY, "ann", "t0ken")

    assert not works.commands("docker load")
    assert not (tmp_path / "output").exists()


def test_an_azure_registry_takes_the_identity_and_no_password(works):
    works.answer("az acr login")

    container_image.log_in_to_azure("crsentiloop.azurecr.io/sentiloop")

    assert works.commands("az acr login") == ["az acr login --name crsentiloop --only-show-errors"]
    assert not works.commands("docker login")


def test_a_setting_that_is_missing_is_named(works, monkeypatch):
    monkeypatch.setenv("REGISTRY_IMAGE", REPOSITORY)
    monkeypatch.setenv("REGISTRY_USER", " ")

    run = command("infra.container_image", "push", "--tag", "c0ffee0")

    assert (run.returncode, run.stderr) == (
        1,
        "error: REGISTRY_USER has no value: set it, as docs/release.md says\n",
    )
    assert works.commands() == []


def storage(monkeypatch, connection):
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
    monkeypatch.setenv("SENTIMENT_MODELS_URL", "az://models")


def test_the_champion_is_the_published_one(programs, monkeypatch, tmp_path):
    monkeypatch.setattr(champion, "published", lambda: "tweet-sentiment:abc")
    programs.answer("python -m flows.fetch", "tweet-sentiment:abc\n")

    champion.obtain(or_train=True)

    assert programs.commands() == ["python -m flows.fetch"]
    assert "tweet-sentiment:abc" in (tmp_path / "summary.md").read_text()


def test_a_champion_that_cannot_be_fetched_is_not_replaced(programs, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(champion, "published", lambda: "tweet-sentiment:abc")
    programs.fail("python -m flows.fetch", "error: model.onnx was altered")
    programs.answer("python -m flows.train")

    with pytest.raises(ProgramError, match="altered"):
        champion.obtain(or_train=True)

    assert not programs.commands("python -m flows.train")


@pytest.mark.parametrize("or_train", [True, False])
def test_where_none_is_published_one_is_trained_if_that_is_wanted(programs, monkeypatch, or_train):
    programs.answer("python -m flows.train")

    with answering(404, "BlobNotFound") as connection:
        storage(monkeypatch, connection)
        champion.obtain(or_train=or_train)

    assert programs.commands() == ["python -m flows.train --profile quick"] * or_train


@pytest.mark.parametrize(("status", "code"), [(403, "AuthorizationFailure"), (404, "ContainerNotFound")])
def test_a_storage_that_cannot_be_read_never_leads_to_another_model(programs, monkeypatch, status, code):
    with answering(status, code) as connection:
        storage(monkeypatch, connection)
        with pytest.raises(BlobError):
            champion.obtain(or_train=True)

    assert programs.commands() == []


def test_without_the_address_of_the_models_nothing_is_trained(programs, monkeypatch):
    monkeypatch.delenv("SENTIMENT_MODELS_URL", raising=False)

    with pytest.raises(ConfigError, match="SENTIMENT_MODELS_URL is not set"):
        champion.obtain(or_train=True)

    assert programs.commands() == []


def test_what_is_published_is_what_the_storage_points_to(container, monkeypatch):
    monkeypatch.setenv("SENTIMENT_MODELS_URL", f"az://{container.container_name}")
    assert champion.published() is None

    container.upload_blob(POINTER_FILE, "tweet-sentiment:abc\n")

    assert champion.published() == "tweet-sentiment:abc"
