"""What people ask of a whole store, and do to it."""
