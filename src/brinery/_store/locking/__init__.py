"""One computation per key at a time, among threads, tasks and processes."""
