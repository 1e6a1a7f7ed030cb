"""Duplicates and near-duplicates of tweets, and that none of them crosses a split."""

from __future__ import annotations

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
