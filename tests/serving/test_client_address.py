"""Whose feedback it is: the peer's address, or what a trusted proxy saw, as a pseudonym."""

import httpx
import pytest
from crowning import crown
from served import served

from sentiment.champions import store
from sentiment.config import Settings, read_settings
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import make_signer
from sentiment.review.inbox_frame import read_inbox
from sentiment.serving.client_address import client_address, read_sender


@pytest.mark.parametrize(
    ("forwarded", "trusted", "address"),
    [
        ("", 0, "10.1.1.1"),
        ("1.1.1.1", 0, "10.1.1.1"),
        ("1.1.1.1", 1, "1.1.1.1"),
        ("6.6.6.6, 1.1.1.1", 1, "1.1.1.1"),
        ("6.6.6.6, 1.1.1.1, 2.2.2.2", 2, "1.1.1.1"),
        ("1.1.1.1", 3, "1.1.1.1"),
        (" , ", 1, "10.1.1.1"),
    ],
)
def test_only_what_trusted_proxies_added_is_believed(forwarded, trusted, address):
    scope = {"type": "http", "client": ("10.1.1.1", 5), "headers": [(b"x-forwarded-for", forwarded.encode())]}

    assert client_address(scope, trusted) == address


def test_a_request_without_a_peer_has_no_address():
    assert client_address({"type": "http", "headers": []}, 0) == ""
    assert read_sender({"type": "http", "headers": []}, 0) == ""


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("1.1.1.1:51234", "1.1.1.1"),
        ("::ffff:1.1.1.1", "1.1.1.1"),
        ("2001:db8:0:1:abcd::7", "2001:db8:0:1::/64"),
        ("[2001:db8:0:1::9]:443", "2001:db8:0:1::/64"),
        ("unix:", "unix:"),
    ],
)
def test_nobody_becomes_many_by_other_ports_or_addresses_of_one_network(address, whose):
    assert read_sender({"type": "http", "client": (address, 5), "headers": []}, 0) == whose


def test_a_pseudonym_is_the_same_for_the_same_address_and_key_only(tmp_path):
    ours, theirs = (make_signer(Settings(home=tmp_path / name)) for name in ("a", "b"))

    assert ours.pseudonym("1.1.1.1") == ours.pseudonym("1.1.1.1") != ours.pseudonym("1.1.1.2")
    assert ours.pseudonym("1.1.1.1") != theirs.pseudonym("1.1.1.1")
    assert ours.pseudonym("") is None
    assert len(ours.pseudonym("1.1.1.1")) == 16


@pytest.mark.parametrize(("trusted", "sources"), [("0", 1), ("1", 2)])
def test_a_real_server_believes_a_forwarded_address_only_as_far_as_it_is_set_to(
    home, served_model, trusted, sources
):
    crown(store.save(served_model, metadata={}))
    log = read_settings().home / "serve.log"
    with served(log, workers=1, SENTIMENT_TRUSTED_PROXIES=trusted) as (address, _):
        # Uvicorn alone would believe all that comes from this machine.
        for forwarded in ("6.6.6.6", "7.7.7.7", "9.9.9.9, 7.7.7.7"):
            headers = {"X-Forwarded-For": forwarded}
            body = {"text": f"I love this, {forwarded}"}
            said = httpx.post(f"{address}/predict", json=body).json()
            feedback = body | {"prediction_id": said["prediction_id"], "correct": True}
            assert httpx.post(f"{address}/feedback", json=feedback, headers=headers).status_code == 200

    inbox = read_inbox(Inbox(read_settings().feedback_address))
    assert len(inbox) == 3
    assert inbox["source"].nunique() == sources
    assert inbox["source"].notna().all()
