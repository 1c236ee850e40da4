"""What people are told of keys; off the way of a hit."""
