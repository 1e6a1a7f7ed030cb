"""Batches of a served BERT."""

from __future__ import annotations

from models.served_bert import batches_of_like_length


def test_batches_are_of_like_length_and_none_has_too_many_tokens():
    lengths = [number % 97 + 1 for number in range(1000)]
    batches = list(batches_of_like_length(lengths, 2048))

    assert sorted(row for batch in batches for row in batch) == list(range(1000))
    assert all(len(batch) * max(lengths[row] for row in batch) <= 2048 for batch in batches)
    assert all(
        max(lengths[row] for row in batch) - min(lengths[row] for row in batch) <= 20 for batch in batches
    )
    assert lengths[batches[0][0]] == 97  # the longest first: no core is left with a long text at the end
