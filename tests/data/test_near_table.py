"""Near-duplicates found all at once are those that the index finds one by one."""

from __future__ import annotations

import random

import numpy as np
import pytest

from sentiment.data import near_table
from sentiment.data.near_duplicates import NearDuplicates
from sentiment.data.near_table import NearTable


def random_forms(count, seed):
    """Return different forms, short and long: some cut, shuffled or with a new word."""
    chance = random.Random(seed)
    forms = {" ".join(chance.choices("abcdefgh", k=chance.randint(0, 9))): None for _ in range(count // 2)}
    words = [f"word{number}" for number in range(60)]
    for _ in range(count // 6):
        form = chance.choices(words, k=chance.randint(6, 16))
        forms[" ".join(form)] = None
        forms[" ".join(form[: chance.randint(3, len(form))])] = None
        place = chance.randrange(len(form))
        forms[" ".join([*form[:place], chance.choice(words), *form[place + 1 :]])] = None
        forms[" ".join(chance.sample(form, len(form)))] = None
    return chance.sample(list(forms), len(forms))


@pytest.mark.parametrize("block", [7, 4096])
def test_each_form_follows_the_leader_that_the_index_finds(monkeypatch, block):
    monkeypatch.setattr(near_table, "_BLOCK", block)
    forms = random_forms(900, seed=block)
    index, numbers, expected = NearDuplicates(), [], []
    for number, form in enumerate(forms):
        found = index.find(form)
        expected.append(number if found is None else numbers[found])
        if found is None:
            index.add(form)
            numbers.append(number)

    assert NearTable(forms).leaders(len(forms)).tolist() == expected
    assert 100 < len(numbers) < len(forms) - 100


@pytest.mark.parametrize("others", [range(300, 330), range(300, 300)])
def test_what_is_near_others_is_what_an_index_of_them_finds(monkeypatch, others):
    monkeypatch.setattr(near_table, "_BLOCK", 50)
    forms = random_forms(900, seed=2)
    index = NearDuplicates()
    for number in others:
        index.add(forms[number])
    expected = [index.find(form) is not None for form in forms]

    assert NearTable(forms).are_near(np.arange(len(forms)), others).tolist() == expected
    assert any(expected) == bool(others)
