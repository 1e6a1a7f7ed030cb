"""New validated rows become a pull request once, also after a kill. Real `git`, fake `gh`."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess

import pytest

from infra import proposal
from infra.programs import ProgramError
from sentiment.data.validated_feedback import append, manifest_path
from sentiment.data.validated_row import ValidatedRow
from sentiment.errors import ConfigError, DataError

ADDRESS = "https://github.com/ann/sentiloop/pull/7"


def row(number):
    return ValidatedRow(
        f"tweet {number}",
        "neutral",
        "positive",
        "p",
        f"f{number}",
        "m",
        "ann;ben",
        f"2026-11-2{number}T10:00:00+00:00",
    )


def git(folder, *words):
    command = ["git", "-c", "user.name=ann", "-c", "user.email=ann@localhost", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def dataset_file(tmp_path, monkeypatch):
    """The dataset's file in a repository, with one row that is committed."""
    folder = tmp_path / "repository"
    file = folder / "data" / "feedback_validated.csv"
    file.parent.mkdir(parents=True)
    append(file, [row(1)], {"refused": {}, "evaluation_rows": 0})
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "one row")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GITHUB_REPOSITORY", "ann/sentiloop")
    return file


def add_rows(dataset_file):
    append(dataset_file, [row(2), row(3)], {"refused": {"near a test text": 2}, "evaluation_rows": 1})
    return "feedback-" + hashlib.sha256(dataset_file.read_bytes()).hexdigest()[:12]


def answer(programs, dataset_file, *, branch="", head=("", 0), listed=("[]", "[]")):
    """Let gh answer as a GitHub in this state.

    `head` is the branch's commit, and how many commits it is ahead of ours.
    """
    start = git(dataset_file.parent, "rev-parse", "HEAD")
    ref = {"ref": f"refs/heads/{branch}", "object": {"sha": head[0] or start}}
    programs.answer("gh api repos/ann/sentiloop/git/matching-refs", json.dumps([ref] if branch else []))
    programs.answer("gh api repos/ann/sentiloop/git/refs", json.dumps({"object": {"sha": start}}))
    programs.answer("gh api repos/ann/sentiloop/compare", json.dumps({"ahead_by": head[1]}))
    programs.answer("gh api graphql", "{}")
    programs.answer("gh workflow run")
    programs.answer("gh pr list --head", listed[0])
    programs.answer("gh pr list --state open", listed[1])
    programs.answer("gh pr create", f"Creating pull request\n{ADDRESS}\n")
    programs.answer("gh pr close")


def proposed(dataset_file):
    return proposal.propose(dataset_file, base="main", pause=0.01)


def test_new_rows_are_committed_to_a_branch_and_proposed(programs, dataset_file, tmp_path):
    branch = add_rows(dataset_file)
    answer(programs, dataset_file)

    assert proposed(dataset_file) == ADDRESS

    commit = next(call for call in programs.calls if call["command"].startswith("gh api graphql"))
    change = json.loads(commit["stdin"])["variables"]["input"]
    assert change["branch"] == {"repositoryNameWithOwner": "ann/sentiloop", "branchName": branch}
    assert change["expectedHeadOid"] == git(dataset_file.parent, "rev-parse", "HEAD")
    assert {
        addition["path"]: base64.b64decode(addition["contents"])
        for addition in change["fileChanges"]["additions"]
    } == {
        "data/feedback_validated.csv": dataset_file.read_bytes(),
        "data/feedback_validated.json": manifest_path(dataset_file).read_bytes(),
    }
    assert programs.commands("gh workflow") == [f"gh workflow run ci.yml --ref {branch}"]
    create = programs.commands("gh pr create")[0]
    assert f"--head {branch} --base main" in create
    assert "3 rows in all: 0 negative, 3 neutral, 0 positive; 1 are kept for evaluation" in create
    assert "refused: 2 near a test text" in create
    assert ADDRESS in (tmp_path / "summary.md").read_text()


