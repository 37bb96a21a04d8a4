"""Distribution: how a metric is spread. Come to from the menu of a tile or of a mark."""

from portal.explore.distribution import distribution_page
from portal.page import Page

PAGE = Page(
    path="/distribution",
    title="How is it spread?",
    question="How a metric lies over rows or accounts, and how far two groups or periods differ.",
    datasets=("playback",),
    become=distribution_page,
    is_listed=False,
    order=82,
)
