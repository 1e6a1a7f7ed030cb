"""Learn from audit tweets how to read the champion's scores: `python -m flows.calibrate`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.calibrate import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger

from flows.arguments.calibrate import make_parser
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.promotion.recalibration import recalibrate_champion
from sentiment.reports.calibration import say_calibration
from sentiment.training import runs


@flow(name="calibrate", persist_result=False)
def calibrate() -> str:
    """Learn the champion's temperature and threshold from audit tweets; return what they say.

    The service takes both up at its next look; labels and model stay as they are.

    Raises:
        StoreError: There is no champion, or its calibration cannot be read or written.
        ModelError: The champion cannot be loaded.
        DataError: The validated feedback does not match its manifest.
        TrackingError: MLflow does not answer.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    get_run_logger().info("tracking at %s", runs.connect(settings))
    tag, labels, learned = recalibrate_champion(settings)
    summary = say_calibration(tag, labels, learned)
    create_markdown_artifact(f"# Scores in production\n\n{summary}\n", key="calibration", description=tag)
    return summary


def main() -> None:
    """Run the flow and print what it learned."""
    make_parser().parse_args()
    print(calibrate())


if __name__ == "__main__":
    sys.exit(run_command(main))
