"""The published champion goes to a build as files, checked, and is compared with what serves."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager

import pytest

from infra import champion
from infra.programs import ProgramError
from sentiment.blobs import open_folder
from sentiment.champions import store
from sentiment.champions.releases import SERVED, Releases
from sentiment.errors import ConfigError, StoreError

TAG = "tweet-sentiment:abc"


@pytest.fixture
def released(container, tmp_path, monkeypatch):
    """A released champion on a real Azurite; its one file is no model, which nobody loads here."""
    monkeypatch.setenv("SENTIMENT_MODELS_URL", f"az://{container.container_name}")
    served = tmp_path / "served"
    (served / "parts").mkdir(parents=True)
    (served / "parts" / "weights").write_bytes(b"weights")
    releases = Releases(open_folder(f"az://{container.container_name}"))
    releases.publish(TAG, {SERVED: served}, progress=lambda line: None)
    releases.swap_champion(TAG, releases.pointer())
    return releases


def test_a_download_is_a_release_that_the_build_reads_without_a_credential(released, tmp_path):
    assert champion.download(tmp_path / "champion") == TAG

    copy = Releases(champion.ReleaseCopy(tmp_path / "champion"))
    assert copy.pointer().champion == TAG
    assert copy.manifest(TAG) == released.manifest(TAG)
    copy.download(copy.manifest(TAG), SERVED, tmp_path / "again", lambda line: None)
    assert (tmp_path / "again" / "parts" / "weights").read_bytes() == b"weights"


def test_a_file_that_was_altered_on_the_way_is_refused(released, tmp_path):
    champion.download(tmp_path / "champion")
    (tmp_path / "champion" / "tweet-sentiment" / "abc" / "served" / "parts" / "weights").write_bytes(
        b"others"
    )

    with pytest.raises(StoreError, match="altered or damaged"):
        champion.take_over(tmp_path / "champion")
    assert not store.has_champion()


def test_where_none_is_published_the_build_is_told_and_trains_one(container, tmp_path, monkeypatch, programs):
    monkeypatch.setenv("SENTIMENT_MODELS_URL", f"az://{container.container_name}")
    programs.answer("python -m flows.train")

    assert champion.download(tmp_path / "champion") is None
    champion.take_over(tmp_path / "champion", or_train=True)

    assert [path.name for path in (tmp_path / "champion").iterdir()] == ["none"]
    assert programs.commands() == ["python -m flows.train --profile quick"]


def test_without_a_download_nothing_is_trained(tmp_path, programs):
    with pytest.raises(ConfigError, match="--download"):
        champion.take_over(tmp_path / "nowhere", or_train=True)

    assert programs.commands() == []


@contextmanager
def service(status, text):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.path == "/readyz"
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("serving", "is_news"), [(TAG, False), ("tweet-sentiment:old", True)])
def test_another_champion_than_the_one_that_serves_is_news(monkeypatch, serving, is_news):
    monkeypatch.setattr(champion, "published", lambda: TAG)

    with service(200, f"{serving} serves\n") as address:
        assert champion.is_news(address) == is_news


@pytest.mark.parametrize(("status", "text"), [(200, '{"error": "no release yet"}'), (503, "no model")])
def test_a_service_that_does_not_say_what_serves_leads_to_no_release(monkeypatch, status, text):
    monkeypatch.setattr(champion, "published", lambda: TAG)

    with service(status, text) as address, pytest.raises(ProgramError, match="/readyz"):
        champion.is_news(address)


def test_an_address_that_is_none_is_told(monkeypatch):
    with pytest.raises(ConfigError, match="SENTIMENT_SERVICE_URL"):
        champion.is_news("")
