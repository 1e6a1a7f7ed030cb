"""What the tests of the queries share: a real monitor filled by hand, asked as Azure is, and Microsoft's own KQL parser."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from monitor_fixtures import Client, message, request, served

from sentiment.analysis import LogsReader
from sentiment.config import LOCAL_WORKSPACE

ROOT = Path(__file__).parents[1]
# A whole hour, and half a day ago: the monitor, as Azure, takes nothing older than 48 hours.
HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=12)
ALL = (HOUR - timedelta(hours=30), HOUR + timedelta(hours=13))

# A model's name that does its worst.
NASTY = 'a"b\\c\nd\te \u2028 😡👩‍👧 {Model} // "" ; | take 0'


class Workspace:
    """A running monitor: `trace` and `request` add rows as the exporter sends them, `ask` reads as `LogsReader` does."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.reader = LogsReader(client.address, LOCAL_WORKSPACE)
        self._waiting: list[dict] = []

    def trace(self, text: str, at: datetime = HOUR, **properties: str) -> None:
        """Add a log record."""
        self._waiting.append(message(text, time=at, **properties))

    def feedback(self, feedback_id: str, at: datetime = HOUR, *, is_good: bool = False, **properties: str) -> None:
        """Add a feedback as the service logs it."""
        given = {"tweet_text": "so sad", "predicted_label": "positive", "score": "0.9", "model": "m1", "prediction_id": "p"}
        self.trace(f"{'Good' if is_good else 'Bad'} prediction", at, **given | {"feedback_id": feedback_id} | properties)

    def request(self, name: str, at: datetime = HOUR, *, status: int = 200, ms: float = 10, items: int = 1, **properties: str) -> None:
        """Add a request that stands for `items` of them and took less than a minute."""
        sampling = {"time": at, "status": status, "duration": f"0.00:00:{ms / 1000:09.6f}", "sample_rate": 100 / items}
        self._waiting.append(request(name, **sampling, **properties))

    def predicted(self, at: datetime = HOUR, *, counts: Sequence[int] = (1, 0, 0), low: int = 0, score: float = 0.9, **others) -> None:
        """Add a successful prediction of sum(counts) texts: so many negative, neutral, positive."""
        labels = dict(zip(("negative", "neutral", "positive"), map(str, counts), strict=True))
        name = "POST /predict" if sum(counts) == 1 else "POST /predict_batch"
        given = {"model": "m1", "texts": str(sum(counts)), **labels, "low_confidence": str(low), "score_sum": str(score)}
        self.request(name, at, **given | others)

    def ask(self, query: str, period=ALL) -> pd.DataFrame:
        """Return the answer to a query, after sending what was added."""
        self.send()
        return self.reader.frame(query, period)

    def send(self) -> None:
        """Send what was added."""
        if self._waiting:
            answer = self.client.http.post("/v2.1/track", json=self._waiting).json()
            assert answer["itemsAccepted"] == len(self._waiting), answer
            self._waiting = []


@contextmanager
def open_workspace(home: Path, **options) -> Iterator[Workspace]:
    """Run a monitor with an empty file in a thread."""
    with served(home, **options) as client:
        workspace = Workspace(client)
        with workspace.reader:
            yield workspace


def check_kql(texts: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Microsoft's parser over queries, or skip the test and say what is missing."""
    node, check = shutil.which("node"), ROOT.parent / "shared" / "tools" / "kql_check.cjs"
    modules = Path(os.environ.get("KUSTO_NODE_MODULES", ROOT))
    modules = modules.parent if modules.name == "node_modules" else modules
    if not node:
        pytest.skip("Microsoft's KQL parser was not run: there is no node")
    if not check.is_file():
        pytest.skip(f"Microsoft's KQL parser was not run: there is no {check.relative_to(ROOT.parent)} beside the repository")
    if not (modules / "node_modules" / "@kusto" / "language-service-next").is_dir():
        pytest.skip(
            "Microsoft's KQL parser was not run: 'npm install @kusto/language-service-next' somewhere, name it in KUSTO_NODE_MODULES"
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.kql" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, "utf-8")
    return subprocess.run([node, str(check), *map(str, paths)], cwd=modules, capture_output=True, text=True, timeout=120, check=False)
