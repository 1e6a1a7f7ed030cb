"""A verdict as a record, as text, as a picture and on the page."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from gate_fixtures import FEW_DRAWS, make_evidence, scores, with_challenger

from page.verdict_view import verdict_view
from sentiment.errors import GateError
from sentiment.gate.judge import judge
from sentiment.gate.verdict import Decision, Override
from sentiment.gate.verdict_text import as_json, as_markdown, digest, headline, read_json
from sentiment.language import speaking
from sentiment.reports.canvas import as_png
from sentiment.reports.verdict import draw_verdict

NOW = datetime(2026, 11, 24, tzinfo=UTC)
EVIDENCE = make_evidence(feedback=200)
BROKEN = with_challenger(EVIDENCE, scores={**EVIDENCE.challenger.scores, "test": np.full((3000, 3), np.nan)})
WORSE = with_challenger(
    EVIDENCE, scores={**EVIDENCE.challenger.scores, "test": scores(EVIDENCE.test, 0.7, 5)}
)
CASES = {"promote": EVIDENCE, "reject": WORSE, "broken": BROKEN, "first": replace(EVIDENCE, champion=None)}


@pytest.fixture(scope="module", params=CASES)
def verdict(request):
    return judge(CASES[request.param], now=NOW, thresholds=FEW_DRAWS, earlier_judgements=3)


def test_a_record_is_read_back_as_it_was(verdict):
    assert as_json(read_json(as_json(verdict))) == as_json(verdict)
    assert digest(read_json(as_json(verdict))) == digest(verdict)


def test_a_record_of_before_there_were_facts_is_shown_in_english(verdict):
    content = json.loads(as_json(verdict))
    content.pop("sha256")
    for check in content["checks"]:
        check.pop("facts", None)
    content["sha256"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    old = read_json(json.dumps(content))

    assert digest(old) == content["sha256"]
    assert old == verdict
    with speaking("fr"):
        assert all(reason in as_markdown(old) for reason in verdict.reasons)


def test_an_altered_record_is_noticed():
    text = as_json(judge(WORSE, now=NOW, thresholds=FEW_DRAWS))

    with pytest.raises(GateError, match="altered"):
        read_json(text.replace('"decision": "REJECT"', '"decision": "PROMOTE"'))
    with pytest.raises(GateError, match="no verdict"):
        read_json("{}")


def test_the_text_says_the_decision_every_check_and_on_what(verdict):
    text = as_markdown(verdict)

    assert text.startswith(f"# {verdict.decision}")
    assert all(check.name in text for check in verdict.checks)
    assert verdict.data["test"]["sha256"][:12] in text
    assert "decided 3 times before" in text


def test_no_record_quotes_a_tweet(verdict):
    assert not any(piece in as_json(verdict) for piece in ("test0", "thanks @ann", "don't like"))


def test_an_override_is_beside_the_gates_own_word():
    given = judge(WORSE, now=NOW, thresholds=FEW_DRAWS, override=Override(("Ann", "Bob"), "a drill"))

    assert given.is_promoted
    assert given.decision is Decision.REJECT
    assert headline(given).startswith("REJECT overridden by Ann, Bob: ")
    assert "approved by Ann, Bob: a drill" in as_markdown(given)
    assert read_json(as_json(given)).override == given.override


def test_every_verdict_has_a_picture(verdict):
    figure = draw_verdict(verdict)

    assert figure.texts[0].get_text().startswith(str(verdict.decision))
    assert len(as_png(figure)) > 20_000
    bottom = min(text.get_window_extent().y0 for text in figure.texts)
    assert bottom >= 0


def test_the_page_shows_the_last_verdict(verdict, tmp_path):
    assert "not judged a challenger" in verdict_view(tmp_path, "en")
    (tmp_path / "verdict.json").write_text(as_json(verdict), "utf-8")
    (tmp_path / "verdict.png").write_bytes(b"picture")
    shown = verdict_view(tmp_path, "fr")

    assert f"<strong>{verdict.decision}</strong>" in shown
    assert "data:image/png;base64," in shown
    (tmp_path / "verdict.json").write_text("{", "utf-8")
    assert "cannot be read" in verdict_view(tmp_path, "en")
