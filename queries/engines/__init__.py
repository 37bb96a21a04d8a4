"""Ways to reduce the same source; each satisfies `queries.model.Engine`."""
