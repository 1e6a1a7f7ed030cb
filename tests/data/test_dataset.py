"""The data rules: what is read, what is dropped, which label wins, and a split that never moves."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from models import LABELS
from sentiment.data.corpus_encoding import decode_corpus
from sentiment.data.dataset import Dataset, choose_split, load_dataset, prepare
from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.data.sources import Row, Source, read_source
from sentiment.errors import DataError


def source_of(rows: list[Row]) -> Source:
    return Source("rows", tuple(rows))


def enough_rows(count: int = 300) -> list[Row]:
    """Rows of three labels whose texts share too few words to be near-duplicates."""
    randomness = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(randomness.choices(letters, k=6)) for _ in range(2000)]
    return [Row(" ".join(randomness.choices(words, k=8)), LABELS[number % 3]) for number in range(count)]


def splits_by_text(dataset: Dataset) -> dict[str, str]:
    return {text: name for name, split in dataset.splits.items() for text in split.texts}


def test_every_row_of_the_default_corpus_is_kept_or_dropped_for_a_reason(corpus):
    kept = sum(len(split.texts) for split in corpus.splits.values())

    assert corpus.report.rows_read == 38_158
    assert kept + sum(corpus.report.dropped.values()) == 38_158
    assert kept == sum(count for by_label in corpus.report.counts.values() for count in by_label.values())
    assert sum(corpus.report.lengths.values()) == kept


def test_the_default_corpus_is_always_the_same(corpus):
    assert corpus.digest == "5b145561f35bc9d024a5d0699ec9b4feae496718519357f6e2fefaa059e1dcd4"


def test_no_near_duplicate_crosses_a_split_of_the_default_corpus(corpus):
    """Counted anew, from the texts alone: the same set of at least four words, or the same first sixty letters."""
    by_words: dict[frozenset[str], set[str]] = {}
    by_start: dict[str, set[str]] = {}
    for name, split in corpus.splits.items():
        for text in split.texts:
            words = canonical_form(text).split()
            if len(set(words)) >= 4:
                by_words.setdefault(frozenset(words), set()).add(name)
            letters = "".join(words)
            if len(letters) >= 60:
                by_start.setdefault(letters[:60], set()).add(name)

    crossing_words = [words for words, names in by_words.items() if len(names) > 1]
    crossing_starts = [start for start, names in by_start.items() if len(names) > 1]
    assert len(by_words) > 20_000
    assert len(by_start) > 10_000
    assert crossing_words == []
    assert crossing_starts == []


def test_the_default_corpus_has_no_broken_encoding_left(corpus):
    texts = [text for split in corpus.splits.values() for text in split.texts]

    assert not any("\ufffd" in text or "@AmericanAir" in text for text in texts)
    assert sum("😂" in text for text in texts) > 100
    assert sum("’" in text or "'" in text for text in texts) > 5_000


def test_damaged_bytes_of_the_corpus_become_the_characters_they_were():
    assert decode_corpus(b"doesn\xe4\xf3\xbbt _\xf4\xd6\x89 \x8a\x97\xc8 \xe4\xf3_") == "doesn’t 😂 ’ …"
    assert decode_corpus(b"plain_text \xff") == "plain_text  "


def test_adding_tweets_moves_no_old_one_and_shuffling_moves_none_at_all():
    rows = enough_rows()
    before = splits_by_text(prepare(source_of(rows), "rows"))

    grown = splits_by_text(prepare(source_of([*rows, *enough_rows(600)[300:]]), "rows"))
    shuffled = splits_by_text(prepare(source_of(random.Random(0).sample(rows, len(rows))), "rows"))

    assert {text: grown[text] for text in before} == before
    assert shuffled == before
    assert len(grown) > len(before)


def test_split_shares_are_about_eight_one_one():
    names = [choose_split(f"text {number}") for number in range(10_000)]

    assert 0.78 < names.count("train") / 10_000 < 0.82
    assert 0.085 < names.count("test") / 10_000 < 0.115


def test_retweets_and_link_variants_are_duplicates():
    variants = [
        "So happy today!",
        "RT @ann: so happy today http://t.co/1",
        "@bob SO HAPPY, today… https://t.co/2",
    ]

    assert len({canonical_form(variant) for variant in variants}) == 1


def test_canonical_form_keeps_negation_emoji_and_emoticons_apart():
    forms = {
        canonical_form(text)
        for text in ("I don't like it", "I like it", "I like it :)", "I like it :(", "I like it 😀")
    }

    assert len(forms) == 5


def test_a_retweet_cut_at_its_end_is_a_near_duplicate():
    index = NearDuplicates()
    index.add(canonical_form("something else entirely about the weather of today"))
    index.add(canonical_form("the airline lost my bag twice this week and nobody at the desk could help me"))

    assert (
        index.find(canonical_form("RT @x: the airline lost my bag twice this week and nobody at the d…")) == 1
    )
    assert index.find(canonical_form("the airline found my bag and everybody was lovely about it")) is None


def test_a_contradiction_goes_to_the_label_with_more_confidence():
    rows = enough_rows()
    text = next(text for number in range(100) if choose_split(text := f"disputed tweet {number}") == "test")
    disputed = [
        Row(text, "negative", 0.4),
        Row(f"{text}!".upper(), "positive", 0.9),
        Row(text, "negative", 0.4),
    ]

    dataset = prepare(source_of(disputed + rows), "rows")

    labels = {
        text: label
        for split in dataset.splits.values()
        for text, label in zip(split.texts, split.labels, strict=True)
    }
    assert labels[text] == "positive"
    assert dataset.report.dropped["duplicate"] == 2
    assert dataset.report.contradictions == 1


def test_labels_hardly_better_than_chance_are_not_trained_on_but_tested_on():
    rows = [Row(row.text, row.label, 0.39) for row in enough_rows()]

    doubtful = prepare(source_of(rows[:150] + enough_rows()[150:]), "rows")
    sure = prepare(source_of(enough_rows()), "rows")

    assert (
        doubtful.report.dropped["low confidence"] == len(sure.train.texts) - len(doubtful.train.texts) > 100
    )
    assert (doubtful.validation, doubtful.test) == (sure.validation, sure.test)


def test_dropped_rows_are_counted_by_reason():
    rows = [*enough_rows(), Row(" \u200b ", "neutral"), Row("one two three four five six", "neutral")]
    rows += [
        Row("ONE two three four five six http://t.co/x", "neutral"),
        Row("one two three four five six seven", "neutral"),
    ]

    report = prepare(source_of(rows), "rows").report

    assert report.dropped == {"empty": 1, "duplicate": 1, "near-duplicate": 1, "low confidence": 0}


def test_a_saved_dataset_loads_equal_and_a_damaged_one_is_refused(tmp_path):
    dataset = prepare(source_of(enough_rows()), "rows")
    dataset.save(tmp_path)

    assert Dataset.load(tmp_path) == dataset

    path = tmp_path / "dataset.json"
    content = json.loads(path.read_text("utf-8"))
    content["test"]["labels"][0] = "neutral" if content["test"]["labels"][0] != "neutral" else "positive"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(DataError, match="does not match its digest"):
        Dataset.load(tmp_path)


def test_a_sample_keeps_every_label_in_every_split(corpus):
    sample = corpus.sample(400)

    assert 380 < sum(len(split.texts) for split in sample.splits.values()) < 440
    assert all(count >= 2 for by_label in sample.report.counts.values() for count in by_label.values())
    assert sample == corpus.sample(400)
    assert set(sample.test.texts) <= set(corpus.test.texts)


def test_a_csv_file_is_read_with_or_without_a_byte_order_mark(tmp_path):
    path = tmp_path / "tweets.csv"
    path.write_bytes(b'\xef\xbb\xbflabel,text\nPositive ,"great, really"\nnegative,"two\nlines"\n')

    source = read_source(str(path))

    assert source.rows == (Row("great, really", "positive"), Row("two\nlines", "negative"))
    assert source.name == "tweets"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"text,sentiment\nfine,positive\n",
            r"tweets\.csv, line 1: column 'label' is missing \(found: text, sentiment\).*text,label",
        ),
        (
            b"text,label\nfine,positive\nhm,angry\n",
            r"tweets\.csv, line 3: unknown label 'angry'; use negative, neutral, positive",
        ),
        (b"", r"tweets\.csv is empty: give"),
        (b" \n\n", r"tweets\.csv is empty: give"),
        (
            b"text,label\nfine,positive\ncaf\xe9,positive\n",
            r"tweets\.csv, line 3: byte 0xe9 is not UTF-8; save",
        ),
        (
            "text,label\nfine,positive\n".encode("utf-16"),
            r"tweets\.csv, line 1: byte 0xff is not UTF-8; save",
        ),
        (b"text,label\nalone\n", r"tweets\.csv, line 2: a field is missing"),
        (b'text,label\n"open,positive\n', r"tweets\.csv, line 2: not valid CSV"),
        (
            b"text,label\nfine,positive\nbad,negative\n",
            r"tweets\.csv: the .* split has no .* row .* of the 2 read\); give more tweets",
        ),
    ],
    ids=[
        "missing column",
        "unknown label",
        "empty file",
        "blank file",
        "latin-1",
        "utf-16",
        "missing field",
        "open quote",
        "two rows",
    ],
)
def test_bad_csv_input_gets_an_error_with_file_line_and_remedy(tmp_path, content, message):
    path = tmp_path / "tweets.csv"
    path.write_bytes(content)

    with pytest.raises(DataError, match=message):
        load_dataset(str(path))


def test_one_class_only_is_refused(tmp_path):
    path = tmp_path / "tweets.csv"
    path.write_text("text,label\n" + "".join(f"{row.text},positive\n" for row in enough_rows()), "utf-8")

    with pytest.raises(DataError, match="the train split has no 'negative' row"):
        load_dataset(str(path))


def test_a_missing_source_names_what_can_be_given(tmp_path):
    with pytest.raises(DataError, match="no such file or folder; give a CSV file"):
        load_dataset(str(tmp_path / "nowhere"))


def write_tweeteval(folder, rows: list[Row], *, with_test: bool = True) -> None:
    (folder / "mapping.txt").write_text("0\tnegative\n1\tneutral\n2\tpositive\n", "utf-8")
    parts = {"train": rows[:200], "val": rows[200:250]} | ({"test": rows[250:]} if with_test else {})
    for prefix, members in parts.items():
        (folder / f"{prefix}_text.txt").write_text("".join(f"{row.text}\n" for row in members), "utf-8")
        (folder / f"{prefix}_labels.txt").write_text(
            "".join(f"{LABELS.index(row.label)}\n" for row in members), "utf-8"
        )


def test_a_tweeteval_folder_keeps_its_own_splits_and_the_test_split_stays_whole(tmp_path):
    rows = enough_rows()
    rows[299] = Row(rows[298].text, rows[299].label)  # a duplicate inside the test split
    rows[0] = Row("RT @x: " + rows[298].text, rows[0].label)  # and one of it in the training split
    write_tweeteval(tmp_path, rows)

    dataset = load_dataset(str(tmp_path))

    assert dataset.test.texts == tuple(row.text for row in rows[250:])
    assert dataset.test.labels == tuple(row.label for row in rows[250:])
    assert len(dataset.validation.texts) == 50
    assert len(dataset.train.texts) == 199


def test_a_tweeteval_folder_without_its_test_split_gets_one_from_the_training_split(tmp_path):
    write_tweeteval(tmp_path, enough_rows(), with_test=False)

    dataset = load_dataset(str(tmp_path))

    assert len(dataset.validation.texts) == 50
    assert 5 < len(dataset.test.texts) < 45
    assert len(dataset.train.texts) + len(dataset.test.texts) == 200


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "train_labels.txt",
            "1\n",
            "has 200 lines but train_labels.txt has 1: there must be one label per text",
        ),
        (
            "val_labels.txt",
            "7\n" * 50,
            r"val_labels\.txt, line 1: label '7' is not in mapping\.txt; use one of 0, 1, 2",
        ),
        ("mapping.txt", "0\tangry\n", r"mapping\.txt, line 1: .* is not an id, a tab and one of"),
        ("val_text.txt", None, r"val_text\.txt cannot be read .*a TweetEval folder holds mapping\.txt"),
    ],
)
def test_a_malformed_tweeteval_folder_gets_an_error_with_file_line_and_remedy(
    tmp_path, name, content, message
):
    write_tweeteval(tmp_path, enough_rows())
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content, "utf-8")

    with pytest.raises(DataError, match=message):
        load_dataset(str(tmp_path))


def test_the_public_benchmark_is_read_whole():
    folder = Path(__file__).parents[3] / "shared" / "data" / "tweeteval-sentiment"
    if not folder.is_dir():
        pytest.skip("needs the TweetEval tweets in ../shared/data, which are not part of this repository")

    dataset = load_dataset(str(folder))

    assert dataset.report.rows_read == 50_274
    assert len(dataset.validation.texts) > 1_900
    assert all(count > 100 for by_label in dataset.report.counts.values() for count in by_label.values())
