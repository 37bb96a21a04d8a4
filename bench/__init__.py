"""Timings: of answers in the server at size L, of pages in the browser at size M."""
