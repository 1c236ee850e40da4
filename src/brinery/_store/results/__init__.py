"""Results into bytes and back; `unpickling` is the only place that unpickles."""
