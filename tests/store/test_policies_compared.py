"""On the traces of the benchmark the default policy saves more than the one that everybody knows."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

TRACES = Path(__file__).parents[2] / "benchmarks" / "eviction.py"


@pytest.mark.slow
def test_value_saves_more_than_lru_on_every_trace_and_nobody_more_than_can_be_saved(monkeypatch: pytest.MonkeyPatch):
    """By the real policies and the real sampling; the bound knows the future."""
    spec = importlib.util.spec_from_file_location("benchmarks_eviction", TRACES)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    rows = list(module.savings(4000))
    assert len(rows) >= 8
    for row in rows:
        assert row.saved["value"] > row.saved["lru"], row
        assert max(row.saved.values()) <= row.bound <= 1 + 1e-9, row
