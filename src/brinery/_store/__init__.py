"""Where results live: signed entries in folders, with locks, limits and upkeep."""
