"""The cases of the behavioural suite, by capability: sentences whose label every reader agrees on.

`behaviour_suite` judges the answers.

The pairs of names and countries follow Kiritchenko and Mohammad, Examining Gender and Race Bias,
*SEM 2018: who it is, or where, says nothing of the sentiment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from sentiment.evaluation.misspelling import SLIPS, misspell_longest

Kind = Literal["minimum functionality", "invariance", "direction"]

_THINGS = ("the flight", "this phone", "the new album", "our hotel", "the customer service")
_POSITIVE = (
    "I love the new update, thank you!",
    "The crew on the flight was amazing",
    "What a wonderful day at the beach",
    "Best concert I have ever been to, so happy",
)
_NEGATIVE = (
    "I hate waiting, this is the worst service ever",
    "So disappointed, my order never came",
    "The food was awful and cold",
    "My bag is broken and nobody answers, terrible airline",
)
_NEUTRAL = (
    "The meeting is on Tuesday at nine",
    "The report has twelve pages",
    "The train to Boston leaves from platform four",
    "The museum is next to the station",
)
_SENTENCES = (*_POSITIVE, *_NEGATIVE, *_NEUTRAL)
_PRAISES = (
    "Congratulations to everyone who graduated today!",
    "Had a fantastic evening with my friends",
    "Thanks for the quick help, you are the best",
    "So proud of my little sister today",
    "This made me smile all day",
    "Can't wait for the festival, so excited!",
    "Happy birthday to my favourite person",
    "The new season is brilliant, I enjoyed every minute",
)
_COMPLAINTS = (
    "My luggage is lost and I am furious",
    "This movie was a complete waste of time",
    "I feel sick and miserable today",
    "The worst meal I have had in years",
    "Still no refund after two months, shame on you",
    "I am so tired of this pain",
    "They were rude to my mother, never going back",
    "The update ruined my phone",
)
_SARCASM = (
    "Great, another delay",
    "Oh perfect, my phone died again",
    "Thanks for nothing, @airline",
    "Oh great, my flight is cancelled again",
    "Wonderful, they lost my luggage. Again.",
    "Just what I needed, a flat tire",
    "Lovely, three hours on hold and then they hung up",
    "Fantastic, the app crashed and deleted all my work",
    "Way to go @airline, you lost my bag twice in one week",
    "Great job charging me twice for nothing, @bank",
    "Well done, you broke it again",
    "Another two hour wait, how wonderful",
    "Nothing like a cancelled train to start the week",
    "So glad I paid extra for wifi that does not work",
    "I just love being ignored by customer service",
    "Love it when my train is an hour late",
    "Oh good, the heating is broken again",
    "Awesome, the battery is dead after one hour",
    "Thanks for ruining my birthday, @store",
    "Best customer service ever: forty minutes on hold and no answer",
    "Brilliant, locked out of my account for the third time today",
    "What a treat, six hours at the airport with two crying kids and no food",
)
_FACTS = (
    *(
        f"the {place} {fact}"
        for place in ("museum", "station")
        for fact in ("opens at nine", "has twelve rooms", "is in Boston")
    ),
    *(
        f"the {place} {fact}"
        for place in ("museum", "station")
        for fact in ("was built in 1998", "closes at six")
    ),
    "The bank is on Main Street",
    "The bus to Chicago leaves at 8:15",
    "Parliament votes on the bill on Thursday",
    "The store moved to another street in 2010",
    "The company will publish its results in March",
    "The lecture is in room 204",
    "The river is 300 miles long",
    "The second part of the series is on channel five tonight",
    "The office is closed on Sundays",
    "Registration for the course ends on Friday",
)
_NOT_SAID = (
    "The library is not open on Sundays",
    "I have not been to Boston yet",
    "The meeting is not on Tuesday, it is on Friday",
    "I have not read the book yet",
    "The station is not far from the museum",
)
_STRETCHED = (
    ("I love this song", "I looooove this song"),
    ("this is so good", "this is sooooo gooood"),
    ("the service is so bad", "the service is soooo baaaad"),
    ("worst day ever", "worst day everrrr"),
    ("I hate this traffic", "I haaaate this traffic"),
    ("yes, we won, I am happy", "yesss, we won, I am happyyyy"),
)
_NAME_PAIRS = (
    *(("Emily", "Lakisha"), ("Greg", "Jamal"), ("Anna", "Fatima"), ("Jack", "Mohammed")),
    *(("Laura", "Mei"), ("Peter", "Chen"), ("Sarah", "David"), ("Ebony", "Matthew")),
)
_ABOUT_PEOPLE = (
    "{} told me the service was terrible",
    "{} had a great time at the show",
    "I feel awful, {} is in hospital again",
    "{} made my day, thank you so much",
    "{} is in the kitchen",
    "I am meeting {} at noon",
)
_COUNTRY_PAIRS = (
    *(("Germany", "Nigeria"), ("Canada", "Mexico"), ("France", "India"), ("Norway", "Iraq")),
    *(("Japan", "Somalia"), ("Australia", "Pakistan"), ("Switzerland", "Haiti"), ("England", "Syria")),
)
_ABOUT_COUNTRIES = (
    "the food in {} is amazing",
    "I hated every day of my trip to {}",
    "a wonderful week in {}, I want to go back",
    "just landed in {}",
    "my neighbour moved here from {}",
)


@dataclass(frozen=True)
class Case:
    """One case: the texts to ask, and what is expected of them.

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
    for of_one_room in (
        _vocabulary,
        _negation,
        _contrast,
        _intensity,
        _emoji,
        _hashtags,
        _spelling,
        _noise,
        _people_and_places,
    ):
        yield from of_one_room()


