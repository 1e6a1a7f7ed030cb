"""Who must review what can release: a command names them, since the repository knows nobody."""

from __future__ import annotations

import pytest
from workflows import ROOT

from infra import owners
from infra.owners import PATHS, write_owners
from sentiment.errors import ConfigError


def test_the_repository_has_no_file_that_only_looks_like_owners():
    """A file of comments holds nobody off, and GitHub reports no error in it."""
    file = ROOT / ".github" / "CODEOWNERS"

    assert not file.exists() or [line for line in file.read_text().splitlines() if line[:1] == "/"]


def test_each_path_has_every_owner_and_the_command_may_be_run_again(tmp_path):
    file = tmp_path / ".github" / "CODEOWNERS"
    write_owners(["@eve"], file)

    write_owners(["@ann", "@acme/platform"], file)

    header, *rules = file.read_text().splitlines()
    assert header.startswith("#")
    assert rules == [f"{path} @ann @acme/platform" for path in PATHS]


def test_each_path_is_there_and_all_that_installs_or_releases_is_among_them():
    for path in PATHS:
        assert (ROOT / path.strip("/")).is_dir() == path.endswith("/"), path
        assert (ROOT / path.strip("/")).exists(), path
    lists = {f"/{file.name}" for file in ROOT.glob("*-packages.txt")}
    assert {"/.github/", "/infra/", "/locks/", "/Makefile", "/constraints.txt", *lists} <= set(PATHS)


@pytest.mark.parametrize("name", ["ann", "@", "@ann/", "@ann @eve", "@a\n* @eve", "", "@-ann"])
def test_what_is_no_name_on_github_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="is no name on GitHub: write @NAME or @ORGANISATION/TEAM"):
        write_owners(["@ann", name], tmp_path / "CODEOWNERS")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_somebody_elses_is_left_as_it_is(tmp_path):
    file = tmp_path / "CODEOWNERS"
    file.write_text("* @eve\n")

    with pytest.raises(ConfigError, match="is not of this command: add the paths there"):
        write_owners(["@ann"], file)
    assert file.read_text() == "* @eve\n"


def test_the_command_says_what_is_left_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(owners, "ROOT", tmp_path)
    monkeypatch.setattr(owners, "FILE", tmp_path / "CODEOWNERS")
    monkeypatch.setattr("sys.argv", ["infra.owners", "@ann"])

    owners.main()

    assert "commit and push it, then require their review" in capsys.readouterr().out
    assert "/infra/ @ann\n" in (tmp_path / "CODEOWNERS").read_text()
