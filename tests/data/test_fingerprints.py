"""Fingerprints are the same for texts that count as the same, and tell nothing of them."""

import re

from sentiment.data import fingerprints


def test_copies_that_differ_in_form_share_a_fingerprint():
    assert fingerprints.fingerprint("RT @ann: Great &amp; cheap!!") == fingerprints.fingerprint(
        "great, cheap"
    )


def test_another_text_has_another_fingerprint():
    assert fingerprints.fingerprint("the crew was great") != fingerprints.fingerprint(
        "the crew was not great"
    )


def test_the_dump_holds_one_sorted_line_for_each_text_and_no_text():
    content = fingerprints.dump(["zebra one", "Zebra one!", "my secret tweet"])

    assert content.splitlines() == sorted(content.splitlines())
    assert re.fullmatch(r"([0-9a-f]{16}\n){2}", content)


def test_what_was_dumped_is_parsed():
    texts = ["good day", "bad day", ""]

    assert fingerprints.parse(fingerprints.dump(texts)) == {fingerprints.fingerprint(text) for text in texts}
    assert fingerprints.parse("") == frozenset()


def test_a_text_that_is_no_valid_unicode_has_a_fingerprint():
    assert len(fingerprints.fingerprint("broken \ud800 emoji")) == 16
