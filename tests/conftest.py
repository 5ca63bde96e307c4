"""What all tests share: a configuration folder of their own, and fresh cases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.case import Case, create_case

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_config(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep signing keys of tests away from those of the person who runs them."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(folder))
    monkeypatch.delenv("SOUSVEIL_CASE", raising=False)
    return folder


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return create_case(tmp_path / "case", title="Test", operator="Nobody", now=NOW)
