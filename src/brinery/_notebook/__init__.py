"""Notebooks: cells that are cached as a whole, and the magics that people type."""
