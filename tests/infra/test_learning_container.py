"""The learning image, really built: `pytest -n 0 -m container`.

With one small extra in place of all: what is tested is the Dockerfile, not four gigabytes of pip.
"""

from __future__ import annotations

import json
import os
import sys

import pytest
from container_fixtures import BASE, buildah
from image_fixtures import ROOT, run

pytestmark = [pytest.mark.container, pytest.mark.timeout(1800)]
SMALL = "locks/release.txt data-packages.txt"
_ASK = """
import json, os
from importlib.metadata import entry_points
plugins = {each.name: each.value for each in entry_points(group="sqlalchemy.plugins")}
print(json.dumps({
    "user": os.getuid(),
    "plugins": plugins,
    "writes": os.access("/app", os.W_OK),
    "home": os.access(os.environ["SENTIMENT_HOME"], os.W_OK),
    "commit": os.environ["SENTIMENT_COMMIT"],
    "files": sorted(os.listdir("/app")),
}))
"""


@pytest.fixture(scope="module")
def learning_image(storage, debian, tmp_path_factory):
    """The image, built from downloaded wheels without network; what asks a command of it."""
    wheels = tmp_path_factory.mktemp("learning-wheels")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels), "--no-deps"]
    for name in SMALL.split():
        locked = ["--require-hashes", "--only-binary=:all:", "--requirement", str(ROOT / name)]
        run([*pip, *locked], dict(os.environ), folder="/", seconds=1200)
    secret = wheels.parent / "learning-pip.conf"
    secret.write_text("[install]\nno-index = true\nfind-links = /wheels\n", "ascii")
    arguments = {"PYTHON_IMAGE": BASE, "LISTS": SMALL, "TORCH_INDEX": "file:///wheels", "COMMIT": "abc123"}
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    options += [
        f"--volume={wheels}:/wheels:ro",
        f"--secret=id=pip,src={secret}",
        "--pull-never",
        "--network=none",
    ]
    options += [f"--file={ROOT / 'infra' / 'learning.Dockerfile'}", f"--ignorefile={ROOT / '.dockerignore'}"]
    buildah(storage, "bud", "--quiet", *options, "--tag", "sentiloop-learning", str(ROOT))
    container = buildah(storage, "from", "--pull-never", "localhost/sentiloop-learning")
    return lambda *command: buildah(storage, "run", "--user", "1034:1034", container, "--", *command)


def test_the_learning_image_runs_a_module_as_nobody_special(learning_image):
    assert "usage: python -m infra.containers" in learning_image("python", "-m", "infra.containers", "--help")

    answer = json.loads(learning_image("python", "-c", _ASK))
    assert (answer["user"], answer["writes"], answer["home"]) == (1034, False, True)
    assert answer["commit"] == "abc123"
    assert answer["plugins"]["entra"] == "infra.entra_login:EntraLogin"
    assert {"infra", "flows", "sentiment", "models", "data", "prefect.yaml"} <= set(answer["files"])
    assert {"tests", "docs", ".git", ".venv", ".sentiloop"} & set(answer["files"]) == set()
