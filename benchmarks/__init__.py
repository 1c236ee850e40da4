"""What a hit, a miss and a large value cost on this machine: `python -m benchmarks --help`."""
