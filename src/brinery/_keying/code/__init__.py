"""A function's fingerprint: all code and values that it reaches, and the check that they still hold."""
