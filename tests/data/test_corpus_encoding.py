"""The repaired encoding of the default corpus."""

from __future__ import annotations

from sentiment.data.corpus_encoding import decode_corpus


def test_the_default_corpus_has_no_broken_encoding_left(corpus):
    texts = [text for split in corpus.splits.values() for text in split.texts]

    assert not any("\ufffd" in text or "@AmericanAir" in text for text in texts)
    assert sum("😂" in text for text in texts) > 100
    assert sum("’" in text or "'" in text for text in texts) > 5_000


def test_damaged_bytes_of_the_corpus_become_the_characters_they_were():
    assert decode_corpus(b"doesn\xe4\xf3\xbbt _\xf4\xd6\x89 \x8a\x97\xc8 \xe4\xf3_") == "doesn’t 😂 ’ …"
    assert decode_corpus(b"plain_text \xff") == "plain_text  "
