"""Keeps verdicts: a run in MLflow, tags on the version, and the folder that the page reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment import durable
from sentiment.gate.spending import Look
from sentiment.gate.verdict_text import as_json, as_markdown, digest, headline
from sentiment.training import runs, versions

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment.data.dataset import EvaluationSet
    from sentiment.gate.verdict import Verdict
    from sentiment.language import Language

    Pictures = dict[Language, bytes]


def record(verdict: Verdict, version: versions.Version, pictures: Pictures) -> str:
    """Log a verdict as a run in MLflow and tag its version; return the run's id.

    Raises:
        TrackingError: MLflow does not answer.
    """
    champion = verdict.champion or {}
    tags = {
        "kind": "verdict",
        "decision": str(verdict.decision),
        "verdict_digest": digest(verdict),
        "test_digest": verdict.data["test"]["sha256"],
        "challenger": str(verdict.challenger["name"]),
        "champion": str(champion.get("name", "none")),
    }
    tags |= _exam_tags(verdict)
    if verdict.override:
        tags |= {
            "override_approved_by": ", ".join(verdict.override.approved_by),
            "override_reason": verdict.override.reason,
        }
    with runs.start_run("verdict", tags=tags) as run_id:
        runs.log_files(_files(verdict, pictures))
    of_version = {"verdict": headline(verdict), "verdict_digest": tags["verdict_digest"]}
    versions.set_tags(version, of_version | _exam_facts(verdict))
    return run_id


def note_outcome(outcome: str, run_id: str, version: versions.Version) -> None:
    """Tag a recorded verdict with its outcome: `promoted`, `overtaken`, `held` or `rejected`.

    Raises:
        TrackingError: MLflow does not answer.
    """
    runs.tag_run(run_id, {"outcome": outcome})
    versions.set_tags(version, {"outcome": outcome})


def publish_verdict(verdict: Verdict, pictures: Pictures, home: Path) -> None:
    """Put a verdict that was carried out into the folder `verdict`, which the page reads."""
    for name, content in _files(verdict, pictures).items():
        durable.replace(home / "verdict" / name, content)


def earlier_judgements(test: EvaluationSet) -> int:
    """Return how many verdicts this test split has decided before."""
    return runs.count_runs({"kind": "verdict", "test_digest": test.digest})


def earlier_looks(champion: str) -> list[Look]:
    """Return the verdicts on challengers of a champion, with what each asked its exam.

    Verdicts from before there were exams count as the base deciding alone.

    Raises:
        TrackingError: MLflow does not answer.
    """
    found = runs.find_tags({"kind": "verdict", "champion": champion})
    return [
        Look(
            challenger=tags.get("challenger", ""),
            start=int(tags.get("exam_from", "0")),
            end=int(tags.get("exam_to", "0")),
            rows=int(tags.get("exam_rows", "0")),
            alpha=float(tags.get("exam_alpha", "0")),
        )
        for tags in found
    ]


def _exam_tags(verdict: Verdict) -> dict[str, str]:
    """Return what a later verdict must know of the exam of this one."""
    exam, production = verdict.data.get("exam"), verdict.data.get("production", {})
    if not exam:
        return {}
    return {
        **{f"exam_{key}": str(exam[key]) for key in ("from", "to", "rows")},
        "exam_alpha": f"{exam['alpha']:.8f}",
        "exam_digest": str(production.get("sha256", "none")),
    }


def _exam_facts(verdict: Verdict) -> dict[str, str]:
    """Return what the next training must know: whether the rows of this exam may become lessons."""
    exam = verdict.data.get("exam")
    if not exam:
        return {}
    is_spent = exam["is_spent"] and not verdict.is_promoted
    return {"exam_rows": str(exam["rows"]), "exam_spent": str(is_spent).lower()}


def _files(verdict: Verdict, pictures: Pictures) -> dict[str, bytes]:
    """Return the forms of a verdict by file name, the JSON last: its reader finds the others."""
    return {
        "verdict.png": pictures["en"],
        "verdict.fr.png": pictures["fr"],
        "verdict.md": as_markdown(verdict).encode(),
        "verdict.json": as_json(verdict).encode(),
    }
