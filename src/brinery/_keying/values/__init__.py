"""A value's digest, the same in every process, or a clear refusal. Start reading at `digest`."""