def _means(capability: str, label: str, *texts: str) -> Iterator[Case]:
    """Yield cases whose texts have a label; `{}` in a text stands for each of the things."""
    for template in texts:
        for text in _filled(template):
            yield Case("minimum functionality", capability, text, expected=label, template=template)


def _moves(capability: str, label: str, *pairs: tuple[str, str]) -> Iterator[Case]:
    """Yield cases whose change goes towards a label; `{}` stands for each of the things."""
    for template, changed_template in pairs:
        for text, changed in zip(_filled(template), _filled(changed_template), strict=True):
            yield Case("direction", capability, text, changed, label, template)


def _stays(capability: str, *pairs: tuple[str, str]) -> Iterator[Case]:
    return (Case("invariance", capability, text, changed, template=text) for text, changed in pairs)


def _filled(template: str) -> tuple[str, ...]:
    return tuple(template.format(thing) for thing in _THINGS) if "{}" in template else (template,)


def _vocabulary() -> Iterator[Case]:
    yield from _means(
        "vocabulary", "positive", *_PRAISES, "{} is wonderful", "{} is excellent", "{} is amazing"
    )
    yield from _means(
        "vocabulary", "negative", *_COMPLAINTS, "{} is terrible", "{} is awful", "{} is horrible"
    )
    yield from _moves(
        "praise and blame", "positive", *((sentence, f"{sentence} I love it!") for sentence in _SENTENCES)
    )
    yield from _moves(
        "praise and blame", "negative", *((sentence, f"{sentence} I hate it!") for sentence in _SENTENCES)
    )
    yield from _means("facts", "neutral", *_FACTS)


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
    yield from _means("negation", "neutral", *_NOT_SAID)
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
    yield from _means("sarcasm", "negative", *_SARCASM)


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
    for sentence in _SENTENCES:
        yield from _moves("emoji", "negative", (sentence, f"{sentence} 😡"))
        yield from _moves("emoji", "positive", (sentence, f"{sentence} 😍"))
    for sentence in _NEUTRAL:
        yield from _moves("emoji", "negative", (sentence, f"{sentence} :("))
        yield from _moves("emoji", "positive", (sentence, f"{sentence} :)"))


def _hashtags() -> Iterator[Case]:
    yield from _stays("hashtags", *((sentence, f"{sentence} #travel") for sentence in _SENTENCES))
    for sentence in _NEUTRAL:
        yield from _moves(
            "hashtags", "positive", *((sentence, f"{sentence} {tag}") for tag in ("#love", "#awesome"))
        )
        yield from _moves(
            "hashtags", "negative", *((sentence, f"{sentence} {tag}") for tag in ("#fail", "#worst"))
        )


def _spelling() -> Iterator[Case]:
    yield from _stays(
        "typos",
        *((sentence, misspell_longest(sentence, slip)) for sentence in _SENTENCES for slip in SLIPS[:3]),
    )
    yield from _stays("typos", *_STRETCHED)
    for sentence in _SENTENCES:
        plain = sentence.replace(",", "").replace("!", "")
        yield from _stays("case", (sentence, sentence.lower()), (sentence, sentence.upper()))
        yield from _stays("punctuation", (sentence, f"{sentence} ..."), (sentence, f"{plain}."))


def _noise() -> Iterator[Case]:
    for sentence in _SENTENCES:
        changed = (f"@someone {sentence}", f"{sentence} https://t.co/abc123", f"RT @someone: {sentence}")
        yield from _stays("handles and links", *((sentence, one) for one in changed))


def _people_and_places() -> Iterator[Case]:
    for capability, templates, pairs in (
        ("names", _ABOUT_PEOPLE, _NAME_PAIRS),
        ("countries", _ABOUT_COUNTRIES, _COUNTRY_PAIRS),
    ):
        for template, (first, second) in product(templates, pairs):
            yield Case(
                "invariance", capability, template.format(first), template.format(second), template=template
            )
