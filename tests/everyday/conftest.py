"""Processes to run everyday programs in."""

from __future__ import annotations

from freshness.conftest import nurseries

__all__ = ["nurseries"]
