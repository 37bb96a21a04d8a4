"""Ways to reduce the same source; each satisfies `queries.reduction.Engine`."""
