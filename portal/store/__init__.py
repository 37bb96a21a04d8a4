"""What people keep: themselves, their sessions and tokens, and the views they saved.

One module a noun, each a handful of functions over a `Store`. Rows become frozen values here;
nothing above this package knows the tables.
"""
