"""The gate in French: every sentence is translated, and said with the verdict's own figures."""

import ast
import copy
import json
import pickle
import re
import string
from pathlib import Path

import pytest
from gate_fixtures import make_evidence, verdict, with_exam

from page.verdict_view import verdict_view
from sentiment.evaluation.behaviour_suite import KINDS
from sentiment.evaluation.slices import slices
from sentiment.gate import phrase
from sentiment.gate.phrase import Phrase, facts_of, from_facts, translated
from sentiment.gate.verdict_text import as_json, as_markdown, read_json
from sentiment.language import speaking

GATE = Path(phrase.__file__).parent
FRENCH = json.loads((GATE / "french.json").read_text("utf-8"))
TALKING = ("comparability", "difference_text", "harm", "limits", "production", "quality", "verdict_text")
ENGLISH = re.compile(r"\b(?:the|is|of|not|than|texts|which|worse|better)\b")


@pytest.fixture(scope="module")
def in_production():
    """A verdict with an exam, as it is read from its file."""
    return read_json(as_json(verdict(with_exam(make_evidence(feedback=200), gain=0.0))))


def constants(tree):
    """The strings of a tree that are no documentation, no parts of others, and no errors' texts."""
    left_out = (ast.JoinedStr, ast.Raise)
    for node in ast.iter_child_nodes(tree):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif not isinstance(node, left_out) and not is_text:
            yield from constants(node)


def fields(text):
    return sorted(part[1:] for part in string.Formatter().parse(text) if part[1] is not None)


def test_every_sentence_of_the_gate_has_its_french_and_no_french_is_left_over():
    strings = {
        text for name in TALKING for text in constants(ast.parse((GATE / f"{name}.py").read_text("utf-8")))
    }
    sentences = {text for text in strings if re.search(r"\{\w|\w [^|]*[.?]$", text)} - {
        "{words}.",
        "{answer} {missing}",
    }

    assert len(sentences) > 60
    assert sentences - set(FRENCH) == set()
    assert {text for text in FRENCH if "{" in text} <= sentences


def test_a_translation_has_the_gaps_of_its_sentence_and_is_set_as_french_is():
    badly_set = re.compile(r"'|[^\u00a0{\w!][:;!?»](?:\s|$)|«[^\u00a0]| [%»]")

    assert [text for text, french in FRENCH.items() if fields(french) != fields(text)] == []
    assert [french for french in FRENCH.values() if badly_set.search(french)] == []


def test_every_check_and_slice_has_a_french_name(in_production):
    names = {check.name for check in in_production.checks} | set(slices(())) | set(KINDS)

    assert names - set(FRENCH) == set()


def test_a_reader_of_french_reads_no_english(in_production, tmp_path):
    with speaking("fr"):
        text = as_markdown(in_production)
    (tmp_path / "verdict.json").write_text(as_json(in_production), "utf-8")
    for name in ("verdict.png", "verdict.fr.png"):
        (tmp_path / name).write_bytes(name.encode())
    shown = re.sub("<[^>]*>", "", verdict_view(tmp_path, "fr"))

    assert not ENGLISH.search(text)
    assert not ENGLISH.search(shown)
    assert "En production\u00a0: Le challenger n’est pas moins bon en production" in shown
    assert "(+5,0 points, intervalle à 95\u00a0% de +4,2 à +5,8) sur 3\u202f000 tweets de test." in shown


def test_a_phrase_survives_copies_and_records():
    inner = Phrase("{points:.1f} points on {rows:,} {what}", points=1.25, rows=3000, what="texts")
    said = Phrase("{name!c}: no worse: {words}.", name="emoji", words=inner)

    assert said == "Emoji: no worse: 1.2 points on 3,000 texts."
    for again in (copy.deepcopy(said), pickle.loads(pickle.dumps(said)), from_facts(facts_of(said))):
        assert (again, again.into("fr")) == (said, said.into("fr"))
    assert said.into("fr") == "Émojis\u00a0: pas moins bon\u00a0: 1,2 points on 3\u202f000 textes."


def test_figures_that_are_no_numbers_are_said_as_such():
    recorded = json.loads(
        json.dumps(facts_of(Phrase("One answer takes {p95:.1f} ms (p95).", p95=float("nan")))),
        parse_constant=str,
    )

    assert from_facts(recorded).into("fr") == "Une réponse prend nan ms (p95)."


def test_a_sentence_that_is_not_known_stays_as_it_is():
    assert translated("Written by an older version.", "fr") == "Written by an older version."
