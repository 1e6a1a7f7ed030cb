"""Words that say nothing of a tweet by themselves, in English and French.

Negations stay: they turn a sentiment, and models stumble over them.
"""

from __future__ import annotations

import re

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

_NEGATIONS = "cannot cant couldnt hasnt neither never no nobody none noone nor not nothing nowhere without"
# scikit-learn lists these, too, though they may be what a tweet is about.
_CONTENT = "bill call cry empty fire full interest serious sincere system"
# What it lacks: marks of a retweet, contractions as they are typed, auxiliaries and fillers.
_OF_TWEETS = (
    "rt mt via amp u ur im ive id youre theyre thats whats hes shes lets gonna "
    "did does doing having got gets getting goes going went make let just really like say says way "
    "shall oh ok yes yeah"
)
_ENGLISH = (ENGLISH_STOP_WORDS - {*_NEGATIONS.split(), *_CONTENT.split()}) | {*_OF_TWEETS.split()}
# Articles, pronouns, prepositions, conjunctions, auxiliaries and fillers, and how tweets type them.
# `ne` turns nothing by itself: `pas`, `plus`, `jamais`, `rien`, `aucun`, `sans` stay. So do words
# that mean something else in English: car, comment, dire, dont (typed for don't), genre, son, ton.
_FRENCH = (
    "le la les l un une des du de d au aux ce cet cette ces ceci cela ca ça celui celle ceux celles "
    "je j tu il elle nous vous ils elles me m te t se s moi toi lui leur leurs eux soi en y qui que "
    "qu quoi quel quelle quels quelles lequel laquelle mon ma mes ta tes sa ses notre nos votre vos "
    "et ou où donc mais si quand comme lorsque puisque parce quoique ainsi alors aussi dans sur sous "
    "avec chez entre vers par depuis pour pendant avant après jusque selon malgré contre est es suis "
    "sommes êtes sont était étais étaient été être sera serait ai as avons avez ont avait avais "
    "avaient aura aurait eu avoir fait faire fais font va vais vont aller peut peux peuvent dit faut "
    "ne n tout toute tous toutes très trop même mêmes autre autres plusieurs quelque quelques chaque "
    "là ici voilà voici encore déjà oui ouais ah bah hein cest jai jsuis chuis ya yen jme jte "
    "aujourd'hui"
)
STOP_WORDS = _ENGLISH | {*_FRENCH.split()}
# The articles and pronouns that lose their vowel: what is after them is the word.
_ELIDED = re.compile(r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)'(?=\w\w)")


def bare_word(word: str) -> str:
    """Return a word without the French article or pronoun that is glued to it.

    >>> bare_word("l'avion"), bare_word("qu'elle"), bare_word("don't"), bare_word("i'm")
    ('avion', 'elle', "don't", "i'm")
    """
    return _ELIDED.sub("", word) if _ELIDED.match(word) else word


def is_stop_word(word: str) -> bool:
    """Return whether a word is a function word, alone or before an apostrophe.

    >>> is_stop_word("it's"), is_stop_word("can't"), is_stop_word("gate's"), is_stop_word("c'est")
    (True, False, False, True)
    """
    return bare_word(word) in STOP_WORDS or (
        "'" in word and word[-3:] != "n't" and word.partition("'")[0] in _ENGLISH
    )
