"""The picture of a comparison: F1 by model and label, F1 against latency, and confusion tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from sentiment.reports.wording import fixed, label_name, milliseconds, say, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentiment.training.comparison import Comparison, ModelResult

_NEAR_DECADES, _NEAR_MARGINS = 1.4, 0.8  # two labels closer than both, across and upwards, would touch


def draw_comparison(comparison: Comparison) -> Figure:
    """Return the comparison in 1600 x 900 pixels, as README and the demo page show it."""
    figure = new_figure(16, 9, *_headline(comparison))
    _draw_quality(add_panel(figure, (0.085, 0.53, 0.445, 0.26), say("F1 on the test split")), comparison)
    _draw_trade_off(
        add_panel(figure, (0.625, 0.53, 0.35, 0.26), say("Macro F1 against the time for one tweet")),
        comparison,
    )
    _draw_mistakes(figure, comparison)
    return figure


def _headline(comparison: Comparison) -> tuple[str, str]:
    winner = next(result for result in comparison.models if result.family == comparison.winner)
    tests = sum(comparison.dataset["counts"]["test"].values())
    title = say(
        "{model} wins with a macro F1 of {score} on tweets it has never seen",
        model=winner.family,
        score=fixed(winner.metrics["test_f1_macro"], 3),
    )
    facts = say(
        "{data}, {tests} test tweets, profile {profile}; the winner is chosen on the validation split",
        data=comparison.dataset["name"],
        tests=whole(tests),
        profile=comparison.profile,
    )
    return title, facts


def _draw_mistakes(figure: Figure, comparison: Comparison) -> None:
    """Draw the confusion table of each model, side by side."""
    width = 0.83 / len(comparison.models)
    for number, result in enumerate(comparison.models):
        panel = add_panel(figure, (0.085 + number * (width + 0.03), 0.065, width, 0.285))
        style: dict[str, Any] = {"size": 15, "weight": "bold", "color": _colour(result, comparison)}
        panel.set_title(_name(result, comparison), loc="left", pad=10, **style)
        draw_confusion(panel, np.array(result.confusion), with_counts=False, with_names=number == 0)
    figure.text(0.01875, 0.425, say("Where they err"), size=15, weight="bold", color=INK)
    key = say("rows: the label that people gave, each adding up to 100%; columns: the model's label")
    figure.text(0.14, 0.425, key, size=13, color=QUIET)


def _colour(result: ModelResult, comparison: Comparison) -> str:
    return ACCENT if result.family == comparison.winner else INK


def _name(result: ModelResult, comparison: Comparison) -> str:
    return f"★ {result.family}" if result.family == comparison.winner else result.family


def _draw_quality(panel: Axes, comparison: Comparison) -> None:
    """Draw the F1 of each model for each label, and its macro F1 with the 95% interval."""
    tables = [np.array(result.confusion) for result in comparison.models]
    values = np.array([f1_by_label(table) for table in tables])
    intervals = np.array([f1_macro_interval(table) for table in tables])
    colours = [_colour(result, comparison) for result in comparison.models]
    rows, macro = range(len(tables)), values.mean(axis=1)
    style: dict[str, Any] = {"edgecolor": PAPER, "linewidth": 1.5}
    panel.hlines(rows, 0, 1, LINE, linewidth=1.5, zorder=1, transform=panel.get_yaxis_transform())
    panel.hlines(rows, intervals[:, 0], intervals[:, 1], colours, linewidth=9, alpha=0.25, zorder=2)
    for column, (label, colour) in enumerate(LABEL_COLOURS.items()):
        panel.scatter(
            values[:, column], rows, s=120, color=colour, zorder=3, label=label_name(label), **style
        )
    panel.scatter(
        macro, rows, s=190, marker="D", c=colours, zorder=4, label=say("macro, 95% interval"), **style
    )
    for row, (value, colour) in enumerate(zip(macro, colours, strict=True)):
        text: dict[str, Any] = {"weight": "bold", "size": 15, "ha": "center", "va": "bottom"}
        panel.text(value, row - 0.3, fixed(value, 3), color=colour, **text)
    panel.set_yticks(rows, [_name(result, comparison) for result in comparison.models], size=16)
    for tick, colour in zip(panel.get_yticklabels(), colours, strict=True):
        tick.set(color=colour, fontweight="bold")
    panel.set_xlim(max(0.0, float(values.min()) - 0.06), min(1.02, float(values.max()) + 0.06))
    panel.set_ylim(len(tables) - 0.5, -0.75)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: fixed(value, 2)))
    panel.legend(
        loc="lower right",
        bbox_to_anchor=(1.14, 1.01),
        ncols=len(LABEL_COLOURS) + 1,
        frameon=False,
        labelcolor=INK,
        fontsize=13,
        markerscale=0.75,
        handlelength=1,
        handletextpad=0.2,
        columnspacing=0.9,
    )


def _draw_trade_off(panel: Axes, comparison: Comparison) -> None:
    """Draw macro F1 against latency (logarithmic), with a larger bubble for a larger model."""
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
        text = f"{result.family}  {milliseconds(at[0])}, {_megabytes(size)}"
        style: dict[str, Any] = {"color": colour, "weight": "bold", "size": 14, "ha": "center"}
        style |= {"va": "top" if is_below else "bottom", "textcoords": "offset points"}
        note = panel.annotate(text, at, (0, -20 if is_below else 20), **style)
        note.set_path_effects([withStroke(linewidth=5, foreground=PAPER)])
    panel.grid(axis="y", color=LINE, linewidth=1)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: milliseconds(value)))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: fixed(value, 2)))
    panel.locator_params(axis="y", nbins=5, steps=[1, 2, 5, 10])  # two decimals tell them all apart


def _megabytes(size: float) -> str:
    """Return a size with three significant digits."""
    return say("{size} MB", size=fixed(size, len(f"{size:.3g}".partition(".")[2])))


def _is_under_another(latency: np.ndarray, quality: np.ndarray, number: int, margin: float) -> bool:
    """Return whether a bubble's label belongs below it, to keep clear of a better model's label."""
    is_near = abs(np.log10(latency / latency[number])) < _NEAR_DECADES
    touches = is_near & (abs(quality - quality[number]) < margin * _NEAR_MARGINS)
    is_better = (quality > quality[number]) | (
        (quality == quality[number]) & (np.arange(len(quality)) < number)
    )
    return bool((touches & is_better).any())
