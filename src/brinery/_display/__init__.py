"""Text, bars and HTML for terminals, prompts and notebooks; it knows nothing of functions or stores."""
