"""Judge a candidate and promote it, roll back, or run a shadow: `python -m flows.promote`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.promote import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from typing import Annotated

from prefect import flow
from prefect.logging import get_run_logger
from pydantic import Field

from flows.arguments.promote import make_parser
from flows.prepare import prepared_dataset
from flows.show import show
from flows.table_flags import data_of
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.gate.verdict import Decision, Verdict, make_override
from sentiment.gate.verdict_text import as_markdown, headline
from sentiment.language import speaking
from sentiment.promotion.alignment import catch_up
from sentiment.promotion.promote import Case
from sentiment.promotion.promote import promote as promote_version
from sentiment.promotion.rollback import roll_back_champion
from sentiment.promotion.shadow import end_shadow, start_shadow
from sentiment.reports.canvas import as_png
from sentiment.reports.verdict import draw_verdict
from sentiment.training import versions

EXIT_CODES = {Decision.PROMOTE: 0, Decision.HOLD: 3, Decision.REJECT: 4}


@flow(name="promote", flow_run_name="promote {candidate}", persist_result=False)
def promote(
    candidate: Annotated[str, Field(min_length=1)] = "challenger",
    data: str = "default",
    approved_by: tuple[str, ...] = (),
    because: str = "",
) -> Verdict:
    """Judge a registered version against the champion, and promote it if the gate says so.

    Both are scored anew by the same code on the test split of `data` and on validated feedback.

    Args:
        candidate: The registered version to judge: an alias, such as challenger, or a number.
        data: 'default', a table with the columns text and label, a folder with one for each split,
            or one in TweetEval's form; a path is one of the worker's. After a ? it may say how it
            is read: tweets.csv?label_column=mood.
        approved_by: People who promote it whatever the gate says; their names are recorded. Empty:
            the gate alone decides.
        because: Why they do; recorded as well.

    Raises:
        TrackingError: MLflow does not answer, or holds no such version.
        StoreError: The present champion is missing from the store.
        ModelError: One of the two models cannot be loaded.
        DataError: The data cannot be read.
        GateError: The champion changed while this was judged, or an override lacks a name or a
            reason.
    """
    settings, override = read_settings(), make_override(approved_by, because)
    apply_tool_environment(settings)
    catch_up(settings)
    version = versions.read_version(candidate)
    case = Case(version, prepared_dataset(data), override)
    with speaking(settings.language):
        judgement = promote_version(case, settings=settings, draw=_draw)
        text, picture = as_markdown(judgement.verdict), judgement.pictures[settings.language]
    summary = f"version {version.number}: {headline(judgement.verdict)}"
    show("verdict", text, picture, description=summary)
    get_run_logger().info(summary)
    return judgement.verdict


def _draw(verdict: Verdict) -> bytes:
    return as_png(draw_verdict(verdict))


@flow(name="shadow", persist_result=False)
def shadow(candidate: str) -> str:
    """Let a version score a share of the requests beside the champion, unseen; return its tag.

    Raises:
        TrackingError: MLflow does not answer, or holds no such version.
        ModelError: The version cannot be loaded.
        StoreError: There is no champion, or the version gets every probe tweet wrong.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    catch_up(settings)
    return start_shadow(versions.read_version(candidate))


def main() -> None:
    """Read the command line, run what it asks for and print the result."""
    chosen = make_parser().parse_args()
    if chosen.rollback:
        settings = read_settings()
        apply_tool_environment(settings)
        print(f"{roll_back_champion(settings, chosen.because)} is the champion again")
    elif chosen.shadow:
        print(f"{shadow(chosen.shadow)} runs in the shadow")
    elif chosen.no_shadow:
        end_shadow()
        print("no shadow")
    else:
        verdict = promote(chosen.candidate, data_of(chosen), tuple(chosen.approved_by), chosen.because)
        print(headline(verdict))
        sys.exit(0 if verdict.is_promoted else EXIT_CODES[verdict.decision])


if __name__ == "__main__":
    sys.exit(run_command(main))
