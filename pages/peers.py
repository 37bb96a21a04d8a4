"""Peers: one group among those most like it. Come to from the menu of a mark."""

from portal.explore.peers import peers_page
from portal.page import Page

PAGE = Page(
    path="/peers",
    title="Among its peers",
    question="Is a group unusual, held against those most like it?",
    datasets=("playback",),
    become=peers_page,
    is_listed=False,
    order=83,
)
