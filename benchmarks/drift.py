"""False alarms and power of the drift alarm: `python -m benchmarks.drift`.

Weeks of real tweets, copies among them, go through the test and the rule that `flows.drift` uses.
False alarms are counted where nothing changes: with production like training, with production of
another kind that is known, and with several looks at each week. Power is the share of alarms after
a shift, by the number of texts drawn from the week.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta

from sentiment.command import run_command, whole_number
from sentiment.config import MAX_CHARS, apply_tool_environment, read_settings
from sentiment.data.distinct_tweets import collapse
from sentiment.data.sources import DEFAULT_SOURCE, is_to_airline, read_source
from sentiment.drift.two_sample import compare, distinct
from sentiment.drift.week import is_news
from sentiment.masking import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_COPIES = 0.2  # the share of a week's texts that repeat another
_POPULAR = 20  # texts that are repeated week after week
_MOST = 15000  # different texts of each kind
_QUARTER = 13  # weeks before a new world begins
_WEEKLY = 300  # texts drawn from a week: 1% of 30,000 predictions
_REFERENCE = 300  # training texts where false alarms are counted: fewer than in use, which saves time
_SIZES = (25, 50, 100, 200)
_MILD, _MILD_SIZES = (0.1, 0.2), (200, 400, 800)


@dataclass(frozen=True)
class Pool:
    """Different texts of one kind of traffic, from which weeks are drawn."""

    name: str
    texts: Sequence[str]

    def halves(self, chance: np.random.Generator) -> tuple[Pool, Pool]:
        """Return two pools that share no text, divided at random."""
        order = chance.permutation(len(self.texts))
        half = len(order) // 2
        first, second = ([self.texts[row] for row in part] for part in (order[:half], order[half:]))
        return Pool(self.name, first), Pool(self.name, second)

    def week(self, count: int, chance: np.random.Generator) -> list[str]:
        """Return the texts of a week; a fifth are copies, of popular texts or of a new one."""
        copies = round(_COPIES * count)
        texts = [self.texts[row] for row in chance.choice(len(self.texts), count - copies, replace=False)]
        popular = [self.texts[row] for row in chance.integers(_POPULAR, size=copies // 2)]
        return texts + popular + [f"RT @user: {texts[0]}"] * (copies - copies // 2)


def mixed(first: Pool, second: Pool, share: float) -> Callable[[int, np.random.Generator], list[str]]:
    """Return what draws a week of which this share comes from the second pool."""

    def draw(count: int, chance: np.random.Generator) -> list[str]:
        moved = round(share * count)
        kept = first.week(count - moved, chance) if moved < count else []
        return kept + second.week(moved, chance)

    return draw


def false_alarms_as_trained(pool: Pool, weeks: int, looks: int) -> int:
    """Return how many of the weeks raise an alarm, where production is like training."""
    alarms, reference, production = 0, list[str](), pool
    for number in range(weeks):
        chance = np.random.default_rng(number)
        if number % _QUARTER == 0:
            training, production = pool.halves(chance)
            reference = distinct(training.texts, _REFERENCE)
        week = production.week(_WEEKLY, chance)
        shown = [week[:: looks - look] for look in range(looks)]  # each look sees more of it
        alarms += any(
            is_news(compare(reference, distinct(texts)), None, look=look)
            for look, texts in enumerate(shown, start=1)
        )
    return alarms


def false_alarms_where_known(pool: Pool, weeks: int) -> int:
    """Return how many of the weeks raise an alarm, where production is new but known.

    The texts of the quarter's first week, or of its latest false alarm, are known. Training is
    taken to differ clearly, which leaves the decision to what is known.
    """
    alarms, known = 0, list[str]()
    for number in range(weeks):
        chance = np.random.default_rng(number)
        if number % _QUARTER == 0:
            known = distinct(pool.week(_WEEKLY, chance))
        sample = distinct(pool.week(_WEEKLY, chance))
        difference = compare(known, sample)
        if is_news(difference, difference, look=1):
            alarms, known = alarms + 1, sample
    return alarms


def power(
    training: Pool, draw: Callable[[int, np.random.Generator], list[str]], count: int, weeks: int
) -> tuple[int, float]:
    """Return how many of the weeks raise an alarm after a shift, and their mean distance."""
    reference = distinct(training.texts)
    alarms, distances = 0, []
    for number in range(weeks):
        difference = compare(reference, distinct(draw(count, np.random.default_rng(number))))
        alarms += is_news(difference, None, look=1)
        distances.append(difference.distance if difference else 0.0)
    return alarms, float(np.mean(distances))


def interval(part: int, whole: int) -> tuple[float, float]:
    """Return the exact 95% interval of a share (Clopper and Pearson)."""
    low = float(beta.ppf(0.025, part, whole - part + 1)) if part else 0.0
    high = float(beta.ppf(0.975, part + 1, whole - part)) if part < whole else 1.0
    return low, high


def read_pools(tweeteval: Path | None) -> dict[str, Pool]:
    """Return the pools of the default corpus, of its airline tweets, of its rest, of TweetEval."""
    rows = read_source(DEFAULT_SOURCE).rows
    sources = {
        "default": rows,
        "airlines": [row for row in rows if is_to_airline(row.text)],
        "rest": [row for row in rows if not is_to_airline(row.text)],
    }
    if tweeteval:
        rows = read_source(str(tweeteval)).rows
        sources["TweetEval"] = [row for row in rows if row.split in (None, "train")][:_MOST]
    raw = {name: [tweet.text for tweet in collapse(rows, MAX_CHARS)[0]] for name, rows in sources.items()}
    chance = np.random.default_rng(0)
    return {
        name: Pool(name, [mask(texts[row]) for row in chance.permutation(len(texts))[:_MOST]])
        for name, texts in raw.items()
    }


def count_false_alarms(pools: dict[str, Pool], weeks: int) -> None:
    """Print the table of false alarms."""
    print(
        f"| nothing changes, {_WEEKLY} texts a week | weeks | alarms | share, 95% interval |\n{'| --- ' * 4}|"
    )
    worlds: list[tuple[str, Callable[[], int]]] = [
        ("production like training", lambda: false_alarms_as_trained(pools["default"], weeks, 1)),
        ("airline tweets, known", lambda: false_alarms_where_known(pools["airlines"], weeks)),
    ]
    if "TweetEval" in pools:
        worlds.append(("TweetEval, known", lambda: false_alarms_where_known(pools["TweetEval"], weeks)))
    worlds.append(
        (
            "production like training, three looks a week",
            lambda: false_alarms_as_trained(pools["default"], weeks, 3),
        )
    )
    for name, count in worlds:
        alarms = count()
        low, high = interval(alarms, weeks)
        print(
            f"| {name} | {weeks:,} | {alarms} | {alarms / weeks:.2%} ({low:.2%} to {high:.2%}) |", flush=True
        )


def measure_power(pools: dict[str, Pool], weeks: int) -> None:
    """Print the table of power."""
    print(f"| trained on | the week holds | texts drawn | alarms in {weeks} weeks | mean distance |")
    print(f"{'| --- ' * 5}|")
    shifts = [("rest", "airlines")] + ([("default", "TweetEval")] if "TweetEval" in pools else [])
    for before, after in shifts:
        training, same = pools[before].halves(np.random.default_rng(0))
        for share, sizes in [(1.0, _SIZES), *((share, _MILD_SIZES) for share in _MILD)]:
            for count in sizes:
                alarms, distance = power(training, mixed(same, pools[after], share), count, weeks)
                words = f"{share:.0%} {after}" + ("" if share == 1 else f", else {before}")
                print(f"| {before} | {words} | {count} | {alarms / weeks:.0%} | {distance:.2f} |", flush=True)


def main() -> None:
    """Read the command line, simulate, and print the tables."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.drift", description="Measure false alarms and power of the drift alarm."
    )
    parser.add_argument("--tweeteval", type=Path, metavar="FOLDER", help="tweets of another source")
    parser.add_argument(
        "--weeks", type=whole_number("weeks", 1, 100_000), default=1000, help="per row (default: %(default)s)"
    )
    parser.add_argument(
        "--tables",
        nargs="+",
        choices=["alarms", "power"],
        default=["alarms", "power"],
        help="(default: both)",
    )
    chosen = parser.parse_args()
    apply_tool_environment(read_settings())
    if not chosen.tweeteval:
        print("without --tweeteval FOLDER the shift to another source is not measured\n")
    pools = read_pools(chosen.tweeteval)
    if "alarms" in chosen.tables:
        count_false_alarms(pools, chosen.weeks)
    if "power" in chosen.tables:
        measure_power(pools, max(1, chosen.weeks // 25))


if __name__ == "__main__":
    sys.exit(run_command(main))
