"""A real image, without Docker: built by buildah over Debian's own Python, and started on a root that cannot be written."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from image_fixtures import ROOT, run
from ports import free_port

SUITE = "bookworm"  # its Python is 3.11
BASE = "docker.io/library/python:3.11-slim"
_STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/graph"\nrunroot = "{0}/run"\n'
# Its own mounts, gone when it ends: the image's files read-only, the volume, and what an engine gives every container.
_START = """touch "$ROOTFS/etc/hosts" && mount --bind "$ROOTFS" "$ROOTFS" && mount -o remount,bind,ro "$ROOTFS" &&
mount --bind "$VOLUME" "$ROOTFS$HOME_IN_IMAGE" && mount --bind /etc/hosts "$ROOTFS/etc/hosts" &&
mount -t proc proc "$ROOTFS/proc" && mount --bind /dev "$ROOTFS/dev" && cd / &&
exec chroot --userspec="$OWNER" --groups= "$ROOTFS" "$@" """


@dataclass(frozen=True)
class Built:
    """An image: what its configuration says, its files, how large they are beyond the base's, and how long it took to build."""

    config: dict
    rootfs: Path
    own_bytes: int
    seconds: float

    @property
    def environment(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.config["Env"])


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """What makes buildah work here, with a storage of its own; it is taken away at the end."""
    missing = [name for name in ("buildah", "debootstrap", "unshare") if not shutil.which(name)]
    if missing or os.getuid() != 0:
        pytest.skip(f"the container test needs root and {missing or 'nothing else'}: apt-get install buildah debootstrap, and run as root")
    folder = tmp_path_factory.mktemp("containers")
    (folder / "storage.conf").write_text(_STORAGE.format(folder), "ascii")
    yield {
        "BUILDAH_FORMAT": "docker",  # OCI's own knows no health check
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "STORAGE_DRIVER": "vfs",
        "TMPDIR": str(folder),
    }
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def debian(storage, tmp_path_factory) -> Path:
    """Debian with Python, under the name of the image that it stands for. SENTIMENT_ROOTFS names one that debootstrap made before."""
    rootfs = Path(os.environ.get("SENTIMENT_ROOTFS") or tmp_path_factory.mktemp("debian") / "rootfs")
    if not rootfs.exists():
        packages = "--include=python3.11,python3.11-venv,python3-pip,ca-certificates"
        run(["debootstrap", "--variant=minbase", packages, SUITE, str(rootfs)], dict(os.environ), seconds=1200)
    python = rootfs / "usr" / "local" / "bin" / "python"
    if not python.is_symlink():
        python.symlink_to("/usr/bin/python3.11")
    container = buildah(storage, "from", "scratch")
    buildah(storage, "add", "--quiet", container, str(rootfs), "/")
    path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    buildah(storage, "config", "--env", path, "--env", "LANG=C.UTF-8", container)
    buildah(storage, "commit", "--quiet", "--rm", container, BASE)
    return rootfs


@pytest.fixture(scope="module")
def built(storage, debian, bundled, tmp_path_factory) -> Built:
    """The image of a Bento, made by `bentoml containerize` from wheels that this machine's pip has fetched before: no network."""
    wheels = tmp_path_factory.mktemp("wheels")
    fetch_wheels(bundled.folder, wheels)
    secret = wheels.parent / "pip.conf"
    secret.write_text("[install]\nno-index = true\nfind-links = /wheels\n", "ascii")
    options = ("pull-never", "network=none", f"volume={wheels}:/wheels:ro", f"secret=id=pip,src={secret}")
    command = [sys.executable, "-m", "bentoml", "containerize", bundled.tag, "--backend", "buildah"]
    begun = time.monotonic()
    run([*command, *(f"--opt={option}" for option in options)], bundled.environment | storage, folder="/", seconds=1200)
    seconds = time.monotonic() - begun
    config = json.loads(buildah(storage, "inspect", "--type", "image", bundled.tag))["Docker"]["config"]
    rootfs = Path(buildah(storage, "mount", buildah(storage, "from", "--pull-never", bundled.tag)))
    return Built(config, rootfs, used_bytes(rootfs) - used_bytes(debian), seconds)


@contextlib.contextmanager
def started(built: Built, volume: Path, log: Path):
    """The image's own command with the image's own environment and user, on its files read-only; only the volume can be written."""
    port = free_port()
    home = next(iter(built.config["Volumes"]))
    os.chown(volume, *(int(number) for number in built.config["User"].split(":")))
    inside = [f"{name}={value}" for name, value in (built.environment | {"SENTIMENT_PORT_SERVICE": str(port)}).items()]
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", _START, "sh"]
    places = {"ROOTFS": str(built.rootfs), "VOLUME": str(volume), "HOME_IN_IMAGE": home, "OWNER": built.config["User"]}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "/usr/bin/env", "-i", f"--chdir={built.config['WorkingDir']}", *inside, *built.config["Entrypoint"]],
            env=os.environ | places,
            stdout=output,
            stderr=output,
        )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait(timeout=60)


def fetch_wheels(bento: Path, folder: Path) -> None:
    """What the image will install, fetched as this machine fetches packages."""
    locked = ["--constraint", str(bento / "src" / "constraints.txt"), "--requirement", str(bento / "env" / "python" / "requirements.txt")]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--dest", str(folder)]
    run([*pip, *locked], dict(os.environ), folder=ROOT, seconds=1200)


def used_bytes(folder: Path) -> int:
    """The bytes of all files below a folder, each file once."""
    sizes = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def buildah(settings: dict[str, str], *arguments: str) -> str:
    return run(["buildah", *arguments], os.environ | settings, seconds=1200).stdout.strip()
