"""The picture of a comparison, 1600 x 900: quality by model and label, quality against latency, and where each model errs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, NullLocator

from sentiment.evaluation.metrics import f1_by_label, f1_macro_interval
from sentiment.reports.canvas import (
    ACCENT,
    INK,
    LABEL_COLOURS,
    LINE,
    PAPER,
    QUIET,
    add_panel,
    draw_confusion,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentiment.training.comparison import Comparison, ModelResult

_NEAR_DECADES, _NEAR_MARGINS = 1.4, 0.8  # two labels closer than both, across and upwards, would touch


def draw_comparison(comparison: Comparison) -> Figure:
    """Return the picture that README and the demo page show."""
    winner = next(result for result in comparison.models if result.family == comparison.winner)
    tests = sum(comparison.dataset["counts"]["test"].values())
    figure = new_figure(
        16,
        9,
        f"{winner.family} wins with a macro F1 of {winner.metrics['test_f1_macro']:.3f} on tweets it has never seen",
        f"{comparison.dataset['name']}, {tests:,} test tweets, profile {comparison.profile}; the winner is chosen on the validation split",
    )
    _draw_quality(add_panel(figure, (0.085, 0.53, 0.445, 0.26), "F1 on the test split"), comparison)
    _draw_trade_off(
        add_panel(figure, (0.625, 0.53, 0.35, 0.26), "Macro F1 against the time for one tweet"), comparison
    )
    width = 0.83 / len(comparison.models)
    for number, result in enumerate(comparison.models):
        box = (0.085 + number * (width + 0.03), 0.065, width, 0.285)
        colour = _colour(result, comparison)
        panel = add_panel(figure, box)
        panel.set_title(_name(result, comparison), loc="left", size=15, weight="bold", color=colour, pad=10)
        draw_confusion(panel, np.array(result.confusion), with_counts=False, with_names=number == 0)
    figure.text(0.01875, 0.425, "Where they err", size=15, weight="bold", color=INK)
    figure.text(
        0.14,
        0.425,
        "rows: the label that people gave, each adding up to 100%; columns: the model's label",
        size=13,
        color=QUIET,
    )
    return figure


def _colour(result: ModelResult, comparison: Comparison) -> str:
    return ACCENT if result.family == comparison.winner else INK


def _name(result: ModelResult, comparison: Comparison) -> str:
    return f"★ {result.family}" if result.family == comparison.winner else result.family


def _draw_quality(panel: Axes, comparison: Comparison) -> None:
    """Draw one row per model: its F1 for each label, and its macro F1 with the 95% interval."""
    for row, result in enumerate(comparison.models):
        table = np.array(result.confusion)
        values, (low, high) = f1_by_label(table), f1_macro_interval(table)
        colour = _colour(result, comparison)
        panel.axhline(row, color=LINE, linewidth=1.5, zorder=1)
        panel.plot(
            [low, high], [row, row], color=colour, linewidth=9, alpha=0.25, solid_capstyle="butt", zorder=2
        )
        for value, label_colour in zip(values, LABEL_COLOURS.values(), strict=True):
            panel.scatter(value, row, s=120, color=label_colour, edgecolor=PAPER, linewidth=1.5, zorder=3)
        panel.scatter(
            values.mean(), row, s=190, marker="D", color=colour, edgecolor=PAPER, linewidth=1.5, zorder=4
        )
        panel.text(
            values.mean(),
            row - 0.3,
            f"{values.mean():.3f}",
            color=colour,
            weight="bold",
            size=15,
            ha="center",
            va="bottom",
        )
    panel.set_yticks(
        range(len(comparison.models)), [_name(result, comparison) for result in comparison.models], size=16
    )
    for tick, result in zip(panel.get_yticklabels(), comparison.models, strict=True):
        tick.set_color(_colour(result, comparison))
        tick.set_fontweight("bold")
    every = [f1_by_label(np.array(result.confusion)) for result in comparison.models]
    panel.set_xlim(max(0.0, float(np.min(every)) - 0.06), min(1.02, float(np.max(every)) + 0.06))
    panel.set_ylim(len(comparison.models) - 0.5, -0.75)
    _draw_key(panel)


def _draw_key(panel: Axes) -> None:
    x = 0.36
    for text, colour, marker in (
        *((label, colour, "●") for label, colour in LABEL_COLOURS.items()),
        ("macro, 95% interval", INK, "◆"),
    ):
        panel.annotate(
            f"{marker} {text}",
            (x, 1),
            (0, 14),
            xycoords="axes fraction",
            textcoords="offset points",
            color=colour,
            size=13,
        )
        x += 0.028 + 0.0145 * (len(text) + 1)


def _draw_trade_off(panel: Axes, comparison: Comparison) -> None:
    """Draw one bubble per model, its area growing with the model's size; the time axis is logarithmic."""
    results = sorted(comparison.models, key=lambda result: result.metrics["latency_ms_p50"])
    latency = np.array([result.metrics["latency_ms_p50"] for result in results])
    quality = np.array([result.metrics["test_f1_macro"] for result in results])
    margin = max(0.02, float(np.ptp(quality)) * 0.5)
    panel.set_xscale("log")
    panel.set_xlim(latency.min() / 6, latency.max() * 6)
    panel.set_ylim(quality.min() - margin, quality.max() + margin * 1.4)
    for number, result in enumerate(results):
        at, size, colour = (
            (latency[number], quality[number]),
            result.metrics["size_mb"],
            _colour(result, comparison),
        )
        panel.scatter(*at, s=90 + 45 * np.sqrt(size), color=colour, alpha=0.85, edgecolor=PAPER)
        is_below = _is_under_another(latency, quality, number, margin)
        text = f"{result.family}  {at[0]:.3g} ms, {size:.3g} MB"
        note = panel.annotate(
            text,
            at,
            (0, -20 if is_below else 20),
            textcoords="offset points",
            color=colour,
            weight="bold",
            size=14,
        )
        note.set(
            ha="center",
            va="top" if is_below else "bottom",
            path_effects=[withStroke(linewidth=5, foreground=PAPER)],
        )
    panel.grid(axis="y", color=LINE, linewidth=1)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} ms"))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2f}"))
    panel.locator_params(axis="y", nbins=5, steps=[1, 2, 5, 10])  # two decimals tell them all apart


def _is_under_another(latency: np.ndarray, quality: np.ndarray, number: int, margin: float) -> bool:
    """Return whether the label above a bubble would run into a better one's; of two equals the right one gives way."""
    is_near = abs(np.log10(latency / latency[number])) < _NEAR_DECADES
    touches = is_near & (abs(quality - quality[number]) < margin * _NEAR_MARGINS)
    is_better = (quality > quality[number]) | (
        (quality == quality[number]) & (np.arange(len(quality)) < number)
    )
    return bool((touches & is_better).any())
