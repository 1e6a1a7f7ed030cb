"""Public datasets are read as they are downloaded, by the commands in docs/data.md."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from flows.arguments.train import make_parser
from flows.table_flags import data_of
from sentiment.data.sources import read_source

ROOT = Path(__file__).parents[2]
AIRLINE_COLUMNS = (
    "tweet_id,airline_sentiment,airline_sentiment_confidence,negativereason,negativereason_confidence,airline,"
    "airline_sentiment_gold,name,negativereason_gold,retweet_count,text,tweet_coord,tweet_created,"
    "tweet_location,user_timezone"
)
AIRLINE_ROWS = (
    "570306133677760513,neutral,1.0,,,Virgin America,,cairdin,,0,@VirginAmerica What @dhepburn said.,,"
    "2015-02-24 11:35:52 -0800,,Eastern Time (US & Canada)",
    "570301130888122368,positive,0.3486,,0.0,Virgin America,,jnardino,,0,\"@VirginAmerica plus you've added\n"
    'commercials, ""tacky"".","[40.7, -73.9]",2015-02-24 11:15:59 -0800,"New York, NY",Pacific Time',
    "570300817074462722,negative,1.0,Can't Tell,1.0,Virgin America,,jnardino,,0,a really big bad thing,,"
    "2015-02-24 11:14:45 -0800,,Pacific Time (US & Canada)",
)
SENTIMENT140_ROWS = (
    '"0","1467810369","Mon Apr 06 22:19:45 PDT 2009","NO_QUERY","t","- Awww, caf\xe9 &quot;x&quot;"',
    '"4","1467822272","Mon Apr 06 22:22:45 PDT 2009","NO_QUERY","e","I LOVE @Health4UandPets the best!! "',
    '"2","9","Mon May 11 03:21:41 UTC 2009","kindle2","tpryan","reading my kindle2...  "',
)
TWEETEVAL = {
    "mapping.txt": "0\tnegative\n1\tneutral\n2\tpositive\n",
    "train_text.txt": '"QT @user In the original draft of the 7th book\nna \\u2019 no\n',
    "train_labels.txt": "2\n1\n",
    "val_text.txt": "Dark Souls 3 April Launch Date\n",
    "val_labels.txt": "1\n",
    "test_text.txt": "@user @user what do these '1/2 naked pics' have to do with anything?\n",
    "test_labels.txt": "0\n",
}
DOWNLOADS = {
    "Tweets.csv": (
        "\n".join((AIRLINE_COLUMNS, *AIRLINE_ROWS, "")).encode(),
        [
            ("@VirginAmerica What @dhepburn said.", "neutral"),
            ('@VirginAmerica plus you\'ve added\ncommercials, "tacky".', "positive"),
            ("a really big bad thing", "negative"),
        ],
    ),
    "sentiment140.csv": (
        "\n".join((*SENTIMENT140_ROWS, "")).encode("latin-1"),
        [
            ("- Awww, caf\xe9 &quot;x&quot;", "negative"),
            ("I LOVE @Health4UandPets the best!!", "positive"),
            ("reading my kindle2...", "neutral"),
        ],
    ),
}


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_dataset_is_read_as_it_is_downloaded_by_the_command_in_the_document(name, tmp_path):
    document = (ROOT / "docs" / "data.md").read_text("utf-8")
    command = next(line for line in re.findall(r"`python -m flows.train ([^`]+)`", document) if name in line)
    content, expected = DOWNLOADS[name]
    (tmp_path / name).write_bytes(content)

    given = make_parser().parse_args(shlex.split(command.replace(name, str(tmp_path / name))))

    rows = read_source(data_of(given)).rows
    assert [(row.text.strip(), row.label) for row in rows] == expected


def test_tweeteval_is_read_as_it_is_downloaded(tmp_path):
    for name, content in TWEETEVAL.items():
        (tmp_path / name).write_text(content, "utf-8")

    rows = read_source(str(tmp_path)).rows

    assert [(row.split, row.label) for row in rows] == [
        ("train", "positive"),
        ("train", "neutral"),
        ("validation", "neutral"),
        ("test", "negative"),
    ]
    assert rows[0].text == '"QT @user In the original draft of the 7th book'
