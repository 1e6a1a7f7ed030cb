"""The flow `promote`: parameters, artifacts and exit codes; the rest is in tests/promotion."""

import ast
from pathlib import Path

import pytest
from promotion_fixtures import GOOD, POOR, TWIN, champions, outcomes, verdict_file

from flows.promote import main, promote, shadow
from sentiment.champions import store
from sentiment.errors import GateError, TrackingError
from sentiment.gate.verdict import Decision
from sentiment.gate.verdict_text import headline

ROOT = Path(__file__).parents[2]


@pytest.fixture
def flow(registered_home, tweets_file, prefect_server, memory_measured_once):
    """The flow itself, on the tweets that the versions were trained on."""
    return lambda candidate, **options: promote(candidate, data=str(tweets_file), **options)


def test_the_flow_promotes_and_shows_its_verdict_and_picture(flow, home):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    state = flow(POOR, approved_by=("Ann",), because="a drill", return_state=True)
    verdict = state.result()
    own = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[state.state_details.flow_run_id]))

    assert champions() == (POOR, POOR)
    assert verdict_file(home).override.approved_by == verdict.override.approved_by == ("Ann",)
    assert (home / "verdict" / "verdict.png").read_bytes().startswith(b"\x89PNG")
    with get_client(sync_client=True) as client:
        artifacts = {one.key: one for one in client.read_artifacts(artifact_filter=own)}
    assert artifacts["verdict"].data.startswith(f"# {headline(verdict)}")
    assert artifacts["verdict"].description == f"version {POOR}: {headline(verdict)}"
    assert artifacts["verdict-picture"].data.startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("approved_by", "because"), [((), "no name"), (("Ann",), " "), (("Ann", " "), "why")]
)
def test_an_override_without_names_or_reason_is_refused(flow, approved_by, because):
    with pytest.raises(GateError, match="who approved it and why"):
        flow(GOOD, approved_by=approved_by, because=because)
    assert champions() == (None, None)


def test_unknown_candidate_is_refused(flow):
    with pytest.raises(TrackingError, match="'99'"):
        flow("99")
    assert champions() == (None, None)


def test_the_command_tells_a_verdict_by_its_exit_code(flow, tweets_file, monkeypatch, capsys):
    assert flow(GOOD).decision is Decision.PROMOTE
    for version, code, decision in ((POOR, 4, "REJECT"), (TWIN, 3, "HOLD")):
        monkeypatch.setattr("sys.argv", ["promote", "--candidate", version, "--data", str(tweets_file)])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == code
        assert capsys.readouterr().out.startswith(f"{decision}: ")
    assert outcomes() == ["held", "rejected", "promoted"]
    assert shadow(POOR) == store.shadow_tag()


def test_only_promotion_writes_who_is_champion():
    writers = {"swap_champion", "roll_back", "set_shadow", "prune", "write_tags", "write_fallen"}
    rooms = ("models", "sentiment", "flows", "monitor", "page", "infra", "loop", "benchmarks")
    paths = [*ROOT.glob("*.py"), *(path for room in rooms for path in (ROOT / room).rglob("*.py"))]
    calling = {
        str(path.relative_to(ROOT))
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in writers
    }

    # Fetching takes over a champion that was judged where it was published, publication names it
    # on Blob; the benchmark has a store of its own.
    assert calling == {
        "sentiment/promotion/alignment.py",
        "sentiment/promotion/fetching.py",
        "sentiment/promotion/promote.py",
        "sentiment/promotion/publication.py",
        "sentiment/promotion/rollback.py",
        "sentiment/promotion/shadow.py",
        "sentiment/champions/store.py",
        "benchmarks/serving_model.py",
    }
