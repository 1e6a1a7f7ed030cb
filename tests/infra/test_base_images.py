"""The images of others are named by digest, which a registry is asked for by its own API."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from workflows import ROOT

from infra import base_images
from infra.base_images import FILES, NAMED, pin, pin_all
from infra.registry import Reference, RegistryError, ask_digest

INDEX = "application/vnd.oci.image.index.v1+json"
CONTENT = b'{"schemaVersion": 2, "manifests": []}'
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Registry(BaseHTTPRequestHandler):
    """A registry that gives anonymous readers a token, as Docker Hub does; others give it none."""

    behaviour: dict

    def do_GET(self):
        self.behaviour.setdefault("asked", []).append(self.path)
        address, asked = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        if address.path == "/token":
            right = {"service": ["registry.example"], "scope": ["repository:library/python:pull"]}
            self._answer(
                200 if asked == right else 400, self.behaviour.get("token", b'{"token": "anonymous"}')
            )
        elif self.behaviour.get("open") or self.headers.get("Authorization") == "Bearer anonymous":
            self._manifest(address.path)
        else:
            here = f"http://127.0.0.1:{self.server.server_port}"
            challenge = self.behaviour.get("challenge", f'Bearer realm="{here}/token"')
            more = ',service="registry.example",scope="repository:library/python:pull"'
            self._answer(401, b"", {"WWW-Authenticate": challenge + more})

    def _manifest(self, path):
        if path != "/v2/library/python/manifests/3.11-slim" or INDEX not in self.headers["Accept"]:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
            return
        more = {"Content-Type": self.behaviour.get("type", INDEX)}
        more |= {"Docker-Content-Digest": self.behaviour.get("digest", DIGEST)}
        self._answer(200, self.behaviour.get("content", CONTENT), more)

    def _answer(self, status, content, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def registry(**behaviour):
    handler = type("Handler", (Registry,), {"behaviour": behaviour})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", behaviour
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("behaviour", [{}, {"open": True}, {"token": b'{"access_token": "anonymous"}'}])
def test_the_digest_is_that_of_the_manifests_bytes(behaviour):
    with registry(**behaviour) as (host, _):
        assert ask_digest(Reference(host, "library/python", "3.11-slim")) == DIGEST


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ({"digest": "sha256:" + "0" * 64}, "says that .* is sha256:000.*, but sent sha256:.*who answers"),
        ({"content": b"<html>log in</html>", "digest": DIGEST}, "but sent sha256:"),
        ({"type": "text/html"}, "sent no manifest of .*, but text/html"),
        ({"content": b"x" * 4_000_001}, "sent more than 4000000 bytes"),
        ({"token": b"no JSON"}, "does not say which digest .*: Expecting value"),
        ({"token": b"[]"}, "gave no token"),
        ({"challenge": 'Basic realm="x"'}, "asks for 'Basic realm="),
        ({"challenge": 'Bearer realm="ftp://tokens.example"'}, "which is no token over http"),
    ],
)
def test_a_registry_that_contradicts_itself_or_asks_for_a_password_is_refused(behaviour, said):
    with registry(**behaviour) as (host, _), pytest.raises(RegistryError, match=said):
        ask_digest(Reference(host, "library/python", "3.11-slim"))


def test_a_tag_that_is_missing_and_a_registry_that_is_down_are_told():
    with (
        registry() as (host, _),
        pytest.raises(RegistryError, match=r"python:9 has: HTTP Error 404.*check the tag"),
    ):
        ask_digest(Reference(host, "library/python", "9"))
    with pytest.raises(RegistryError, match="refused"):
        ask_digest(Reference(host, "library/python", "3.11-slim"))


def test_docker_hub_is_asked_at_its_registry_over_https(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "infra.registry._get",
        lambda address, _: (asked.append(address), (CONTENT, {"Content-Type": INDEX}))[1],
    )

    ask_digest(Reference("docker.io", "library/python", "3.11-slim"))

    assert asked == ["https://registry-1.docker.io/v2/library/python/manifests/3.11-slim"]


def test_every_named_image_gets_the_present_digest_and_each_is_asked_for_once(tmp_path, capsys):
    with registry() as (host, behaviour):
        image, old = f"{host}/library/python:3.11-slim", "sha256:" + "1" * 64
        docker, compose = tmp_path / "Dockerfile", tmp_path / "compose.yaml"
        docker.write_text(f"ARG PYTHON_IMAGE={image}\nFROM ${{PYTHON_IMAGE}}\n")
        compose.write_text(f"    image: {image}@{old}\n    image: ${{OURS:-sentiloop}}\n")

        assert pin_all((docker, compose)) == [docker, compose]
        assert pin_all((docker, compose)) == []

    assert docker.read_text() == f"ARG PYTHON_IMAGE={image}@{DIGEST}\nFROM ${{PYTHON_IMAGE}}\n"
    assert compose.read_text() == f"    image: {image}@{DIGEST}\n    image: ${{OURS:-sentiloop}}\n"
    assert len([path for path in behaviour["asked"] if "manifests" in path]) == 4  # two runs, 401 and 200
    assert f"{image}@{DIGEST}" in capsys.readouterr().out


def test_where_one_registry_does_not_answer_no_file_is_touched(tmp_path):
    with registry(open=True) as (host, _):
        one, two = tmp_path / "one", tmp_path / "two"
        one.write_text(f"ARG A_IMAGE={host}/library/python:3.11-slim\n")
        two.write_text(f"ARG A_IMAGE={host}/library/python:none\n")

        with pytest.raises(RegistryError):
            pin_all((one, two))

        assert "@" not in one.read_text()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_image_of_others_is_named_by_its_digest(file):
    text = file.read_text("utf-8")
    named = list(NAMED.finditer(text))
    foreign = [
        line for line in text.splitlines() if ("_IMAGE=" in line or " image: " in line) and "${" not in line
    ]

    assert len(named) == len(foreign) > 0
    assert all(match["digest"] for match in named)
    assert pin(text, lambda image: next(m["digest"] for m in named if m["tag"] == image.tag)) == text


def test_both_images_have_the_base_and_the_python_that_bentoml_is_told():
    images = {file: NAMED.search(file.read_text("utf-8")) for file in base_images.FILES[:2]}
    version = yaml.safe_load((ROOT / "bentofile.yaml").read_text("utf-8"))["docker"]["python_version"]

    assert {match[0] for match in images.values()} == {next(iter(images.values()))[0]}
    assert {(match["name"], match["tag"]) for match in images.values()} == {
        ("library/python", f"{version}-slim")
    }


def test_the_command_says_what_changed(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["infra.base_images"])
    monkeypatch.setattr(base_images, "pin_all", lambda: [FILES[0]])

    base_images.main()

    assert json.dumps(capsys.readouterr().out) == '"changed: infra/Dockerfile.j2\\n"'
