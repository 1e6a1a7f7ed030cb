"""The ablation benchmark: the form of a row."""

from benchmarks.ablation import ARMS, row


def test_a_row_has_means_spreads_and_paired_differences():
    reference, without = [(70.0, 60.0, 2.0), (72.0, 61.0, 4.0)], [(69.0, 61.0, 1.0), (70.0, 61.0, 2.0)]

    assert (
        row(ARMS[0], reference, reference) == "| tfidf | as it is | 71.00 ± 1.41 | 60.50 ± 0.71 |  |  | 3 s |"
    )
    found = row(ARMS[1], without, reference)
    assert (
        found
        == "| tfidf | without ratios | 69.50 ± 0.71 | 61.00 ± 0.00 | -1.50 ± 0.71 | +0.50 ± 0.71 | 2 s |"
    )
