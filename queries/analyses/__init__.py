"""Statistics that are more than arithmetic over totals: one module each, pure functions of frames.

A module says which question it needs (`question`, a Query that the warehouse answers with its
rows already reduced) and reads the answer's frame. Nothing here reads the lake.
"""
