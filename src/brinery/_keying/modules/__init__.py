"""Where code comes from: the user's modules, installed distributions, Python itself."""
