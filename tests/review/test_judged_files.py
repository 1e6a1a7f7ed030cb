"""Judgements come in from what spreadsheets make of our export, and from Label Studio's CSV."""

from __future__ import annotations

import gzip
import json

import pytest
from review_fixtures import NOW, report

from flows import review as room
from sentiment.errors import DataError, ReviewError
from sentiment.review.annotation_files import Judgement, take_in, to_csv
from sentiment.review.judged_files import read_judgements
from sentiment.review.queue import ReviewQueue

ITEM = report(0).feedback_id
FRENCH = f"item_id;text;annotator;label\r\n{ITEM};déçu;Zoé;negative\r\n"


@pytest.fixture
def read_judged(tmp_path):
    """Read a file of these bytes."""

    def read_judged(content, name="review.csv", encoding=None):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_judgements(tmp_path / name, encoding)

    return read_judged


@pytest.mark.parametrize(
    ("content", "name", "encoding"),
    [
        (FRENCH.encode("utf-8-sig"), "review.csv", None),
        (FRENCH.encode("cp1252"), "review.csv", "cp1252"),
        (FRENCH.replace(";", "\t").encode("utf-16"), "review.txt", None),
        (f"sep=;\r\n{FRENCH}".encode(), "review.csv", None),
        (gzip.compress(FRENCH.encode(), mtime=0), "review.csv.gz", None),
    ],
)
def test_what_excel_saves_is_read(read_judged, content, name, encoding):
    assert read_judged(content, name, encoding) == ([Judgement(ITEM, "Zoé", "negative")], [])


def test_a_table_in_another_encoding_proposes_it(read_judged):
    with pytest.raises(DataError, match="line 2: the byte 0xe9 is not UTF-8: try --encoding cp1252"):
        read_judged(FRENCH.encode("cp1252"))


def test_the_csv_of_label_studio_is_read(read_judged):
    header = "annotation_id,annotator,created_at,id,item_id,lead_time,sentiment,text,updated_at"
    row = f"5,1,2026-11-24T08:00:00Z,3,{ITEM},2.5,positive,so good,2026-11-24T09:00:00Z"

    assert read_judged(f"{header}\n{row}\n") == ([Judgement(ITEM, "1", "positive", NOW)], [])


def test_what_the_queue_refuses_is_left_out_and_the_rest_is_kept(queue, read_judged):
    queue.add([report(0), report(1)])
    rows = [f"{report(1).feedback_id},Bob,POSITIVE", "nobody,Bob,neutral", "x,Bob,"]
    done = take_in(queue, *read_judged("\n".join(["item_id,annotator,label", *rows, ""])), now=NOW)

    assert done.kept == 1
    assert [line.split(";")[0].split(":")[0] for line in done.problems] == [
        "no item 'nobody' in the review queue"
    ]


def test_a_row_that_is_none_is_left_out_and_named(read_judged):
    rows = [f"{ITEM},ann,positive", f"{ITEM},ann,pos,itive", f'{ITEM},"a"nn,neutral', f"{ITEM},bob,great"]
    judgements, problems = read_judged("\n".join(["item_id,annotator,label", *rows, f"{ITEM},,", ""]))

    assert judgements == [Judgement(ITEM, "ann", "positive")]
    assert [problem.split(":")[:2] for problem in problems] == [
        ["line 3", " 4 cells; the header has 3"],
        ["line 4", " not CSV (',' expected after '\"')"],
        ["line 5", " unknown label 'great'; left out"],
    ]


def test_a_table_that_holds_no_judgements_says_what_it_lacks(read_judged):
    with pytest.raises(ReviewError, match="no column 'annotator'; it has 'item_id', 'label'"):
        read_judged("item_id,label\na,neutral\n")
    with pytest.raises(ReviewError, match="check the path"):
        read_judgements(room.Path("nowhere.json"))


def test_exports_begin_with_a_mark_in_csv_and_with_none_in_json(queue, tmp_path, capsys):
    queue.add([report(0)])
    for kind in ("csv", "json"):
        room.write_file(queue, tmp_path / f"review.{kind}")

    assert (tmp_path / "review.csv").read_bytes() == b"\xef\xbb\xbf" + to_csv(queue.items()).encode()
    assert json.loads((tmp_path / "review.json").read_bytes())[0]["data"]["item_id"] == ITEM


def test_the_command_reads_what_french_excel_saves(home, tmp_path, monkeypatch, capsys):
    from sentiment.config import read_settings

    home.mkdir()
    with ReviewQueue(read_settings().review_address, overlap=0) as queue:
        queue.add([report(0)])
    (tmp_path / "review.csv").write_bytes(FRENCH.encode("cp1252"))
    monkeypatch.setattr(
        "sys.argv", ["review", "import", "--encoding", "cp1252", str(tmp_path / "review.csv")]
    )
    room.main()

    assert capsys.readouterr().out == "1 judgements kept, 0 known already, 0 left out\n"
