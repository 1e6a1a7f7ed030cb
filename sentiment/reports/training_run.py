"""The pictures of one training run: its dataset, and the test results of each model.

The picture that compares the models is in `comparison`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

from models import LABELS
from sentiment.evaluation.metrics import (
    checked_indices,
    confusion,
    expected_calibration_error,
    f1_by_label,
    reliability,
)
from sentiment.reports.canvas import (
    ACCENT,
    INK,
    LABEL_COLOURS,
    QUIET,
    add_panel,
    draw_confusion,
    name_axes,
    new_figure,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from models import Scores
    from sentiment.data.dataset import Dataset

_MOST_BUCKETS = 14
_NO_GAP = 0.005  # half a point between how sure a model is and how often it is right


def draw_model(family: str, labels: Sequence[str], scores: Scores) -> dict[str, Figure]:
    """Return a model's test results as `confusion_matrix`, `precision_recall` and `reliability`."""
    return {
        "confusion_matrix": _draw_confusion(family, labels, scores),
        "precision_recall": _draw_precision_recall(family, labels, scores),
        "reliability": _draw_reliability(family, labels, scores),
    }


def draw_data(dataset: Dataset) -> Figure:
    """Return the picture of a dataset: rows by split and label, dropped rows by reason, lengths."""
    report = dataset.report
    kept = sum(sum(counts.values()) for counts in report.counts.values())
    subtitle = (
        f"{report.rows_read:,} rows read, {report.contradictions:,} kept rows had copies with other labels; "
        f"SHA-256 {dataset.digest[:12]}"
    )
    figure = new_figure(16, 7.5, f"{dataset.name}: {kept:,} tweets, cleaned and split", subtitle)
    _draw_counts(add_panel(figure, (0.085, 0.42, 0.51, 0.36), "Tweets by split and label"), report.counts)
    _draw_dropped(add_panel(figure, (0.745, 0.42, 0.19, 0.36), "Rows dropped, by reason"), report.dropped)
    _draw_lengths(add_panel(figure, (0.02, 0.08, 0.955, 0.2), "Length in characters"), report.lengths)
    return figure


def _draw_confusion(family: str, labels: Sequence[str], scores: Scores) -> Figure:
    table = confusion(labels, scores)
    right = int(np.trace(table))
    subtitle = "rows: the label that people gave; columns: the model's label"
    figure = new_figure(9, 7, f"{family}: {right:,} of {len(labels):,} test tweets right", subtitle)
    draw_confusion(add_panel(figure, (0.14, 0.09, 0.82, 0.7)), table, with_counts=True)
    return figure


def _draw_precision_recall(family: str, labels: Sequence[str], scores: Scores) -> Figure:
    """Draw one curve per label against the other two, with a dot at the arg max of the scores."""
    table = confusion(labels, scores)
    hits, predicted, true = np.diagonal(table), table.sum(axis=0).clip(min=1), table.sum(axis=1).clip(min=1)
    macro = f1_by_label(table).mean()
    subtitle = f"test macro F1 {macro:.3f}; the dots are where the label with the highest score is taken"
    figure = new_figure(9, 7, f"{family}: precision against recall", subtitle)
    panel = add_panel(figure, (0.09, 0.11, 0.87, 0.68))
    for column, label in enumerate(LABELS):
        is_label = np.array(labels) == label
        precision, recall, _ = precision_recall_curve(is_label, scores[:, column])
        area, colour = average_precision_score(is_label, scores[:, column]), LABEL_COLOURS[label]
        panel.plot(recall, precision, color=colour, linewidth=2.5)
        panel.scatter(
            hits[column] / true[column],
            hits[column] / predicted[column],
            s=90,
            color=colour,
            edgecolor="white",
            zorder=3,
        )
        panel.text(0.03, 0.2 - 0.07 * column, f"{label}  AP {area:.3f}", color=colour, weight="bold", size=15)
    panel.set_xlim(0, 1.01)
    panel.set_ylim(0, 1.02)
    name_axes(panel, "recall", "precision")
    return figure


