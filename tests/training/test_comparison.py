"""The comparison as Markdown, JSON and pictures."""

import dataclasses
import io
import json

import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.text import Text

from models import LABELS
from sentiment.data.dataset import DataReport, Dataset, Split
from sentiment.evaluation.metrics import COST_METRICS, QUALITY_METRICS
from sentiment.language import speaking
from sentiment.reports.behaviour import draw_behaviour
from sentiment.reports.canvas import as_png
from sentiment.reports.comparison import draw_comparison
from sentiment.reports.risk_coverage import draw_risk
from sentiment.reports.training_run import draw_data, draw_model
from sentiment.training.comparison import (
    EASE,
    Comparison,
    ModelResult,
    as_json,
    as_markdown,
    write_comparison,
)

COUNTS = {split: {"negative": 40, "neutral": 30, "positive": 20} for split in ("train", "validation", "test")}


CASES = {"negation": 40, "handles and links": 36}


def result(family: str, quality: float, cost: float) -> ModelResult:
    metrics = {
        f"{split}_{name}": quality for split in ("val", "test") for name in QUALITY_METRICS
    } | dict.fromkeys(COST_METRICS, cost)
    metrics |= {"val_aurc": 1 - quality, "test_aurc": 1 - quality, "test_coverage_at_90": quality / 2}
    if quality > 0.65:
        metrics |= {
            "uncertain_below": 1.4 - quality,
            "test_coverage_kept": quality / 2,
            "test_risk_kept": 0.09,
        }
    metrics |= {"behaviour_negation": quality, "behaviour_handles_and_links": 1 - quality / 10}
    table, curve = ((30, 5, 5), (4, 24, 2), (1, 2, 17)), ((0.25, 0.02), (0.5, 0.08), (1.0, 1 - quality))
    return ModelResult(family, f"run-{family}", "models:/m-1", metrics, {"seed": 0}, table, curve)


@pytest.fixture
def comparison() -> Comparison:
    models = (result("tfidf", 0.7, 1.0), result("keras", 0.65, 20.0), result("bert", 0.8, 90.0))
    facts, behaviour = (
        {"name": "tweets", "digest": "ab" * 32, "counts": COUNTS},
        {"suite": "cd" * 32, "cases": CASES},
    )
    return Comparison("2026-01-02T03:04:05+00:00", "quick", facts, "bert", "run-0", models, behaviour)


def shape(png: bytes) -> tuple[int, ...]:
    return imread(io.BytesIO(png)).shape[:2]


def test_table_has_the_best_of_each_row_in_bold(comparison):
    rows = {
        line.split("|")[1].strip(): line
        for line in as_markdown(comparison).splitlines()
        if line.startswith("|")
    }

    assert rows["test f1_macro"] == "| test f1_macro | 0.7000 | 0.6500 | **0.8000** |"
    assert rows["validation rmse"] == "| validation rmse | 0.7000 | **0.6500** | 0.8000 |"
    assert rows["latency p50"] == "| latency p50 | **1.00 ms** | 20.00 ms | 90.00 ms |"
    assert "bert 🏆" in rows[""]
    assert rows["negation (40)"] == "| negation (40) | 70% | 65% | **80%** |"
    assert rows["test AURC"] == "| test AURC | 0.3000 | 0.3500 | **0.2000** |"
    assert rows["threshold for 10% errors"] == "| threshold for 10% errors | 0.7000 | – | 0.6000 |"
    assert len(rows) == 9 + len(COST_METRICS) + 2 * len(QUALITY_METRICS) + len(CASES)


def test_every_family_has_a_rating_with_its_reason(comparison):
    assert list(EASE) == [model.family for model in comparison.models]
    assert all(rating.partition(": ")[2] for rating in EASE.values())


def test_json_holds_what_the_demo_page_reads(comparison):
    content = json.loads(as_json(comparison))

    assert set(content) == {"created_at", "profile", "dataset", "winner", "run_id", "models", "behaviour"}
    assert set(content["models"][0]) >= {"family", "run_id", "ease", "metrics", "hyperparameters"}
    assert content["models"][2]["metrics"]["test_f1_macro"] == 0.8
    assert content["dataset"]["counts"] == COUNTS
    assert content["behaviour"] == {"suite": "cd" * 32, "cases": CASES}


def test_a_figure_that_is_not_a_number_never_reaches_the_json(comparison):
    broken = dataclasses.replace(comparison, models=(result("bert", float("nan"), 1.0),))

    with pytest.raises(ValueError, match="JSON"):
        as_json(broken)


def test_writing_replaces_all_files_and_leaves_nothing_else(comparison, tmp_path):
    write_comparison(tmp_path / "new", comparison, {"comparison": b"old", "behaviour": b"old"})
    write_comparison(tmp_path / "new", comparison, {"comparison": b"png", "behaviour": b"png"})

    names = {"comparison.json", "comparison.md", "comparison.png", "behaviour.png"}
    assert {path.name for path in (tmp_path / "new").iterdir()} == names
    assert {(tmp_path / "new" / name).read_bytes() for name in names if name.endswith(".png")} == {b"png"}


