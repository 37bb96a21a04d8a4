"""When, where, on what: the clock, the map and the screens of viewing."""

from portal.page import Page, Place, Section
from portal.tiles import CountryMap, Findings, Headline, Heat, Lines, Ranking

PAGE = Page(
    path="/when-where",
    title="When, where, on what",
    question="When do people watch, on which device, in which country, and what shifts?",
    unit="product",
    datasets=("playback",),
    filters=("country", "device", "plan", "tenure"),
    has_clocks=True,
    sections=(
        Section(tiles=(Findings(why=("title_age",)),)),
        Section(
            tiles=(
                Headline(metric="hours_viewed"),
                Headline(metric="accounts"),
                Headline(metric="hours_per_account"),
                Headline(metric="minutes_per_play"),
            )
        ),
        Section(
            title="When",
            tiles=(
                Heat(
                    metric="hours_viewed",
                    rows="weekday",
                    columns="hour",
                    place=Place(
                        title="At what hour of the week?",
                        note="Hours viewed by weekday and hour",
                        span=12,
                        height=250,
                    ),
                ),
            ),
        ),
        Section(
            title="Where",
            tiles=(
                CountryMap(
                    metric="hours_per_account",
                    place=Place(
                        title="Where do accounts watch most?",
                        note="Hours per account that watched",
                        span=8,
                        height=400,
                    ),
                ),
                Ranking(
                    metric="hours_per_account",
                    by="country",
                    rows=12,
                    shape="dot",
                    place=Place(
                        title="Country by country",
                        note="Hours per account, with 95 % interval",
                        span=4,
                        height=400,
                    ),
                ),
            ),
        ),
        Section(
            title="On what",
            tiles=(
                Lines(
                    metric="hours_viewed",
                    by="device",
                    shares=True,
                    place=Place(
                        title="Which screens take the hours?", note="Share of hours viewed"
                    ),
                ),
                Ranking(
                    metric="minutes_per_play",
                    by="device",
                    shape="dot",
                    place=Place(
                        title="How long is a play?", note="Minutes per play", span=3, height=280
                    ),
                ),
                Ranking(
                    metric="hours_per_account",
                    by="plan",
                    shape="dot",
                    ordered=True,
                    place=Place(
                        title="On which plan?", note="Hours per account", span=3, height=280
                    ),
                ),
            ),
        ),
    ),
    order=10,
)
