"""Sentences of the behavioural suite of the kinds that a visitor types first.

Ratings, idioms, questions, numbers and dates, names that are words. The training's own sentences
of these kinds (`sentiment.training.plain_sentences`) are others, in other words.
"""

from __future__ import annotations

RATINGS: dict[str, tuple[str, ...]] = {
    "positive": (
        "8.5/10, pleasantly surprised",
        "Rated it a ten, and it deserved every point",
        "Five out of five for the cook",
        "I'd give the hike six stars if the scale went that far",
        "Straight A for the choir",
        "10/10 cats would nap on this sofa",
        "Two thumbs up from my grandmother",
        "Our score for the jam: 19 of 20",
    ),
    "negative": (
        "1/5, and the one is for the parking",
        "Rated it a one, and it deserved none",
        "Half a star for the cook",
        "If minus stars existed, this landlord would get them",
        "2 out of 10, my cat writes better dialogue",
        "An F for the orchestra",
        "Two thumbs down from my grandmother",
        "Our score for the jam: 3 of 20",
        "One lonely star, and I was in a good mood",
    ),
    "neutral": (
        "The scale runs from one to ten",
        "It is listed as a three star hotel",
        "The exam has 40 points",
    ),
}
IDIOMS: dict[str, tuple[str, ...]] = {
    "positive": (
        "I couldn't have wished for a kinder midwife",
        "You can't beat their pancakes",
        "Nothing to grumble about",
        "She knocked it out of the park",
        "I'd do it all again in a heartbeat",
        "We were in stitches the whole evening",
        "They bent over backwards for us",
        "It fits like a glove",
        "Words fail me, I owe the firefighters everything",
        "Not once did they keep me waiting",
        "I could watch this puppy for hours",
        "lol my uncle's speech was the funniest thing",
    ),
    "negative": (
        "I wouldn't touch it with a barge pole",
        "They took us for a ride",
        "It came apart at the seams",
        "I've had it up to here",
        "My patience is wearing thin",
        "That was the nail in the coffin for this company",
        "They couldn't organise a picnic in a park",
        "Nobody lifted a finger to help us",
        "My trust in them is gone for good",
        "What a way to spoil a birthday",
        "I could have slept better in a ditch",
        "It is a shadow of its former self",
    ),
}
QUESTIONS: dict[str, tuple[str, ...]] = {
    "neutral": (
        "Which gate does flight 12 leave from?",
        "Do you take credit cards?",
        "When was the bridge built?",
        "Who won the election of 1998?",
        "Does the jacket have pockets?",
        "How late does the tram run?",
        "What's the weather like in Ohio in May?",
        "Where did you park?",
    ),
    "negative": (
        "How can a parcel get lost twice?",
        "Why do I pay for a gym that is always shut?",
        "What kind of hotel has no soap?",
        "Does anybody at this company ever pick up the phone?",
        "Who thought that this ugly logo was a good idea?",
        "Since when is it normal to cheat pensioners?",
        "Am I the only one whose screen went black after two days?",
    ),
    "positive": (
        "Isn't she the sweetest?",
        "How good was that sunset?",
        "Can this day get any better?",
        "Where have these biscuits been all my life?",
        "Who else is in love with this voice?",
    ),
}
NUMBERS = (
    "The pumpkin came to 14 pounds",
    "Our flat has 62 square metres",
    "The census counted 67 million people",
    "He turned 41 on 6 March",
    "Lot 17 sold for 300 euros",
    "The concert of 12/05 was moved to 19/05",
    "Chapter 9 ends on page 214",
    "Flight 204 lands at 23:10",
    "The recipe serves 6",
    "Invoice 88 is dated 1 August",
    "It is 212 Fahrenheit, which is 100 Celsius",
    "Three of the nine jurors come from Utah",
    "The marathon is 26.2 miles long",
    "Her extension is 4417",
    "A dozen eggs is 12 eggs",
    "The lease runs from 1 July to 30 June",
    "On 20/07/1969 two people walked on the moon",
    "The paint dries in 6 hours",
    "There are 88 keys on a piano",
    "Seats 31 and 32 are by the aisle",
)
WORD_NAMES = (
    "Joy Miller is the new treasurer",
    "Hope has a piano lesson at four",
    "Faith and Dean moved to Utah",
    "Mr Hell teaches chemistry",
    "Bliss, Idaho has 300 inhabitants",
    "Slaughter and May is a law firm in London",
    "Best Buy has a branch at the mall",
    "Victoria Love sits in row four",
    "Loving County is in Texas",
    "Hurt Street is behind the school",
    "Happy is the name of her cat",
    "Terror Bay is on the map of the Arctic",
    "The Killers play in Leeds in June",
    "The trains keep Sunday hours on Good Friday",
    "Hate Mail was recorded in 1987",
    "Bad Ischl is a town in Austria",
    "Mercy teaches maths in Leeds",
    "Great Falls lies on the Missouri",
    "The film Fear is shown in hall two",
    "Chance and Destiny are twins from Ohio",
)
GLAD_SIGNS = ("🥰", "🥳", "🫶")
ANGRY_SIGNS = ("🤬", "🤮")