def test_comparison_picture_is_1600_by_900_and_names_the_winner(comparison):
    figure = draw_comparison(comparison)

    assert shape(as_png(figure)) == (900, 1600)
    assert figure.texts[0].get_text().startswith("bert wins with a macro F1 of 0.800")
    assert any(text.get_text() == "★ bert" for panel in figure.axes for text in panel.get_yticklabels())


@pytest.mark.parametrize(
    "two", [((0.75, 0.24), (0.765, 0.41)), ((0.765, 0.24), (0.75, 0.41)), ((0.75, 0.3), (0.75, 0.3))]
)
def test_the_names_of_models_that_are_nearly_alike_stand_apart(comparison, two):
    models = (
        *(result(family, *values) for family, values in zip(("tfidf", "keras"), two, strict=True)),
        result("bert", 0.8, 1.5),
    )
    figure = draw_comparison(dataclasses.replace(comparison, models=models))
    as_png(figure)

    panel = figure.axes[1]
    notes = [note.get_window_extent() for note in panel.texts]
    bubbles = [panel.transData.transform(bubble.get_offsets()[0]) for bubble in panel.collections]
    assert len(notes) == len(bubbles) == 3
    assert not any(note.contains(*bubble) for note in notes for bubble in bubbles)
    assert not any(note.overlaps(other) for number, note in enumerate(notes) for other in notes[:number])
    ticks = zip(panel.get_yticks(), panel.get_yticklabels(), strict=True)
    assert all(float(label.get_text()) == pytest.approx(value, abs=1e-9) for value, label in ticks)


def test_comparison_picture_takes_a_single_model(comparison):
    alone = dataclasses.replace(comparison, models=comparison.models[2:])

    assert shape(as_png(draw_comparison(alone))) == (900, 1600)


def test_behaviour_picture_puts_the_hardest_on_top_and_names_it(comparison):
    figure = draw_behaviour(comparison)

    assert shape(as_png(figure)) == (900, 1000)
    assert figure.texts[0].get_text() == "Hardest for them: negation"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "negation (40)",
        "handles and links (36)",
    ]
    assert [text.get_text() for text in figure.axes[0].texts] == ["70%", "65%", "80%", "93%", "94%", "92%"]


def test_risk_picture_says_what_the_winner_gains_and_which_has_no_threshold(comparison):
    figure = draw_risk(comparison)

    assert shape(as_png(figure)) == (750, 1100)
    assert figure.texts[0].get_text() == "bert: with 60% set aside, 9.0% of the rest are wrong"
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "tfidf: below 0.70 set aside, AURC 0.300",
        "keras: no threshold, AURC 0.350",
        "bert: below 0.60 set aside, AURC 0.200",
    ]
    curves = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 3]
    assert [line.get_linestyle() for line in curves] == ["--", ":", "-"]  # the winner's is whole
    assert (
        draw_risk(dataclasses.replace(comparison, winner="keras")).texts[0].get_text()
        == "keras is never sure enough for 10% errors"
    )


def test_model_pictures_show_the_counts_of_the_confusion_table():
    labels = [*LABELS, "neutral"]
    scores = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6]])

    pictures = draw_model("tfidf", labels, scores)

    assert set(pictures) == {"confusion_matrix", "precision_recall", "reliability"}
    assert pictures["confusion_matrix"].texts[0].get_text() == "tfidf: 3 of 4 test tweets right"
    assert "50%\n1" in {text.get_text() for text in pictures["confusion_matrix"].axes[0].texts}
    assert {name: shape(as_png(figure)) for name, figure in pictures.items()} == {
        "confusion_matrix": (700, 900),
        "precision_recall": (700, 900),
        "reliability": (700, 950),
    }


@pytest.mark.parametrize(
    ("score", "finding"),
    [(0.95, "20.0 points too sure"), (0.55, "20.0 points too modest"), (0.75, "as sure as it is right")],
)
def test_reliability_picture_says_whether_the_scores_are_too_high_and_where(score, finding):
    labels = ["negative"] * 9 + ["neutral"] * 2 + ["positive"]
    scores = np.tile([score, *[(1 - score) / 2] * 2], (12, 1))

    figure = draw_model("tfidf", labels, scores)["reliability"]

    assert figure.texts[0].get_text() == f"tfidf: {finding}"
    assert figure.axes[0].collections[0].get_offsets().tolist() == [pytest.approx([score, 0.75])]


def test_data_picture_folds_the_tail_of_many_lengths():
    split = Split((), ())
    lengths = {f"{start}-{start + 19}": 1 for start in range(0, 2000, 20)}
    report = DataReport(400, {"empty": 1, "duplicate": 2}, 3, COUNTS, lengths)

    figure = draw_data(Dataset("tweets", "default", split, split, split, report, "ab" * 32))

    names = [text.get_text() for text in figure.axes[2].get_xticklabels()]
    assert len(names) == 14
    assert names[-1] == "260+"
    assert shape(as_png(figure)) == (750, 1600)


def test_the_pictures_of_the_page_are_drawn_in_french_as_well(comparison):
    with speaking("fr"):
        texts = {
            text.get_text()
            for figure in (draw_comparison(comparison), draw_risk(comparison))
            for text in figure.findobj(Text)
        }

    assert texts >= {"Leurs erreurs", "négatif", "bert\u00a0: sous 0,60 mis de côté, AURC 0,200"}
    assert "bert gagne avec un F1 macro de 0,800 sur des tweets jamais vus" in texts
