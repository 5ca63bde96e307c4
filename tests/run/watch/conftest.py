"""Simulated weeks take thousands of syncs, which a disk may need minutes for."""

import os

import pytest


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave syncs out in this process; programs that are killed here sync as ever."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
