"""Pulse: what changed, and whether it matters."""

from portal.page import Page, Place, Section
from portal.tiles import Findings, Forecast, Headline, Lines, Ranking, Scorecard, Sparklines, Trend
from portal.tiles.pinned import PIN, pinned, pinned_section
from portal.view import View
from queries.catalog import Catalog

OWN = ("hours_viewed", "accounts", "plays", "good_play_rate")
FINDINGS = Section(
    tiles=(Findings(only=tuple(f"playback.{name}" for name in OWN), why=("title_age",)),)
)
SECTIONS = (
    Section(tiles=tuple(Headline(metric=name) for name in OWN)),
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
        ),
    ),
    Section(
        title="Was it to be expected, and what comes next?",
        tiles=(
            Forecast(
                metric="hours_viewed",
                place=Place(
                    title="Hours a day, and the next four weeks",
                    note="Hours viewed, with the 90 % band of the forecast made the day before",
                    span=12,
                    height=300,
                ),
            ),
            Sparklines(
                metrics=(
                    "hours_viewed",
                    "recommendation_share",
                    "good_play_rate",
                    "rebuffering_ratio",
                ),
                leads=("/when-where", "/rankers", "/quality", "/quality"),
                place=Place(
                    title="The last complete day, and the eight weeks up to it",
                    note="Grey: the 90 % band made the day before; red: days outside of it, one in "
                    "ten by chance. A name opens the page that says more",
                    span=12,
                    height=116,
                ),
            ),
            Sparklines(
                metrics=("gross_adds", "cancels"),
                leads=("/membership", "/membership"),
                place=Place(
                    title="Who joins and who leaves", span=6, height=116, dataset="billing"
                ),
            ),
            Sparklines(
                metrics=("active_share",),
                leads=("/membership",),
                place=Place(title="Members with a play", span=3, height=116, dataset="membership"),
            ),
            Sparklines(
                metrics=("search_success_rate",),
                leads=("/search",),
                place=Place(title="Search", span=3, height=116, dataset="searches"),
            ),
        ),
    ),
    Section(
        title="What makes up the hours?",
        tiles=(
            Scorecard(
                metrics=("hours_viewed", "member_days", "active_share", "hours_per_active_day"),
                signs=("", "=", "×", "×"),
                leads=("/when-where", "/membership", "/membership", "/when-where"),
                place=Place(
                    title="More members, more days with a play, or more on such a day?",
                    note="A click on a name opens the page that says more",
                    span=12,
                    height=96,
                    dataset="membership",
                ),
            ),
            Scorecard(
                metrics=("hours_viewed", "accounts", "hours_per_account"),
                signs=("", "=", "×"),
                leads=("/when-where", "/membership", "/titles"),
                place=Place(title="More accounts, or more from each?", span=6, height=96),
            ),
            Scorecard(
                metrics=("hours_viewed", "plays", "minutes_per_play"),
                signs=("", "=", "×"),
                leads=("/when-where", "/rankers", "/inside"),
                place=Place(title="More plays, or longer ones?", span=6, height=96),
            ),
        ),
    ),
    Section(
        title="Where did it move?",
        tiles=(
            Ranking(
                metric="hours_viewed",
                by="country",
                place=Place(title="Country", note="Hours viewed", span=4),
            ),
            Ranking(
                metric="hours_viewed",
                by="source",
                place=Place(title="Where plays began", note="Hours viewed", span=4),
            ),
            Ranking(
                metric="hours_viewed",
                by="title",
                place=Place(title="Title", note="Hours viewed", span=4),
            ),
        ),
    ),
    Section(
        title="Does it play well?",
        tiles=(
            Trend(
                metric="good_play_rate",
                from_zero=False,
                place=Place(
                    title="Good plays",
                    note="Started within 2 s, hardly waited, did not fail",
                    span=6,
                    height=240,
                ),
            ),
            Lines(
                metric="rebuffering_ratio",
                by="cdn",
                place=Place(
                    title="Rebuffering by delivery network",
                    note="Share of time spent waiting",
                    span=6,
                    height=240,
                ),
            ),
        ),
    ),
)


def sections(catalog: Catalog, view: View) -> tuple[Section, ...]:
    """Findings are of the page's own headlines, whatever is pinned."""
    return (FINDINGS, *pinned_section(catalog, view), *SECTIONS)


PAGE = Page(
    path="/",
    title="Pulse",
    question="What changed, and does it matter?",
    datasets=("playback", "membership", "searches", "billing"),
    filters=("country", "device", "plan"),
    options=(PIN,),
    arrange=sections,
    arranged_by=(PIN,),
    become=pinned,
    order=0,
)