def _draw_reliability(family: str, labels: Sequence[str], scores: Scores) -> Figure:
    """Draw the accuracy of each bin of scores against its mean score; larger dots, more tweets."""
    is_right, confidence = checked_indices(labels, scores) == scores.argmax(axis=1), scores.max(axis=1)
    counts, sure, right = reliability(is_right, confidence)
    gap = confidence.mean() - is_right.mean()
    error = expected_calibration_error(is_right, confidence)
    subtitle = (
        f"test split; expected calibration error {error:.3f}; on the line, 0.8 is right eight times in ten"
    )
    finding = (
        "as sure as it is right"
        if abs(gap) < _NO_GAP
        else f"{100 * abs(gap):.1f} points too {'sure' if gap > 0 else 'modest'}"
    )
    figure = new_figure(9.5, 7, f"{family}: {finding}", subtitle)
    panel = add_panel(figure, (0.1, 0.12, 0.86, 0.67))
    panel.plot((0, 1), (0, 1), color=QUIET, linewidth=1.5, linestyle="--")
    some = counts > 0
    panel.plot(sure[some], right[some], color=ACCENT, linewidth=2)
    panel.scatter(
        sure[some],
        right[some],
        s=40 + 1200 * counts[some] / counts.sum(),
        color=ACCENT,
        edgecolor="white",
        zorder=3,
    )
    panel.set_xlim(1 / len(LABELS) - 0.02, 1.02)
    panel.set_ylim(0, 1.05)
    name_axes(panel, "score of the label", "share that is right")
    return figure


def _draw_counts(panel: Axes, counts: Mapping[str, Mapping[str, int]]) -> None:
    """Draw one stacked bar per split: each label as a share, with its count."""
    rows, starts = range(len(counts)), np.zeros(len(counts))
    totals = np.array([sum(by_label.values()) for by_label in counts.values()])
    for label, colour in LABEL_COLOURS.items():
        numbers = [by_label.get(label, 0) for by_label in counts.values()]
        bars = panel.barh(
            rows, numbers / totals, left=starts, height=0.62, color=colour, edgecolor="white", linewidth=2
        )
        names = [f"{number:,}" if number else "" for number in numbers]
        panel.bar_label(bars, names, label_type="center", color="white", weight="bold", size=14)
        panel.text(starts[0] + 0.004, -0.42, label, color=colour, size=14, weight="bold", va="bottom")
        starts += numbers / totals
    names = [f"{name}\n{total:,}" for name, total in zip(counts, totals, strict=True)]
    panel.set_yticks(rows, names, size=14)
    panel.set_xticks([])
    panel.set_xlim(0, 1)
    panel.set_ylim(len(counts) - 0.5, -0.75)


def _draw_dropped(panel: Axes, dropped: Mapping[str, int]) -> None:
    bars = panel.barh(range(len(dropped)), list(dropped.values()), height=0.5, color=QUIET)
    panel.bar_label(bars, fmt="{:,.0f}", padding=8, size=14, weight="bold", color=INK)
    panel.set_yticks(range(len(dropped)), list(dropped), size=14)
    panel.set_xticks([])
    panel.set_xlim(0, max(1, *dropped.values()) * 1.05)
    panel.set_ylim(len(dropped) - 0.5, -0.75)


def _draw_lengths(panel: Axes, lengths: Mapping[str, int]) -> None:
    """Draw one bar per bucket; the last one holds the long tail."""
    names = list(lengths)
    if len(names) > _MOST_BUCKETS:
        tail = names[_MOST_BUCKETS - 1 :]
        lengths = {name: lengths[name] for name in names[: _MOST_BUCKETS - 1]} | {
            f"{tail[0].split('-')[0]}+": sum(lengths[name] for name in tail)
        }
    bars = panel.bar(range(len(lengths)), list(lengths.values()), width=0.9, color=ACCENT)
    panel.bar_label(bars, fmt="{:,.0f}", padding=4, size=12, color=QUIET)
    panel.set_xticks(range(len(lengths)), list(lengths), size=12)
    panel.set_yticks([])
