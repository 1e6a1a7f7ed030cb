"""The page's "Models": what it shows of a comparison, whole or damaged."""

from __future__ import annotations

import base64
import json
import re

import pytest

from page.comparison import comparison_view
from page.comparison_texts import CAPABILITIES_IN_FRENCH, EASE_IN_FRENCH
from sentiment.evaluation.behaviour_suite import capabilities
from sentiment.training.comparison import EASE


def comparison(**changes):
    metrics = {
        "val_f1_macro": 0.7123,
        "test_f1_macro": 0.7,
        "test_accuracy": 0.74,
        "train_seconds": 912.4,
        "latency_ms_p50": 14.25,
        "size_mb": 91.0,
    }
    models = [
        {
            "family": "tfidf",
            "run_id": "1",
            "ease": "easy",
            "metrics": metrics | {"val_f1_macro": 0.61, "size_mb": 3.2},
            "hyperparameters": {"C": 1},
        },
        {"family": "<bert>", "run_id": "2", "ease": "hard", "metrics": metrics, "hyperparameters": {}},
    ]
    dataset = {
        "name": "tweets",
        "digest": "ab",
        "counts": {"train": {"negative": 9000, "neutral": 1, "positive": 2}},
    }
    return {
        "created_at": "2026-11-23T06:00:01",
        "profile": "quick",
        "dataset": dataset,
        "winner": "<bert>",
        "run_id": "0",
        "models": models,
    } | changes


def test_the_comparison_shows_what_the_suite_found_in_both_languages(tmp_path):
    content = comparison(behaviour={"suite": "ab", "cases": {"handles and links": 36, "something <new>": 20}})
    for model, rate in zip(content["models"], (0.75, 0.5), strict=True):
        model["metrics"] = model["metrics"] | {
            "behaviour_handles_and_links": rate,
            "behaviour_something_<new>": 1.0,
        }
    (tmp_path / "comparison.json").write_text(json.dumps(content), "utf-8")

    assert re.search(
        r'handles and links \(36\)</th><td class="number best">75%</td><td class="number">50%',
        comparison_view(tmp_path, "en"),
    )
    assert "mentions et liens (36)" in comparison_view(tmp_path, "fr")
    assert "something &lt;new&gt; (20)" in comparison_view(tmp_path, "fr")


def test_the_comparison_shows_what_abstaining_buys(tmp_path):
    content = comparison()
    for model, share in zip(content["models"], (0.5, 0.61), strict=True):
        model["metrics"] = model["metrics"] | {"test_coverage_at_90": share}
    (tmp_path / "comparison.json").write_text(json.dumps(content), "utf-8")
    (tmp_path / "risk_coverage.png").write_bytes(b"png")
    view = comparison_view(tmp_path, "en")

    assert re.search(r'90% right, test</th><td class="number">0.500</td><td class="number best">0.610', view)
    assert re.search(r'set aside, as a chart" src="data:image/png;base64,cG5n"', view)


def test_every_capability_of_the_suite_has_a_french_name():
    assert CAPABILITIES_IN_FRENCH.keys() == capabilities().keys()


def test_no_training_yet_says_what_to_run(tmp_path):
    assert "make train" in comparison_view(tmp_path, "en")
    assert "Aucun modèle" in comparison_view(tmp_path, "fr")


def test_the_comparison_shows_winner_best_values_and_picture(tmp_path):
    (tmp_path / "comparison.json").write_text(json.dumps(comparison()), "utf-8")
    (tmp_path / "comparison.png").write_bytes(b"png")
    view = comparison_view(tmp_path, "fr")
    for shown in (
        "&lt;bert&gt;",
        "0,712",
        "3,2\u00a0Mo",
        "912\u00a0s",
        "9\u202f000",
        "data:image/png;base64,cG5n",
        "quick",
    ):
        assert shown in view
    assert re.search(r'best">0,712', view)
    assert re.search(r'best">3,2', view)
    assert "<bert>" not in view


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", json.dumps(comparison(models=[{"family": "x"}])), json.dumps(comparison(dataset=None))],
)
def test_a_damaged_comparison_is_an_error_not_a_traceback(tmp_path, content):
    (tmp_path / "comparison.json").write_text(content, "utf-8")
    assert 'role="alert"' in comparison_view(tmp_path, "en")


def test_a_reader_sees_the_pictures_and_sentences_of_their_language(tmp_path):
    content = comparison()
    content["models"][0]["ease"] = EASE["tfidf"]
    (tmp_path / "comparison.json").write_text(json.dumps(content), "utf-8")
    for name in ("comparison", "comparison.fr", "risk_coverage"):
        (tmp_path / f"{name}.png").write_bytes(name.encode())

    views = {language: comparison_view(tmp_path, language) for language in ("en", "fr")}

    shown = {
        language: [base64.b64decode(data).decode() for data in re.findall(r'base64,([^"]+)"', view)]
        for language, view in views.items()
    }
    assert shown == {"en": ["comparison", "risk_coverage"], "fr": ["comparison.fr", "risk_coverage"]}
    assert "scikit-learn seul" in views["fr"]
    assert "scikit-learn alone" in views["en"]
    assert set(EASE_IN_FRENCH) == set(EASE)
