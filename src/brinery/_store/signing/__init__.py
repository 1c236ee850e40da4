"""The user's secret, and what is sealed with it."""
