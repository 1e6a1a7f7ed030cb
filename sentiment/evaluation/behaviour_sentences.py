"""The sentences of the behavioural suite, on whose label every reader agrees.

The pairs of names and countries follow Kiritchenko and Mohammad, Examining Gender and Race Bias,
*SEM 2018: who it is, or where, says nothing of the sentiment.
"""

from __future__ import annotations

THINGS = ("the flight", "this phone", "the new album", "our hotel", "the customer service")
POSITIVE = (
    "I love the new update, thank you!",
    "The crew on the flight was amazing",
    "What a wonderful day at the beach",
    "Best concert I have ever been to, so happy",
)
NEGATIVE = (
    "I hate waiting, this is the worst service ever",
    "So disappointed, my order never came",
    "The food was awful and cold",
    "My bag is broken and nobody answers, terrible airline",
)
NEUTRAL = (
    "The meeting is on Tuesday at nine",
    "The report has twelve pages",
    "The train to Boston leaves from platform four",
    "The museum is next to the station",
)
SENTENCES = (*POSITIVE, *NEGATIVE, *NEUTRAL)
PRAISES = (
    "Congratulations to everyone who graduated today!",
    "Had a fantastic evening with my friends",
    "Thanks for the quick help, you are the best",
    "So proud of my little sister today",
    "This made me smile all day",
    "Can't wait for the festival, so excited!",
    "Happy birthday to my favourite person",
    "The new season is brilliant, I enjoyed every minute",
)
COMPLAINTS = (
    "My luggage is lost and I am furious",
    "This movie was a complete waste of time",
    "I feel sick and miserable today",
    "The worst meal I have had in years",
    "Still no refund after two months, shame on you",
    "I am so tired of this pain",
    "They were rude to my mother, never going back",
    "The update ruined my phone",
)
SARCASM = (
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
FACTS = (
    *(
        f"the {building} {fact}"
        for building in ("museum", "station")
        for fact in ("opens at nine", "has twelve rooms", "is in Boston")
    ),
    *(
        f"the {building} {fact}"
        for building in ("museum", "station")
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
NOT_SAID = (
    "The library is not open on Sundays",
    "I have not been to Boston yet",
    "The meeting is not on Tuesday, it is on Friday",
    "I have not read the book yet",
    "The station is not far from the museum",
)
STRETCHED = (
    ("I love this song", "I looooove this song"),
    ("this is so good", "this is sooooo gooood"),
    ("the service is so bad", "the service is soooo baaaad"),
    ("worst day ever", "worst day everrrr"),
    ("I hate this traffic", "I haaaate this traffic"),
    ("yes, we won, I am happy", "yesss, we won, I am happyyyy"),
)
NAME_PAIRS = (
    *(("Emily", "Lakisha"), ("Greg", "Jamal"), ("Anna", "Fatima"), ("Jack", "Mohammed")),
    *(("Laura", "Mei"), ("Peter", "Chen"), ("Sarah", "David"), ("Ebony", "Matthew")),
)
ABOUT_PEOPLE = (
    "{} told me the service was terrible",
    "{} had a great time at the show",
    "I feel awful, {} is in hospital again",
    "{} made my day, thank you so much",
    "{} is in the kitchen",
    "I am meeting {} at noon",
)
COUNTRY_PAIRS = (
    *(("Germany", "Nigeria"), ("Canada", "Mexico"), ("France", "India"), ("Norway", "Iraq")),
    *(("Japan", "Somalia"), ("Australia", "Pakistan"), ("Switzerland", "Haiti"), ("England", "Syria")),
)
ABOUT_COUNTRIES = (
    "the food in {} is amazing",
    "I hated every day of my trip to {}",
    "a wonderful week in {}, I want to go back",
    "just landed in {}",
    "my neighbour moved here from {}",
)
