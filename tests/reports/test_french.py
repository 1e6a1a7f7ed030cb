"""The reports in French: every sentence is translated, and set as French is."""

import ast
import re
import string
from pathlib import Path

import pytest
from drifting import week
from made_up_week import page_of, without_pictures
from matplotlib.text import Text

from models import LABELS
from sentiment.language import LANGUAGES, decimal, number, speaking
from sentiment.reports import french, wording
from sentiment.reports.drift import explain_drift, say_drift, summarise_drift
from sentiment.reports.drift_picture import draw_drift
from sentiment.reports.french import French, read_french
from sentiment.reports.weekly_findings import find
from sentiment.reports.weekly_pictures import draw_weekly
from sentiment.reports.weekly_summary import make_headline, make_summary
from sentiment.reports.wording import counted, milliseconds, moment, percent, round_percent, say

REPORTS = Path(french.__file__).parent
TEMPLATE = (REPORTS / "weekly.html").read_text("utf-8")
SENTENCES = read_french().sentences


class Whole(dict):
    """A dictionary whose every word that is asked for must be in it."""

    def get(self, key, default=None):
        assert key in self, f"no French for {key!r}"
        return self[key]


@pytest.fixture
def whole_french(monkeypatch):
    """French without a gap: a sentence that is missing fails the test."""
    complete = French(Whole(SENTENCES), read_french().nouns)
    monkeypatch.setattr(wording, "read_french", lambda: complete)
    with speaking("fr"):
        yield


def constants(tree):
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def said():
    """The sentences that the code says by themselves, and all strings that it might say."""
    spoken, strings = set(), set()
    for path in REPORTS.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        strings |= constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                spoken |= constants(node.args[0])
    spoken |= set(re.findall(r'say\("([^"]+)"', TEMPLATE))
    heads = re.findall(r"call table\((\[.*?\])\)", TEMPLATE)
    return spoken.union(*map(ast.literal_eval, heads)), strings


def gaps(sentence):
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_has_its_french_and_no_french_is_left_over():
    spoken, strings = said()

    assert len(spoken) > 100
    assert spoken - set(SENTENCES) == set()
    composed = {*LABELS, *(f"Response time {percentile}" for percentile in ("p50", "p95", "p99"))}
    assert set(SENTENCES) - spoken - strings <= composed


def test_a_translation_has_the_gaps_of_its_sentence_and_is_set_as_french_is():
    badly_set = re.compile(r"'|[^\u00a0][:;!?»](?:\s|$)|«[^\u00a0]| [%»]")  # ’, and no-break spaces

    assert [text for text, french in SENTENCES.items() if gaps(french) != gaps(text)] == []
    assert [french for french in SENTENCES.values() if badly_set.search(french)] == []


def test_the_weekly_report_is_french_from_the_first_word_to_the_last(whole_french, busy_week):
    page, findings = without_pictures(page_of(busy_week)), find(busy_week)

    assert '<html lang="fr">' in page
    assert "<h1>Rapport hebdomadaire</h1>" in page
    assert "du 16 nov. 2026 au 22 nov. 2026" in page
    headline = findings["feedback"].headline.replace("\u00a0", " ")
    assert headline == "Moins d’avis « faux » : 40 %, après 60 %"
    assert "1\u202f680 requêtes" in make_summary(busy_week, findings)
    assert "avant\u00a0:" in make_headline(busy_week)


def test_the_pictures_of_the_week_are_french(whole_french, busy_week):
    figures = draw_weekly(busy_week, find(busy_week))

    texts = {text.get_text() for text in figures["confidence"].findobj(Text)}
    assert texts >= {"négatif", "neutre", "positif", "Étiquettes données"}


def test_a_week_without_records_is_french(whole_french, empty_week):
    assert "ni requête ni avis" in page_of(empty_week)


@pytest.mark.parametrize("known", [None, (0.3, 0.2)], ids=str)
@pytest.mark.parametrize("alarmed", ["", "2026-11-30T06:30:00+00:00"])
def test_drift_is_french(whole_french, known, alarmed):
    measured = week(2, training=(0.9, 0.001), known=known, alarmed=alarmed, new=("but",))

    assert say_drift(measured).startswith("Semaine du 30 nov. 2026\u00a0: textes ")
    assert ("onglet Relecture" in explain_drift(measured)) == bool(alarmed)
    assert "étiquettes données" in {title.get_text() for title in draw_drift([measured]).findobj(Text)}
    assert "| semaine | textes |" in summarise_drift([measured])


def test_numbers_and_moments_are_written_as_each_language_does(busy_week):
    when = busy_week.span.end

    assert (number("fr", 1234567), decimal("fr", 0.25, 1)) == ("1\u202f234\u202f567", "0,2")
    with speaking("fr"):
        shown = [percent(0.042), round_percent(0.5), milliseconds(1234.5), milliseconds(3.14), moment(when)]
        counts = [counted(0, "alert"), counted(1, "alert"), counted(2000, "alert")]
    assert shown == ["4,2\u00a0%", "50\u00a0%", "1\u202f234 ms", "3,1 ms", "23 nov. 2026, 00:00 UTC"]
    assert counts == ["0 alerte", "1 alerte", "2\u202f000 alertes"]
    assert percent(0.042) == "4.2%"


def test_a_sentence_without_french_stays_english():
    with speaking("fr"):
        assert say("Nobody has said {what}", what="this") == "Nobody has said this"


def test_the_language_is_that_of_the_block_alone():
    with speaking("fr"):
        inner = say("Requests")
    assert (inner, say("Requests"), LANGUAGES) == ("Requêtes", "Requests", ("en", "fr"))
