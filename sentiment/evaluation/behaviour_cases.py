"""The cases of the behavioural suite, by capability.

The sentences are in `behaviour_sentences`; `behaviour_suite` judges the answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from sentiment.evaluation import behaviour_sentences as sentences
from sentiment.evaluation import behaviour_visitors as visitors
from sentiment.evaluation.misspelling import SLIPS, misspell_longest

Kind = Literal["minimum functionality", "invariance", "direction"]


@dataclass(frozen=True)
class Case:
    """A case: the texts to label, and the expected result.

    For minimum functionality, `expected` is the label of `text`. For invariance, `changed` must get
    the label that `text` gets. For direction, `changed` must be given the label `expected`, or that
    label a score that is not lower than for `text`. Cases of one `template` are alike, and a model
    tends to pass or fail them together.
    """

    kind: Kind
    capability: str
    text: str
    changed: str = ""
    expected: str = ""
    template: str = ""


def written_cases() -> Iterator[Case]:
    """Yield all cases, always in the same order."""
    for of_capability in (
        _vocabulary,
        _negation,
        _contrast,
        _intensity,
        _emoji,
        _hashtags,
        _spelling,
        _noise,
        _people_and_places,
        _visitors,
    ):
        yield from of_capability()


def _means(capability: str, label: str, *texts: str) -> Iterator[Case]:
    """Yield cases of texts with a known label; `{}` in a text stands for each of THINGS."""
    for template in texts:
        for text in _filled(template):
            yield Case("minimum functionality", capability, text, expected=label, template=template)


def _moves(capability: str, label: str, *pairs: tuple[str, str]) -> Iterator[Case]:
    """Yield cases whose change adds the sentiment of a label; `{}` stands for each of THINGS."""
    for template, changed_template in pairs:
        for text, changed in zip(_filled(template), _filled(changed_template), strict=True):
            yield Case("direction", capability, text, changed, label, template)


def _stays(capability: str, *pairs: tuple[str, str]) -> Iterator[Case]:
    return (Case("invariance", capability, text, changed, template=text) for text, changed in pairs)


def _filled(template: str) -> tuple[str, ...]:
    return tuple(template.format(thing) for thing in sentences.THINGS) if "{}" in template else (template,)


def _vocabulary() -> Iterator[Case]:
    yield from _means(
        "vocabulary", "positive", *sentences.PRAISES, "{} is wonderful", "{} is excellent", "{} is amazing"
    )
    yield from _means(
        "vocabulary", "negative", *sentences.COMPLAINTS, "{} is terrible", "{} is awful", "{} is horrible"
    )
    yield from _moves(
        "praise and blame",
        "positive",
        *((sentence, f"{sentence} I love it!") for sentence in sentences.SENTENCES),
    )
    yield from _moves(
        "praise and blame",
        "negative",
        *((sentence, f"{sentence} I hate it!") for sentence in sentences.SENTENCES),
    )
    yield from _means("facts", "neutral", *sentences.FACTS)


def _negation() -> Iterator[Case]:
    yield from _means(
        "negation",
        "negative",
        "{} is not good",
        "I don't like {}",
        "I never liked {}",
        "I don't think {} is any good",
    )
    yield from _means("negation", "positive", "{} could not be better, I love it")
    yield from _means("negation", "neutral", *sentences.NOT_SAID)
    yield from _moves("negation", "negative", ("I am happy with {}", "I am not happy with {}"))
    yield from _moves("negation", "positive", ("{} is bad", "{} is not bad at all"))


def _contrast() -> Iterator[Case]:
    yield from _means(
        "contrast",
        "positive",
        "I used to hate {}, but now I love it",
        "I expected the worst, but {} was wonderful",
    )
    worse = ("{} looks nice, but it is the worst I ever had", "{} was great until today, now it is useless")
    yield from _means("contrast", "negative", *worse)
    yield from _means("sarcasm", "negative", *sentences.SARCASM)


def _intensity() -> Iterator[Case]:
    praise = (
        ("{} is good", "{} is really good"),
        ("{} is nice", "{} is very very nice"),
        ("{} is great", "{} is great!!!"),
    )
    blame = (
        ("{} is bad", "{} is really bad"),
        ("{} is awful", "{} is awful!!!"),
        ("I dislike {}", "I really hate {}"),
    )
    yield from _means("intensity", "positive", "{} is so so good")
    yield from _moves("intensity", "positive", *praise, ("I like {}", "I absolutely love {}"))
    yield from _moves("intensity", "negative", *blame)


def _emoji() -> Iterator[Case]:
    yield from _means("emoji", "positive", "{} 😍😍", "{} ❤️")
    yield from _means("emoji", "negative", "{} 😡😡", "{} 👎")
    for sentence in sentences.SENTENCES:
        yield from _moves("emoji", "negative", (sentence, f"{sentence} 😡"))
        yield from _moves("emoji", "positive", (sentence, f"{sentence} 😍"))
    for sentence in sentences.NEUTRAL:
        yield from _moves("emoji", "negative", (sentence, f"{sentence} :("))
        yield from _moves("emoji", "positive", (sentence, f"{sentence} :)"))


def _hashtags() -> Iterator[Case]:
    yield from _stays("hashtags", *((sentence, f"{sentence} #travel") for sentence in sentences.SENTENCES))
    for sentence in sentences.NEUTRAL:
        yield from _moves(
            "hashtags", "positive", *((sentence, f"{sentence} {tag}") for tag in ("#love", "#awesome"))
        )
        yield from _moves(
            "hashtags", "negative", *((sentence, f"{sentence} {tag}") for tag in ("#fail", "#worst"))
        )


def _spelling() -> Iterator[Case]:
    yield from _stays(
        "typos",
        *(
            (sentence, misspell_longest(sentence, slip))
            for sentence in sentences.SENTENCES
            for slip in SLIPS[:3]
        ),
    )
    yield from _stays("typos", *sentences.STRETCHED)
    for sentence in sentences.SENTENCES:
        plain = sentence.replace(",", "").replace("!", "")
        yield from _stays("case", (sentence, sentence.lower()), (sentence, sentence.upper()))
        yield from _stays("punctuation", (sentence, f"{sentence} ..."), (sentence, f"{plain}."))


def _noise() -> Iterator[Case]:
    for sentence in sentences.SENTENCES:
        changed = (f"@someone {sentence}", f"{sentence} https://t.co/abc123", f"RT @someone: {sentence}")
        yield from _stays("handles and links", *((sentence, variant) for variant in changed))


def _people_and_places() -> Iterator[Case]:
    for capability, templates, pairs in (
        ("names", sentences.ABOUT_PEOPLE, sentences.NAME_PAIRS),
        ("countries", sentences.ABOUT_COUNTRIES, sentences.COUNTRY_PAIRS),
    ):
        for template, (first, second) in product(templates, pairs):
            yield Case(
                "invariance", capability, template.format(first), template.format(second), template=template
            )


def _visitors() -> Iterator[Case]:
    for capability, by_label in (
        ("ratings", visitors.RATINGS),
        ("idioms", visitors.IDIOMS),
        ("questions", visitors.QUESTIONS),
    ):
        for label, texts in by_label.items():
            yield from _means(capability, label, *texts)
    yield from _means("numbers and dates", "neutral", *visitors.NUMBERS)
    yield from _means("names that are words", "neutral", *visitors.WORD_NAMES)
    yield from _means("newer emoji", "positive", *(f"{{}} {sign}" for sign in visitors.GLAD_SIGNS))
    yield from _means("newer emoji", "negative", *(f"{{}} {sign}" for sign in visitors.ANGRY_SIGNS))
