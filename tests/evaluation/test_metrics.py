"""Metrics against values worked out by hand, the winner and the gate."""

import math
from bisect import bisect_left
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest

from models import LABELS, ModelError
from sentiment.evaluation.cost import measure_latency, measure_size
from sentiment.evaluation.metrics import (
    QUALITY_METRICS,
    choose_winner,
    confusion,
    evaluate,
    expected_calibration_error,
    f1_by_label,
    f1_macro_interval,
    reliability,
)

# Six texts: predicted are negative, neutral, neutral, neutral, positive, negative.
TRUE = ["negative", "negative", "neutral", "neutral", "positive", "positive"]
SCORES = np.array(
    [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.1, 0.5, 0.4], [0.0, 0.1, 0.9], [0.6, 0.2, 0.2]]
)


def sure(*labels: str) -> np.ndarray:
    return np.array([[0.9 if column == label else 0.05 for column in LABELS] for label in labels])


def test_metrics_equal_hand_computed_values():
    metrics = evaluate(TRUE, SCORES)

    assert tuple(metrics) == QUALITY_METRICS
    assert metrics["accuracy"] == pytest.approx(4 / 6)
    assert metrics["precision_macro"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert metrics["recall_macro"] == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    assert metrics["f1_macro"] == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3)
    assert metrics["rmse"] == pytest.approx(math.sqrt((1 + 4) / 6))
    assert metrics["log_loss"] == pytest.approx(-sum(map(math.log, (0.8, 0.3, 0.7, 0.5, 0.9, 0.2))) / 6)


def test_weighted_f1_weighs_by_the_number_of_true_texts():
    metrics = evaluate(
        ["negative", "negative", "negative", "neutral", "positive"],
        sure("negative", "negative", "neutral", "neutral", "negative"),
    )

    assert metrics["f1_weighted"] == pytest.approx((3 * 4 / 6 + 1 * 2 / 3 + 0) / 5)


def test_calibration_error_is_the_weighted_gap_of_fifteen_bins():
    # 0.61 and 0.65 share the bin (9/15, 10/15]: accuracy 1/2, confidence 0.63; 0.9 and 0.7 have
    # bins of their own.
    error = expected_calibration_error(np.array([True, False, True, False]), np.array([0.61, 0.65, 0.9, 0.7]))

    assert error == pytest.approx((2 * abs(0.5 - 0.63) + 0.1 + 0.7) / 4)


def calibration_error_by_sorting(is_correct, confidence, bins=15):
    """The same error from exact fractions, each score looked up among the bins' upper ends."""
    ends = [Fraction(number, bins) for number in range(1, bins + 1)]
    groups = defaultdict(list)
    for right, sure in zip(is_correct.tolist(), confidence.tolist(), strict=True):
        groups[bisect_left(ends, Fraction(sure))].append((right, Fraction(sure)))
    gaps = [
        abs(sum(Fraction(right) for right, _ in some) - sum(sure for _, sure in some))
        for some in groups.values()
    ]
    return float(sum(gaps) / len(confidence))


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_equals_that_of_a_second_implementation(seed):
    chance = np.random.default_rng(seed)
    confidence = chance.beta(4, 2, 400) * (2 / 3) + 1 / 3
    is_correct = chance.random(400) < confidence ** (1 + seed / 4)

    error = expected_calibration_error(is_correct, confidence)

    assert error == pytest.approx(calibration_error_by_sorting(is_correct, confidence), abs=1e-12)
    # Finer bins never hide a gap.
    assert error > calibration_error_by_sorting(is_correct, confidence, bins=1) - 1e-12


def test_a_bin_has_its_upper_end_and_not_its_lower_one():
    # 0.4 is the end of the sixth bin, 0.6 that of the ninth; a whisker above belongs to the next.
    confidence = np.array([0.4, np.nextafter(0.4, 1), 0.6, np.nextafter(0.6, 1), 1.0])

    assert np.flatnonzero(reliability(np.array([True] * 5), confidence)[0]).tolist() == [5, 6, 8, 9, 14]


def test_reliability_holds_counts_mean_confidence_and_accuracy_of_each_bin():
    counts, sure, right = reliability(np.array([True, False, True, False]), np.array([0.61, 0.65, 0.9, 0.7]))

    assert (counts[9], sure[9], right[9]) == pytest.approx((2, 0.63, 0.5))
    assert (counts.sum(), sure[0], right[0]) == (4, 0, 0)


def test_calibration_error_of_the_metrics_uses_the_top_score():
    expected = (abs(1 - 0.8) + 2 * abs(0 - 0.6) + abs(1 - 0.7) + abs(1 - 0.5) + abs(1 - 0.9)) / 6

    assert evaluate(TRUE, SCORES)["ece"] == pytest.approx(expected)


def test_a_label_that_is_never_predicted_counts_as_zero():
    metrics = evaluate(list(LABELS), sure("negative", "negative", "negative"))

    assert metrics["f1_macro"] == pytest.approx((2 * 1 / 4) / 3)


@pytest.mark.parametrize(
    "row", [[math.nan, 0.5, 0.5], [math.inf, 0.0, 0.0], [-0.2, 0.7, 0.5], [0.2, 0.2, 0.2]]
)
def test_scores_that_are_no_probabilities_are_refused(row):
    with pytest.raises(ModelError, match="not probabilities"):
        evaluate(["negative"], np.array([row]))


def test_scores_of_another_number_of_texts_are_refused():
    with pytest.raises(ModelError, match="2 labels"):
        evaluate(["negative", "neutral"], sure("negative"))


def test_an_unknown_label_is_refused():
    with pytest.raises(ModelError, match="'angry'"):
        evaluate(["angry"], sure("negative"))


def test_confusion_has_a_row_per_true_label():
    assert confusion(TRUE, SCORES).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]
    assert f1_by_label(confusion(TRUE, SCORES)).mean() == pytest.approx(evaluate(TRUE, SCORES)["f1_macro"])


def test_interval_holds_the_macro_f1_and_shrinks_with_more_texts():
    table = confusion(TRUE, SCORES)
    small, large = f1_macro_interval(table * 10), f1_macro_interval(table * 1000)
    macro = f1_by_label(table).mean()

    assert small[0] < large[0] < macro < large[1] < small[1]


def test_latency_leaves_the_warm_up_out():
    calls = []
    latency = measure_latency(calls.append, ["a", "b", "c"], warm_up=2)

    assert calls == [["a"], ["b"], ["a"], ["b"], ["c"]]
    assert 0 <= latency["latency_ms_p50"] <= latency["latency_ms_p95"] < 100


def test_size_is_in_megabytes_and_counts_subfolders(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(bytes(1_500_000))

    assert measure_size(tmp_path) == 1.5
    assert measure_size(tmp_path, without="a") == 0


def candidate(f1: float, size: float = 1.0) -> dict[str, float]:
    return {"val_f1_macro": f1, "size_mb": size}


def test_winner_has_the_highest_validation_macro_f1():
    assert choose_winner({"tfidf": candidate(0.7, 1), "bert": candidate(0.8, 90)}) == "bert"


def test_tie_goes_to_the_smaller_model_then_to_the_first_name():
    assert choose_winner({"bert": candidate(0.8, 90), "keras": candidate(0.8, 5)}) == "keras"
    assert choose_winner({"keras": candidate(0.8), "bert": candidate(0.8)}) == "bert"


@pytest.mark.parametrize("candidates", [{}, {"bert": candidate(float("nan")), "keras": candidate(0.8)}])
def test_no_winner_without_finite_figures(candidates):
    with pytest.raises(ModelError, match="no winner"):
        choose_winner(candidates)
