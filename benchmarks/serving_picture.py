"""The serving benchmark's figure, 1600 x 900: throughput, p50 and p99 by number of clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmarks.serving_contenders import ENGINE, REFERENCE
from benchmarks.serving_table import ENGINE_BATCH, Results, ratio
from sentiment.reports.canvas import ACCENT, INK, LINE, QUIET, add_panel, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from benchmarks.serving_load import Load

_OURS = "service"
# Told apart without colour as well, by their marks.
_LOOKS = {
    _OURS: (ACCENT, "o"),
    REFERENCE: ("#c4502e", "s"),
    "queue": ("#d98b2b", "D"),
    "mlflow": ("#8a8f98", "v"),
    "litserve": ("#7b5ea7", "^"),
    "bentoml": ("#1f8a70", "P"),
    "bentoml-batched": ("#6fae3d", "X"),
}


def draw_serving(results: Results, clients: Sequence[int], subtitle: str) -> Figure:
    """Return the figure; its title tells the result at 32 clients, or at the most there were."""
    figure = new_figure(16, 9, _headline(results, 32 if 32 in clients else clients[-1]), subtitle)  # noqa: PLR2004 - see the docstring
    shown = [name for name in _LOOKS if name in results]
    rate = _draw_rates(figure, results, shown, clients)
    _draw_times(figure, results, shown, clients)
    handles, names = rate.get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(0.04, 0.01),
        ncols=4,
        frameon=False,
        fontsize=13,
        labelcolor=INK,
    )
    return figure


def _draw_rates(figure: Figure, results: Results, shown: Sequence[str], clients: Sequence[int]) -> Axes:
    rate = add_panel(figure, (0.05, 0.2, 0.42, 0.6), "Good answers per second")
    _draw_lines(rate, results, shown, clients, lambda load: load.rate)
    rate.set_ylim(bottom=0)
    if limit := _limit(results):
        rate.axhline(limit.rate, color=INK, linewidth=1.5, linestyle="--")
        rate.text(
            clients[0],
            limit.rate,
            f"bare engine, batches of {limit.clients}",
            size=12,
            color=INK,
            va="bottom",
        )
        rate.set_ylim(
            top=1.1 * max(limit.rate, *(load.rate for name in shown for load in results[name].loads))
        )
    return rate


def _draw_times(figure: Figure, results: Results, shown: Sequence[str], clients: Sequence[int]) -> None:
    times = [
        time
        for name in shown
        for load in results[name].loads
        if load.rate
        for time in (load.p50_ms, load.p99_ms)
    ]
    for left, title, read in (
        (0.53, "Milliseconds, p50", lambda load: load.p50_ms),
        (0.78, "Milliseconds, p99", lambda load: load.p99_ms),
    ):
        panel = add_panel(figure, (left, 0.2, 0.2, 0.6), title)
        _draw_lines(panel, results, shown, clients, read)
        panel.set_yscale("log")
        panel.set_ylim(min(times) / 1.2, max(times) * 1.2)  # one scale for both
        panel.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        panel.minorticks_off()


def _headline(results: Results, number: int) -> str:
    ours, reference = (results[name].at(number) if name in results else None for name in (_OURS, REFERENCE))
    times, share = ratio(ours, reference), ratio(ours, _limit(results))
    if times is None or share is None:
        return "Answers under load"
    return f"At {number} clients {times:.1f} times FastAPI + Transformers, {share:.0%} of the bare engine"


def _limit(results: Results) -> Load | None:
    return results[ENGINE].at(ENGINE_BATCH) if ENGINE in results else None


def _draw_lines(
    panel: Axes, results: Results, shown: Sequence[str], clients: Sequence[int], read: Callable[[Load], float]
) -> None:
    """Draw one line per contender, ours on top."""
    for name in shown:
        colour, mark = _LOOKS[name]
        # Without an answer there is no time either.
        loads = [load for load in results[name].loads if load.rate]
        width, above = (4.0, 3) if name == _OURS else (2.0, 2)
        numbers, values = [load.clients for load in loads], [read(load) for load in loads]
        panel.plot(
            numbers,
            values,
            marker=mark,
            color=colour,
            linewidth=width,
            markersize=8,
            zorder=above,
            label=results[name].title,
        )
    panel.set_xscale("log", base=2)
    panel.set_xticks(clients, [str(number) for number in clients])
    panel.minorticks_off()
    panel.set_xlabel("clients", size=13, color=QUIET)
    panel.grid(visible=True, axis="y", color=LINE, linewidth=0.8)
