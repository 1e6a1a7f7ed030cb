"""Time and memory of preparing a large table: `python -m benchmarks.preparing --rows 1600000`.

The tweets are made up: each word follows the one before it as in some tweet of the default corpus,
so that they share words and phrases as people's do. The table has Sentiment140's form.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.command import whole_number
from sentiment.data.dataset import prepare
from sentiment.data.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FORM = (
    "columns=polarity,id,date,query,user,text&label_column=polarity"
    "&labels=0=negative,2=neutral,4=positive&encoding=latin-1"
)
_WORDS = (5, 20)  # of a tweet
_MOST_ROWS = 5_000_000


def made_up(texts: Iterable[str], rows: int) -> Iterator[str]:
    """Yield so many tweets whose words follow each other as in these texts; the same each time."""
    draw, following, starts = random.Random(1), defaultdict(list), list[str]()  # noqa: S311 - no secret
    for text in texts:
        words = text.split()
        starts += words[:1]
        for word, follower in itertools.pairwise(words):
            following[word].append(follower)
    for _ in range(rows):
        tweet = [draw.choice(starts)]
        for _ in range(draw.randint(*_WORDS) - 1):
            tweet.append(draw.choice(following.get(tweet[-1], starts)))
        yield " ".join(tweet)


def write_table(path: Path, tweets: Iterable[str]) -> None:
    """Write tweets in Sentiment140's form; the three labels take turns."""
    with path.open("w", encoding="latin-1", errors="replace", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows(
            [
                number % 3 * 2,
                number,
                "Mon Apr 06 22:19:45 PDT 2009",
                "NO_QUERY",
                f"user{number % 1000}",
                tweet,
            ]
            for number, tweet in enumerate(tweets)
        )


def measure(path: Path) -> str:
    """Read and prepare a table; return how long that took, and the memory that it needed."""
    began, busy = time.perf_counter(), time.process_time()
    source = read_source(f"{path}?{_FORM}")
    dataset = prepare(source, path.name)
    seconds, computing = time.perf_counter() - began, time.process_time() - busy
    kilobytes = 1 if sys.platform != "darwin" else 1024  # what the peak is counted in
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / kilobytes / 1e6
    kept = sum(len(split.texts) for split in dataset.splits.values())
    return (
        "| rows | kept | seconds | of computing | peak memory |\n| --- | --- | --- | --- | --- |\n"
        f"| {len(source.rows):,} | {kept:,} | {seconds:.0f} | {computing:.0f} | {peak:.2f} GB |"
    )


def main() -> None:
    """Read the command line, make a table, and print the measurement."""
    parser = argparse.ArgumentParser("python -m benchmarks.preparing", description="Prepare a large table.")
    parser.add_argument(
        "--rows",
        type=whole_number("rows", 1000, _MOST_ROWS),
        default=200_000,
        help="tweets (default: %(default)s); Sentiment140 has 1,600,000",
    )
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tweets.csv"
        write_table(path, made_up((row.text for row in read_source().rows), rows))
        print(measure(path))


if __name__ == "__main__":
    main()
