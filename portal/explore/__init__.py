"""Explore: any dataset, any of its metrics and dimensions, every choice in the URL.

`choices` reads the URL, `askable` says what may be asked, `page` lays the tiles out; each of the
other modules is one kind of tile.
"""
