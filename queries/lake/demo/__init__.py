"""The demo company: a seeded streaming world in all tables of the contract, with planted truths."""
