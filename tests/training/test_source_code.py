"""Which code this is, as a run and an image record it."""

from __future__ import annotations

from sentiment.training import source_code


def test_a_folder_outside_git_has_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(source_code, "_ROOT", tmp_path)

    assert source_code.source_version() == {"git_commit": "unknown", "git_dirty": "unknown"}
    monkeypatch.setenv("SENTIMENT_COMMIT", "abc123")
    assert source_code.source_version() == {"git_commit": "abc123", "git_dirty": "false"}
