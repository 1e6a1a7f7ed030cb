"""The number of cores that a network computes on."""

from __future__ import annotations

import os

from models.onnx_session import cores


def test_the_threads_are_those_that_the_container_may_use(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    for content, expected in (
        ("150000 100000\n", 2),
        ("max 100000\n", 8),
        ("50000 100000", 1),
        ("9900000 100000", 8),
    ):
        quota = tmp_path / "cpu.max"
        quota.write_text(content)
        monkeypatch.setattr("models.onnx_session._CPU_QUOTA", quota)
        assert cores() == expected
