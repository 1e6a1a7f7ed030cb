"""How often the gate is wrong about production: `python -m benchmarks.gate_production`.

False promotions, and the power to see a true gain in exams of production tweets.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.gate import interval, tell
from benchmarks.gate_exams import (
    Room,
    complaints,
    looks,
    looks_alone,
    loss,
    one_look,
    one_look_where_they_disagree,
)
from benchmarks.gate_shift import Pair, Shift, challenger_of, champion_of, half_base_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HUNDREDS = tuple(range(100, 1001, 100))
_THIRDS = tuple(range(33, 34 * 10, 33))  # what remains for the exam of ten times a hundred labels
_TIMES = 5.0  # how much likelier a tweet is drawn on which the two disagree
_PARTS = (0.5, 0.7)  # of the labels that are drawn at random


@dataclass(frozen=True)
class Case:
    """What is simulated: in words, what must hold, and whether the gate promotes, by a seed."""

    words: str
    goal: str
    draw: Callable[[int], bool]
    draws: int


def cases(room: Room, losing: Room, draws: int) -> Iterator[Case]:
    """Return all cases; `losing` pairs gain on the base and lose in production."""
    most = len(room.labels)
    for tweets in (100, 500, 1000, 7000):
        if tweets <= most:
            yield Case(
                f"no gain, {tweets:,} exam tweets",
                "5% at most",
                partial(one_look, room, 0.5, tweets),
                2 * draws,
            )
    for name, sizes in (("100 exam tweets", _HUNDREDS), ("100 labels, 33 exam tweets", _THIRDS)):
        words = f"no gain, ten looks at one challenger, {name} more at each"
        yield Case(words, "5% at most", partial(looks, room, sizes), draws)
    for sizes, times, name in (
        ((1000,), 1.0, "one look at 1,000 tweets"),
        (_HUNDREDS, 1.0, "ten looks, 100 tweets more at each"),
        ((250,), _TIMES, "one look at 250 tweets asked where they disagree"),
    ):
        words = f"no gain, the exam's test alone, {name}"
        yield Case(words, "5% at most", partial(looks_alone, room, sizes, times), 5 * draws)
    for wanted, what in ((0.02, "2 points"), (None, "as much as two models do")):
        words = f"gain on the base, loss in production of {what}, 1,000 exam tweets"
        yield Case(words, "5% at most", partial(loss, losing, wanted, 1000), draws)
    for tweets in (0, 500):
        words = f"no gain but on complaints, {tweets} exam tweets"
        yield Case(words, "5% at most", partial(complaints, room, tweets), draws)
    for gain, tweets, goal in ((None, 500, 85), (0.05, 1000, 85), (0.02, 7000, 90)):
        share = 0.0 if gain is None else room.share_for(gain)
        points = "that of the two models" if gain is None else f"{100 * gain:g} points"
        if tweets <= most:
            words = f"gain {points}, {tweets:,} exam tweets at random"
            yield Case(words, f"{goal}% at least", partial(one_look, room, share, tweets), draws)
        for fewer in (round(tweets * part) for part in _PARTS):
            if fewer <= most // 2:
                words = f"gain {points}, {fewer:,} exam tweets asked where they disagree"
                draw = partial(one_look_where_they_disagree, room, share, fewer, _TIMES)
                yield Case(words, f"{goal}% at least", draw, draws)


def main() -> None:
    """Read the command line, train, simulate, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.gate_production", description=__doc__)
    parser.add_argument(
        "--production",
        help="tweets of another source, as --data takes them; without it, the default "
        "corpus's tweets to airlines are production and all others the base",
    )
    parser.add_argument("--draws", type=int, default=200, help="exams per row (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=6, help="challengers (default: %(default)s)")
    parser.add_argument("--only", default="", help="only the rows with these words")
    parser.add_argument("--cache", type=Path, default=Path(".sentiloop/benchmarks/gate"))
    chosen = parser.parse_args()
    start = time.perf_counter()
    shift = Shift.to_folder(chosen.production) if chosen.production else Shift.to_airlines()
    champion = champion_of(shift, chosen.cache)
    pairs = [Pair(champion, challenger_of(shift, seed, chosen.cache)) for seed in range(1, chosen.pairs + 1)]
    room = Room.of(shift, pairs)
    losing = Room.of(shift, [Pair(half_base_of(shift, seed, chosen.cache), champion) for seed in (1, 2)])
    print(f"Base: {shift.base.name}, {len(shift.base.train.texts):,} training tweets. Production: ", end="")
    print(f"{len(room.labels):,} tweets that no model learns from; each challenger learned 1,600 others.\n")
    print("| challenger | true gain in production | on the base | disagree |\n| --- | --- | --- | --- |")
    for number, pair in enumerate([*pairs, *losing.pairs], start=1):
        print(_describe(f"{number}", pair, room))
    print("\n| what is judged | goal | promoted |\n| --- | --- | --- |")
    with ProcessPoolExecutor(2) as pool:
        for case in cases(room, losing, chosen.draws):
            if chosen.only in case.words:
                count = sum(pool.map(case.draw, range(case.draws), chunksize=25))
                print(f"| {case.words} | {case.goal} | {interval(count, case.draws)} |", flush=True)
    tell(f"done in {time.perf_counter() - start:.0f} s")


def _describe(name: str, pair: Pair, room: Room) -> str:
    old, new = (each.scores["sample"].argmax(axis=1) for each in (pair.champion, pair.challenger))
    base = pair.gain(room.base_labels, "test")
    return f"| {name} | {100 * pair.gain(room.labels):+.1f} | {100 * base:+.1f} | {(old != new).mean():.0%} |"


if __name__ == "__main__":
    main()
