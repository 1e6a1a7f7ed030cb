"""The findings of the weekly report on feedback: its share of wrong, the mistakes, their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models import LABELS
from sentiment.reports.weekly_finding import Finding, both_shares
from sentiment.reports.weekly_shares import (
    ENOUGH,
    HIGHER,
    LOWER,
    NOTHING_BEFORE,
    TOO_FEW,
    UNCLEAR,
    Share,
    compare_shares,
)
from sentiment.reports.weekly_tables import NO_LABEL
from sentiment.reports.weekly_words import telling_words
from sentiment.reports.wording import counted, label_name, percent, say, whole

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.reports.weekly_report import Weekly

_MOST_NAMED = 8


def feedback_finding(weekly: Weekly) -> Finding:
    """Return the finding on how much of the feedback says wrong."""
    total, share = weekly.measures["feedback"].now, weekly.measures["bad_share"]
    wrong = weekly.measures["bad_predictions"].now
    if not total:
        return Finding(
            say("No feedback in this period"), say("Nobody said whether a prediction was right or wrong.")
        )
    now = percent(share.now)
    few = _say_wrong(wrong, total)
    alone = say("{now} of the feedback says wrong", now=now) if total >= ENOUGH else few
    headlines = {
        HIGHER: say("More of the feedback says wrong: {now}, after {before}", **both_shares(share)),
        LOWER: say("Less of the feedback says wrong: {now}, after {before}", **both_shares(share)),
        UNCLEAR: say("{now} of the feedback says wrong: no clear change from {before}", **both_shares(share)),
        TOO_FEW: say("{few}: too few to tell a trend", few=few),
        NOTHING_BEFORE: say("{alone}; nothing before to compare", alone=alone),
    }
    sentences = [say("{few}, a share {between}.", few=few, between=_between(share.now_interval))]
    if before_total := weekly.measures["feedback"].before:
        sentences.append(
            say(
                "In the period before it was {wrong} of {all}, {between}.",
                wrong=whole(weekly.measures["bad_predictions"].before),
                all=whole(before_total),
                between=_between(share.before_interval),
            )
        )
    sentences.append(say("People answer as they please, so this is no measure of accuracy."))
    return Finding(headlines[share.verdict], " ".join(sentences))


def _say_wrong(wrong: float, total: float) -> str:
    """Return how much of the feedback says wrong, in counts."""
    sentence = "{wrong} of {feedback} says wrong" if wrong == 1 else "{wrong} of {feedback} say wrong"
    return say(sentence, wrong=whole(wrong), feedback=counted(total, "feedback"))


def _between(interval: tuple[float, float]) -> str:
    low, high = interval
    return say("between {low} and {high}", low=percent(low), high=percent(high))


def mistakes_finding(weekly: Weekly) -> Finding:
    """Return the finding on which labels are confused."""
    table = weekly.tables["confusion"].set_index("predicted")
    pairs = [
        (int(table.loc[predicted, given]), predicted, given)
        for predicted in LABELS
        for given in LABELS
        if predicted != given
    ]
    pairs.sort(key=lambda pair: -pair[0])
    wrong, unnamed = int(weekly.measures["bad_predictions"].now), int(table[NO_LABEL].sum())
    named = wrong - unnamed
    if not wrong:
        return Finding(say("No prediction was called wrong"))
    if not named:
        return Finding(
            say(
                "{predictions}, none with the right label",
                predictions=counted(wrong, "prediction called wrong", "predictions called wrong"),
            ),
            say("So there is no pattern to see."),
        )
    return _named_mistakes(pairs, named, unnamed)


def _named_mistakes(pairs: list[tuple[int, str, str]], named: int, unnamed: int) -> Finding:
    """Return the finding on mistakes whose right label people named, from the most frequent on."""
    (most, predicted, given), (second, other_predicted, other_given) = pairs[:2]
    rest = [say("{mistakes} came without the right label.", mistakes=counted(unnamed, "bad prediction"))]
    rest = rest if unnamed else []
    mistakes = counted(named, "mistake")
    if named < ENOUGH:
        few = say("{mistakes} with the right label named: too few for a pattern", mistakes=mistakes)
        return Finding(few, "".join(rest))
    sentence = "Next comes {predicted} where people say {given}, with {count}."
    sentences = [
        say(
            sentence,
            predicted=label_name(other_predicted),
            given=label_name(other_given),
            count=whole(second),
        ),
        *rest,
    ]
    if compare_shares(Share(most, named), Share(second, named)) != HIGHER:
        sentences.append(say("The lead of the first over the second may be chance."))
    headline = say(
        "Most often the model says {predicted} where people say {given}: {count} of {mistakes}",
        predicted=label_name(predicted),
        given=label_name(given),
        count=whole(most),
        mistakes=mistakes,
    )
    return Finding(headline, " ".join(sentences))


def words_finding(weekly: Weekly) -> Finding:
    """Return the finding on the words of tweets predicted wrong."""
    words = weekly.tables["words"]
    tweets = weekly.tables["word_tweets"].set_index("said")["tweets"]
    if not len(words):
        return Finding(say("No word stands in two of the tweets predicted wrong"))
    text = say(
        "Compared are {words} of {wrong} predicted wrong with {right} predicted right; common words of "
        "English and French are left out. Of so many words, one may look special by chance.",
        words=counted(len(words), "word"),
        wrong=counted(tweets["wrong"], "tweet"),
        right=counted(tweets["right"], "tweet"),
    )
    if tweets.min() < ENOUGH:
        few = say("The most frequent words of the mistakes; too few tweets to tell what is special")
        return Finding(few, text)
    special = telling_words(words)
    if not len(special):
        return Finding(say("No word is clearly more frequent in the mistakes than in the rest"), text)
    return _special_words(special, text)


def _special_words(special: pd.DataFrame, text: str) -> Finding:
    """Return the finding on words that are clearly more frequent in the mistakes."""
    first = special.loc[(special["wrong_share"] - special["right_share"]).idxmax()]
    others = [word for word in special["word"] if word != first["word"]][:_MOST_NAMED]
    if others:
        more = say("Clearly more frequent in the mistakes, too: {words}.", words=", ".join(others))
        text = f"{more} {text}"
    headline = say(
        "“{word}” goes with mistakes: in {wrong} of the mistakes, {right} of the rest",
        word=first["word"],
        wrong=percent(first["wrong_share"]),
        right=percent(first["right_share"]),
    )
    return Finding(headline, text)
