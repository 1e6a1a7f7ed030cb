"""The search in files finds what the search in memory finds."""

import random

import pytest

from sentiment.data import duplicate_files
from sentiment.data.duplicate_files import DuplicateFiles
from sentiment.data.near_duplicates import NearDuplicates

WORDS = [f"w{number}" for number in range(60)]


def forms(number, seed=0):
    """Forms of which many repeat another in part, in another order, or but for an end."""
    chance, made = random.Random(seed), []
    for _ in range(number):
        words = chance.sample(WORDS, chance.randrange(1, 12))
        if made and chance.random() < 0.5:
            words = chance.choice(made).split()
            words = chance.choice((words[:-1] or words, [*words, "end"], words[::-1], words[2:] + words[:2]))
        made.append(" ".join(words))
    return made


@pytest.mark.parametrize("in_memory", [50, 300_000])
def test_files_find_the_earliest_near_duplicate_as_memory_does(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(duplicate_files, "_IN_MEMORY", in_memory)
    given, known = forms(400), NearDuplicates()
    files, expected, found = DuplicateFiles(tmp_path), [], []
    for start in range(0, len(given), 20):
        batch = given[start : start + 20]
        expected += [known.find(form) for form in batch]
        found += files.find(batch, lambda asked: {number: given[number - 1] for number in asked})
        for number, form in enumerate(batch, start + 1):
            known.add(form)
            files.add(number, form, f"{number}")
    assert [number and number - 1 for number in found] == expected
    assert len([number for number in expected if number is not None]) > 50


def test_what_was_written_is_there_the_next_time(tmp_path):
    given = forms(100)
    first = DuplicateFiles(tmp_path)
    for number, form in enumerate(given, 1):
        first.add(number, form, f"c{number}")
        if number % 10 == 0:
            first.flush()
    again = DuplicateFiles(tmp_path)
    assert (again.last, again.checks()[100]) == (100, "c100")
    assert len(list(tmp_path.iterdir())) <= 4  # small files are merged
    assert again.find([given[-1]], lambda asked: {}) == first.find([given[-1]], lambda asked: {})
    assert again.known_words({"w1", "never"}) == {"w1"}


def test_a_file_that_a_merge_cut_off_left_over_is_not_read_twice(tmp_path):
    files = DuplicateFiles(tmp_path)
    files.add(1, "a b c d", "one")
    files.flush()
    left = (tmp_path / "1-1-one.marks").read_bytes()
    files.add(2, "e f g h", "two")
    files.flush()
    (tmp_path / "1-1-one.marks").write_bytes(left)
    assert DuplicateFiles(tmp_path).checks() == {2: "two"}
