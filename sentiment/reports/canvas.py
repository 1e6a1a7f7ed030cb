"""The look that all pictures share: palette, type, panels without a frame, heat maps, PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from models import LABELS
from sentiment.reports.wording import label_name, round_percent, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """Return an empty figure, sized in hundreds of pixels, whose headline states the finding."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), dpi=100)
        figure.text(0.3 / width, 1 - 0.28 / height, title, size=22, weight="bold", color=INK, va="top")
        figure.text(0.3 / width, 1 - 0.78 / height, subtitle, size=14, color=QUIET, va="top")
    return figure


def add_panel(figure: Figure, box: Sequence[float], title: str = "") -> Axes:
    """Return axes without a frame; `box` is left, bottom, width, height as shares of the figure."""
    with mpl.rc_context(_STYLE):
        panel = figure.add_axes((box[0], box[1], box[2], box[3]))
        panel.set_title(title, loc="left", size=15, weight="bold", color=INK, pad=14)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0, labelsize=13)
    panel.set_axisbelow(True)
    return panel


def name_axes(panel: Axes, x: str, y: str) -> None:
    """Name the axes of a curve and draw its grid."""
    panel.grid(color=LINE)
    panel.tick_params(pad=8)
    panel.set_xlabel(x, size=14)
    panel.set_ylabel(y, size=14)


def separate_cells(panel: Axes, rows: int, columns: int) -> None:
    """Draw white lines between the cells of a heat map."""
    panel.set_xticks(np.arange(columns - 1) + 0.5, minor=True)
    panel.set_yticks(np.arange(rows - 1) + 0.5, minor=True)
    panel.grid(which="minor", color=PAPER, linewidth=3)
    panel.tick_params(which="both", length=0)


def draw_confusion(
    panel: Axes, table: NDArray[np.int64], *, with_counts: bool, with_names: bool = True
) -> None:
    """Draw a confusion table, each row as shares of its true label."""
    shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
    panel.imshow(shares, cmap=RAMP, vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        text = round_percent(share) + (f"\n{whole(int(table[row, column]))}" if with_counts else "")
        style: dict[str, Any] = {
            "color": PAPER if share > _DARK_CELL else INK,
            "weight": "bold" if row == column else "normal",
        }
        panel.text(column, row, text, ha="center", va="center", size=15, linespacing=1.5, **style)
    names = [label_name(label) for label in LABELS]
    panel.set_xticks(range(len(LABELS)), names)
    panel.set_yticks(range(len(LABELS)), names if with_names else [""] * len(LABELS))
    separate_cells(panel, *table.shape)


def as_png(figure: Figure, *, scale: float = 1) -> bytes:
    """Return a figure as PNG; a `scale` of 2 doubles the pixels, for screens of double density."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=scale * figure.dpi)
    return buffer.getvalue()
