"""Duplicates and near-duplicates of tweets, and that none of them crosses a split."""

from __future__ import annotations

import random

import pytest

from sentiment.data.near_duplicates import NearDuplicates, canonical_form


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


def test_no_near_duplicate_crosses_a_split_of_the_default_corpus(corpus):
    """Counted again from the texts, without the index.

    Duplicates have the same set of at least four words, or the same first sixty letters.
    """
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


def nearly_repeats(form, other):
    """The definition, pair by pair and without hashes."""

    def trigrams(words):
        return {tuple(words[start : start + 3]) for start in range(len(words) - 2)}

    first, second = form.split(), other.split()
    if set(first) == set(second):
        return True
    letters = ["".join(words)[:50] for words in (first, second)]
    if letters[0] == letters[1] and len(letters[0]) == 50:
        return True
    shared, least = trigrams(first) & trigrams(second), min(len(trigrams(first)), len(trigrams(second)))
    words = len({*first} & {*second}) / len({*first} | {*second})
    return bool(shared) and (len(shared) / least >= 0.6 or (len(shared) / least >= 0.25 and words >= 0.8))


@pytest.mark.parametrize("index_of", [lambda forms: NearDuplicates(), NearDuplicates.among])
def test_the_index_finds_what_comparing_each_pair_finds(index_of):
    randomness = random.Random(3)
    forms = [" ".join(randomness.choices("abcdefg", k=randomness.randint(1, 9))) for _ in range(400)]
    forms += [f"{form} {'long' * 20}" for form in forms[:50]]
    index, kept, found = index_of(forms), [], 0
    for form in forms:
        expected = next((at for at, other in enumerate(kept) if nearly_repeats(form, other)), None)
        assert index.find(form) == expected, form
        if expected is None:
            index.add(form)
            kept.append(form)
        else:
            found += 1
    assert found > 100 < len(kept)
