"""The shifts of the benchmarks: what is base, and what is production."""

from benchmarks import gate_shift
from benchmarks.gate_shift import Shift
from models import LABELS
from sentiment.data.labelled_rows import Row
from sentiment.data.sources import Source


def test_the_tweets_to_airlines_are_production_and_the_others_the_base(monkeypatch):
    rows = [
        Row(f"{handle} {word}{number} {label}{number} {word} here", label)
        for number in range(60)
        for label in LABELS
        for handle, word in (("@United", "flight"), ("@somebody", "garden"))
    ]
    monkeypatch.setattr(gate_shift, "read_source", lambda: Source("all", tuple(rows)))

    shift = Shift.to_airlines()

    base = [text for split in shift.base.splits.values() for text in split.texts]
    production = [*shift.sample.texts, *shift.lessons.texts]
    assert base
    assert all("garden" in text for text in base)
    assert production
    assert all("flight" in text for text in production)
