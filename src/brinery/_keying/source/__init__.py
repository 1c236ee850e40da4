"""What source text and bytecode say, without running any of it."""
