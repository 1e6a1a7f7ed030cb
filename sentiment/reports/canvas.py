"""The look that all pictures share: palette, type, empty axes, PNG. What is drawn on them lives in `pictures` and `comparison_picture`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from models import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

INK, QUIET, LINE, PAPER, ACCENT = "#1f2a37", "#6b7785", "#d9dee5", "#ffffff", "#0f5c8c"
LABEL_COLOURS = dict(zip(LABELS, ("#c4502e", "#8a8f98", "#1f8a70"), strict=True))
RAMP = LinearSegmentedColormap.from_list("paper to accent", [PAPER, "#bcd6e6", ACCENT])
_DARK_CELL = 0.65
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 14,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": INK,
    "figure.facecolor": PAPER,
}


def new_figure(width: float, height: float, title: str, subtitle: str) -> Figure:
    """Return an empty figure of a size in hundreds of pixels, with a headline that states the finding."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), dpi=100)
        figure.text(0.3 / width, 1 - 0.28 / height, title, size=22, weight="bold", color=INK, va="top")
        figure.text(0.3 / width, 1 - 0.78 / height, subtitle, size=14, color=QUIET, va="top")
    return figure


def add_panel(figure: Figure, box: Sequence[float], title: str = "") -> Axes:
    """Return axes without a frame in a box (left, bottom, width, height as shares), titled at their left edge."""
    with mpl.rc_context(_STYLE):
        panel = figure.add_axes((box[0], box[1], box[2], box[3]))
        panel.set_title(title, loc="left", size=15, weight="bold", color=INK, pad=14)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0, labelsize=13)
    panel.set_axisbelow(True)
    return panel


def name_axes(panel: Axes, x: str, y: str) -> None:
    """Name the axes of a curve and draw the lines that it is read by."""
    panel.grid(color=LINE)
    panel.tick_params(pad=8)
    panel.set_xlabel(x, size=14)
    panel.set_ylabel(y, size=14)


def draw_confusion(
    panel: Axes, table: NDArray[np.int64], *, with_counts: bool, with_names: bool = True
) -> None:
    """Draw a confusion table, each row as shares of its true label."""
    shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
    panel.imshow(shares, cmap=RAMP, vmin=0, vmax=1, aspect="auto")
    for row, column in ((row, column) for row in range(len(LABELS)) for column in range(len(LABELS))):
        share = shares[row, column]
        text = f"{share:.0%}\n{table[row, column]:,}" if with_counts else f"{share:.0%}"
        colour, weight = (PAPER if share > _DARK_CELL else INK), ("bold" if row == column else "normal")
        panel.text(
            column, row, text, ha="center", va="center", color=colour, weight=weight, size=15, linespacing=1.5
        )
    panel.set_xticks(range(len(LABELS)), LABELS)
    panel.set_yticks(range(len(LABELS)), LABELS if with_names else [""] * len(LABELS))
    panel.set_xticks([0.5, 1.5], minor=True)
    panel.set_yticks([0.5, 1.5], minor=True)
    panel.grid(which="minor", color=PAPER, linewidth=3)
    panel.tick_params(which="both", length=0)


def as_png(figure: Figure, *, scale: float = 1) -> bytes:
    """Return a figure as PNG; a `scale` of 2 doubles the pixels, for screens of double density."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=scale * figure.dpi)
    return buffer.getvalue()
