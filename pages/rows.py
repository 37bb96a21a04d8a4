"""Rows: what stands in the lake behind a number. Come to from the menu of a mark or of a tile."""

from portal.explore.rows import rows_page
from portal.page import Page

PAGE = Page(
    path="/rows",
    title="Rows",
    question="The rows behind a number, newest first, as they stand in the lake.",
    datasets=("playback",),
    become=rows_page,
    compare="none",
    compares=False,
    is_listed=False,
    order=80,
)
