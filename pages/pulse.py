"""Pulse: what changed, and whether it matters."""

from portal.page import Page, Place, Section
from portal.tiles import Headline, Ranking, Trend

PAGE = Page(
    path="/",
    title="Pulse",
    question="What changed, and does it matter?",
    datasets=("playback",),
    filters=("country", "device", "plan"),
    sections=(
        Section(
            tiles=(
                Headline(metric="hours_viewed"),
                Headline(metric="accounts"),
                Headline(metric="plays"),
                Headline(metric="good_play_rate"),
            )
        ),
        Section(
            tiles=(
                Trend(
                    metric="hours_viewed",
                    place=Place(title="How much is watched?", note="Hours viewed", span=8),
                ),
                Ranking(
                    metric="hours_viewed",
                    by="device",
                    place=Place(title="On which device?", note="Hours viewed", span=4),
                ),
                Ranking(
                    metric="hours_viewed",
                    by="country",
                    place=Place(title="Where?", note="Hours viewed", span=4),
                ),
            )
        ),
    ),
    order=0,
)
