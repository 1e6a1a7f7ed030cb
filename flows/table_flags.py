"""The flags with which a command says how a table is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.tables.address import make_address
from sentiment.tables.form import Form

if TYPE_CHECKING:
    import argparse

_SOURCES = (
    "'default', a table (CSV, TSV, JSON, JSON Lines or Parquet, also .gz) with the columns text and label, "
    "a folder with such tables named train, validation and test, or a TweetEval folder"
)


def add_data_flags(parser: argparse.ArgumentParser, what: str = "") -> None:
    """Add `--data` and the flags that say how labelled tables are read."""
    help_text = f"{what}: {_SOURCES}" if what else _SOURCES
    parser.add_argument("--data", default="default", help=help_text)
    add_table_flags(parser)
    parser.add_argument("--label-column", metavar="NAME", help="the column of labels (default: label)")
    parser.add_argument(
        "--labels",
        metavar="VALUE=LABEL,...",
        help='what the labels of the table mean: "0=negative,2=neutral,4=positive"',
    )


def add_table_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how any table is read."""
    parser.add_argument("--text-column", metavar="NAME", help="the column of tweets (default: text)")
    parser.add_argument(
        "--columns",
        metavar="NAME,...",
        help="all columns of a table without a header; one name: each line is a tweet, whatever is in it",
    )
    parser.add_argument(
        "--encoding", metavar="NAME", help="the encoding of a file that is not UTF-8: cp1252, latin-1"
    )


def data_of(given: argparse.Namespace) -> str:
    """Return the address of the labelled tweets that the flags name."""
    return address_of(given.data, given)


def address_of(path: object, given: argparse.Namespace) -> str:
    """Return a table's address with what the flags say of it."""
    names = ("text_column", "label_column", "labels", "columns", "encoding")
    return make_address(str(path), Form(**{name: getattr(given, name, None) for name in names}))
