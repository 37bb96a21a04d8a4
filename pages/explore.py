"""Explore: ask anything of any dataset."""

from portal.explore.page import explore
from portal.page import Page

PAGE = Page(
    path="/explore",
    title="Explore",
    question="Any metric, by anything that it can be cut by.",
    datasets=("playback",),
    become=explore,
    order=70,
)
