"""Plain sentences from templates: what is written, and that none of it judges a model."""

import re

import pytest

from models import LABELS
from sentiment.data.dataset import DataReport, Dataset, Split
from sentiment.data.near_duplicates import canonical_form
from sentiment.evaluation import behaviour_sentences
from sentiment.evaluation.behaviour_suite import cases
from sentiment.training.plain_sentences import plain_sentences, read_templates, supplement_for

NOUNS = ("product", "place", "people", "show", "meal", "relative", "name", "city")


@pytest.fixture(scope="module")
def many() -> Split:
    return plain_sentences(8000, seed=1)


def test_the_same_seed_writes_the_same_sentences_once_each_and_of_all_labels_alike():
    sentences = plain_sentences(300)

    assert sentences == plain_sentences(300)
    assert sentences != plain_sentences(300, seed=1)
    assert len(set(sentences.texts)) == len(sentences.texts) == 300
    assert all(90 < sentences.labels.count(label) < 110 for label in LABELS)


def test_every_choice_is_made_and_every_slot_is_filled(many):
    assert not [text for text in many.texts if re.search(r"[(){}|]|  |^ | $", text)]


def test_every_family_is_written_and_can_be_left_out():
    templates, _ = read_templates()
    families = {template.family for template in templates}

    one = plain_sentences(60, without=families - {"ratings"})

    assert len(families) > 20
    assert set(one.labels) == set(LABELS)
    assert not set(one.texts) & set(plain_sentences(2000, without={"ratings"}).texts)


def test_no_sentence_has_two_labels(many):
    labels: dict[str, set[str]] = {}
    for text, label in many.pairs():
        labels.setdefault(canonical_form(text), set()).add(label)

    assert not [form for form, own in labels.items() if len(own) > 1]


def test_no_sentence_or_template_of_the_behavioural_suite_is_learned(many):
    _, words = read_templates()
    names = [
        name
        for pair in (*behaviour_sentences.NAME_PAIRS, *behaviour_sentences.COUNTRY_PAIRS)
        for name in pair
    ]
    nouns = {*behaviour_sentences.THINGS, *names, *(word for slot in NOUNS for word in words[slot])}
    longest_first = "|".join(map(re.escape, sorted(nouns, key=len, reverse=True)))
    noun = re.compile(rf"\b(?:{longest_first})\b", re.IGNORECASE)

    def template(text: str) -> str:
        return canonical_form(noun.sub("it", text))

    suite = {template(text) for case in cases() for text in (case.text, case.changed) if text}

    assert template("Our hotel is wonderful!") == template("the tent is wonderful") in suite
    assert not [text for text in many.texts if template(text) in suite]


def test_a_dataset_gets_a_share_of_sentences_and_none_near_a_judged_text():
    judged = plain_sentences(30).texts[:10]
    labels = [LABELS[number % 3] for number in range(360)]
    rows = Split(tuple(f"tweet {number}" for number in range(360)), tuple(labels))
    report = DataReport(0, {}, 0, {}, {})
    dataset = Dataset("own", "own", rows, Split(judged[:5], LABELS), Split(judged[5:], LABELS), report, "")

    supplement = supplement_for(dataset)

    assert 40 < len(supplement.texts) <= 60
    assert not {canonical_form(text) for text in judged} & {canonical_form(text) for text in supplement.texts}
