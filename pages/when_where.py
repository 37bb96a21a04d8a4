"""When, where, on what: the clock, the map and the screens of viewing."""

from portal.page import Page, Place, Section
from portal.tiles import CountryMap, Findings, Headline, Heat, Lines, Ranking
from portal.tiles.mix import Mix
from portal.tiles.options import Options
from portal.tiles.ridgeline import SHOWN, Ridgeline
from portal.tiles.switching import Switching, SwitchingVerdict

PAGE = Page(
    path="/when-where",
    title="When, where, on what",
    question="When do people watch, on which device, in which country, and what shifts?",
    unit="product",
    datasets=("playback", "membership"),
    filters=("country", "device", "plan", "tenure"),
    options=(SHOWN.name,),
    has_clocks=True,
    sections=(
        Section(
            tiles=(
                Findings(
                    only=("hours_viewed", "accounts", "hours_per_account", "minutes_per_play"),
                    why=("title_age",),
                ),
            )
        ),
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
                Headline(
                    metric="daily_accounts",
                    has_line=False,
                    place=Place(note="On the average day", span=4, height=72),
                ),
                Headline(
                    metric="stickiness",
                    has_line=False,
                    place=Place(note="Of who watched, on the average day", span=4, height=72),
                ),
                Headline(
                    metric="hours_per_member_day",
                    has_line=False,
                    place=Place(
                        note="Days without a play included",
                        span=4,
                        height=72,
                        dataset="membership",
                    ),
                ),
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
                Options(options=(SHOWN,)),
                Ridgeline(
                    by="country",
                    inside="region",
                    place=Place(
                        title="Who watches earlier, who later?",
                        note="Each hour’s share of the hours of a country; of a region, where one "
                        "country is picked",
                        span=12,
                        height=520,
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
                        title="Which screens take the hours?",
                        note="Share of hours viewed",
                        height=360,
                    ),
                ),
                Mix(
                    by="country",
                    of="device",
                    place=Place(
                        title="Which screens, country by country?",
                        note="Share of hours viewed, the largest countries first",
                        height=360,
                    ),
                ),
                Ranking(
                    metric="minutes_per_play",
                    by="device",
                    shape="dot",
                    place=Place(title="How long is a play?", note="Minutes per play", height=200),
                ),
                Ranking(
                    metric="hours_per_account",
                    by="plan",
                    shape="dot",
                    ordered=True,
                    place=Place(title="On which plan?", note="Hours per account", height=200),
                ),
            ),
        ),
        Section(
            title="Who moved the share of a screen?",
            note="The same accounts that turned to another screen, or other accounts",
            tiles=(
                SwitchingVerdict(
                    by="device",
                    place=Place(title="Who moved it, in a sentence", span=12, height=96),
                ),
                Switching(
                    by="device",
                    place=Place(
                        title="Who moved the share of each screen?",
                        note="Change of its share of hours, and what made it",
                        span=12,
                        height=400,
                    ),
                ),
            ),
        ),
    ),
    order=10,
)
