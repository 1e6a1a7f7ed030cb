"""The pictures of drift by week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter

from models import LABELS
from sentiment.reports.canvas import ACCENT, INK, LABEL_COLOURS, LINE, PAPER, QUIET, add_panel, new_figure
from sentiment.reports.drift import day_of, say_drift
from sentiment.reports.weekly_drawing import drawable, make_figure, place_panel
from sentiment.reports.wording import fixed, label_name, round_percent, say, short_model, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentiment.drift.week import Week
    from sentiment.drift.words import Word

DISTANCE = "distance: 0 if the texts are alike, 1 if every text shows where it is from"
_MOST_WEEKS = 26
_MOST_WORDS = 8
_LONGEST_WORD = 14


def draw_drift(weeks: Sequence[Week]) -> Figure:
    """Return the picture of measured weeks, at least one: distances, labels, and new words."""
    shown, last = list(weeks[-_MOST_WEEKS:]), weeks[-1]
    learned = "compared with what the champion {model} learned from"
    subtitle = say(learned, model=short_model(last.champion))
    figure = new_figure(12, 9.4, say_drift(last), subtitle)
    panel = add_panel(figure, (0.07, 0.53, 0.89, 0.26))
    panel.set_title(say(DISTANCE), loc="left", size=14, color=INK, pad=38)
    _draw_distances(panel, shown, most=9, columns=4)
    _draw_labels(add_panel(figure, (0.12, 0.1, 0.32, 0.29), say("labels given")), shown)
    _draw_words(add_panel(figure, (0.58, 0.1, 0.12, 0.29), say("new words")), last.new)
    _draw_words(add_panel(figure, (0.86, 0.1, 0.09, 0.29), say("missing")), last.vanished, is_missing=True)
    return figure


def draw_drift_narrow(weeks: Sequence[Week], headline: str) -> Figure:
    """Return the picture of the distances alone, for the weekly report."""
    figure = make_figure(2.75, headline, say("each dot is a week; {scale}", scale=say(DISTANCE)))
    _draw_distances(place_panel(figure, 0.4, 1.8), weeks[-_MOST_WEEKS:], most=5, columns=2)
    return figure


def _draw_distances(panel: Axes, weeks: Sequence[Week], most: int, columns: int) -> None:
    """Draw the distance of each week, what chance explains of it, and the alarms."""
    measured = [(number, week.training, week) for number, week in enumerate(weeks) if week.training]
    distances = {number: max(difference.distance, 0.0) for number, difference, _ in measured}
    known = {number: max(week.known.distance, 0.0) for number, _, week in measured if week.known}
    alarms = {number: distances[number] for number, _, week in measured if week.alarmed}
    chances = [difference.chance for _, difference, _ in measured]
    panel.bar(list(distances), chances, width=1.0, color=LINE, linewidth=0, label=say("by chance, at most"))
    style: dict[str, Any] = {"linewidth": 2.5, "marker": "o", "markersize": 7}
    panel.plot(list(distances), list(distances.values()), color=ACCENT, label=say("to training"), **style)
    dashed: dict[str, Any] = {"linewidth": 1.5, "linestyle": (0, (3, 3)), "marker": "s", "markersize": 5}
    panel.plot(list(known), list(known.values()), color=INK, label=say("to known production"), **dashed)
    red: dict[str, Any] = {"color": LABEL_COLOURS["negative"], "edgecolor": PAPER, "zorder": 3}
    panel.scatter(list(alarms), list(alarms.values()), s=190, label=say("alarm"), **red)
    step = -(-len(weeks) // most)
    panel.set_xticks(range(0, len(weeks), step), [day_of(week)[:-5] for week in weeks[::step]])
    panel.set_xlim(-0.7, max(len(weeks), 6) - 0.3)
    panel.set_ylim(0, 1.04)
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: fixed(value, 1)))
    panel.grid(axis="y", color=LINE)
    box: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1.0)}
    panel.legend(**box, ncols=columns, columnspacing=1.2, frameon=False, labelcolor=INK, fontsize=12)


def _draw_labels(panel: Axes, weeks: Sequence[Week]) -> None:
    """Draw the share of each label: in validation, then in the latest weeks."""
    groups = [
        (say("validation"), weeks[-1].expected),
        *((day_of(week)[:-5], week.answers) for week in weeks[-5:]),
    ]
    left = [0.0] * len(groups)
    for label in LABELS:
        shares = [group.labels[label] for _, group in groups]
        panel.barh(
            range(len(groups)), shares, 0.72, left, color=LABEL_COLOURS[label], label=label_name(label)
        )
        left = [start + share for start, share in zip(left, shares, strict=True)]
    panel.set_yticks(range(len(groups)), [name for name, _ in groups])
    panel.set_xticks([0, 0.5, 1], [round_percent(share) for share in (0, 0.5, 1)])
    panel.invert_yaxis()
    box: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (-0.02, -0.1)}
    panel.legend(**box, ncols=3, frameon=False, labelcolor=INK, fontsize=12, columnspacing=1)


def _draw_words(panel: Axes, words: Sequence[Word], *, is_missing: bool = False) -> None:
    """Draw how many texts hold each word; of missing ones, how many of training do."""
    shown = words[:_MOST_WORDS]
    counts = [word.training if is_missing else word.production for word in shown]
    panel.barh(range(len(shown)), counts, 0.72, color=QUIET if is_missing else ACCENT)
    names = [drawable(word.word)[:_LONGEST_WORD] for word in shown]
    panel.set_yticks(range(len(shown)), names, parse_math=False)
    for number, count in enumerate(counts):
        panel.text(count, number, f" {whole(count)}", va="center", color=INK, size=12)
    panel.set_xticks([])
    panel.set_ylim(_MOST_WORDS - 0.5, -0.5)
    if not shown:
        panel.text(0, 0, say("none"), color=QUIET, va="center")
