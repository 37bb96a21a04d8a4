"""Explain: why a number changed. Come to from the menu of a mark, of a tile, or from a change."""

from portal.explore.explain import explain_page
from portal.page import Page

PAGE = Page(
    path="/explain",
    title="Why did it change?",
    question="How much of a change each group makes, and whether that is more than chance.",
    datasets=("playback",),
    become=explain_page,
    is_listed=False,
    order=81,
)
