"""Events: what happened that a line over time may show. One file a kind, found by its name."""
