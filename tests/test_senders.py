"""Whose feedback it is: the peer's address, or what a trusted proxy saw, as a pseudonym."""

import pytest

from sentiment.config import Settings
from sentiment.prediction_ids import make_signer
from sentiment.senders import client_address, sender, sent_from


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


def test_the_address_is_known_inside_the_request_only():
    with sent_from("1.1.1.1"):
        assert sender() == "1.1.1.1"
    assert sender() == ""


def test_a_pseudonym_is_the_same_for_the_same_address_and_key_only(tmp_path):
    ours, theirs = (make_signer(Settings(home=tmp_path / name)) for name in ("a", "b"))

    assert ours.pseudonym("1.1.1.1") == ours.pseudonym("1.1.1.1") != ours.pseudonym("1.1.1.2")
    assert ours.pseudonym("1.1.1.1") != theirs.pseudonym("1.1.1.1")
    assert ours.pseudonym("") is None
    assert len(ours.pseudonym("1.1.1.1")) == 16