def test_without_new_rows_nothing_is_proposed(programs, dataset_file):
    assert proposed(dataset_file) is None
    append(dataset_file, [], {"refused": {}, "evaluation_rows": 0, "kappa": 0.9})  # the manifest alone

    assert proposed(dataset_file) is None
    assert programs.commands() == []


def test_without_a_dataset_nothing_is_proposed(programs, dataset_file):
    for file in (dataset_file, manifest_path(dataset_file)):
        file.unlink()

    assert proposed(dataset_file) is None


def test_the_same_rows_are_proposed_once(programs, dataset_file):
    branch = add_rows(dataset_file)
    answer(
        programs,
        dataset_file,
        branch=branch,
        head=("f" * 40, 1),
        listed=(json.dumps([{"url": ADDRESS}]), "[]"),
    )

    assert proposed(dataset_file) == ADDRESS

    assert not programs.commands("gh api graphql")
    assert not programs.commands("gh pr create")
    assert not programs.commands("gh workflow")


@pytest.mark.parametrize(("head", "ahead"), [("", 0), ("f" * 40, 0), ("f" * 40, 1)])
def test_a_proposal_that_was_killed_goes_on_where_it_was(programs, dataset_file, head, ahead):
    """After it made the branch, today or before others merged something, or after its commit."""
    branch = add_rows(dataset_file)
    answer(programs, dataset_file, branch=branch, head=(head, ahead))

    assert proposed(dataset_file) == ADDRESS

    commits = [
        json.loads(call["stdin"]) for call in programs.calls if call["command"].startswith("gh api graphql")
    ]
    expected = [] if ahead else [head or git(dataset_file.parent, "rev-parse", "HEAD")]
    assert [commit["variables"]["input"]["expectedHeadOid"] for commit in commits] == expected
    assert programs.commands("gh workflow run") == [f"gh workflow run ci.yml --ref {branch}"]
    assert len(programs.commands("gh pr create")) == 1
    assert not programs.commands("gh api repos/ann/sentiloop/git/refs")


def pull_request(number, branch, **facts):
    """An open pull request as `gh pr list` gives it; by default one of the bot's."""
    bot = {"login": "app/github-actions", "is_bot": True}
    return {"number": number, "headRefName": branch, "isCrossRepository": False, "author": bot, **facts}


def test_older_proposals_are_closed_and_nothing_else(programs, dataset_file):
    branch = add_rows(dataset_file)
    others = [
        pull_request(5, "feedback-000000000000"),
        pull_request(6, "feature"),
        pull_request(7, branch),
        pull_request(8, "feedback-111111111111", isCrossRepository=True),
        pull_request(9, "feedback-form-redesign"),
        pull_request(10, "feedback-222222222222", author={"login": "ann", "is_bot": False}),
    ]
    answer(programs, dataset_file, listed=("[]", json.dumps(others)))

    proposed(dataset_file)

    assert [command.split()[3] for command in programs.commands("gh pr close")] == ["5"]


@pytest.mark.parametrize(
    "call",
    [
        "gh api repos",
        "gh api repos/ann/sentiloop/git/refs",
        "gh api graphql",
        "gh workflow run",
        "gh pr list",
        "gh pr create",
        "gh pr close",
    ],
)
def test_when_a_step_fails_so_does_the_proposal(programs, dataset_file, call):
    add_rows(dataset_file)
    answer(programs, dataset_file, listed=("[]", json.dumps([pull_request(5, "feedback-000000000000")])))
    programs.fail(call)

    with pytest.raises(ProgramError, match="it is out of order"):
        proposed(dataset_file)


def test_a_dataset_that_was_changed_by_hand_is_not_proposed(programs, dataset_file):
    dataset_file.write_bytes(dataset_file.read_bytes().replace(b"neutral", b"positive"))

    with pytest.raises(DataError, match="changed by hand"):
        proposed(dataset_file)


def test_a_repository_without_a_name_is_asked_for(programs, dataset_file, monkeypatch):
    add_rows(dataset_file)
    monkeypatch.delenv("GITHUB_REPOSITORY")

    with pytest.raises(ConfigError, match="OWNER/NAME"):
        proposed(dataset_file)
