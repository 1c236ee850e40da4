"""Why a call hits or misses, what its code was, how programs fared, and a store at a glance."""
