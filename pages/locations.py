"""Location planner: what a script costs to film here or there, and how surely."""

from portal.page import Page, Place, Section
from portal.tiles import Findings, Ranking
from portal.tiles.filming import (
    NUMBERS,
    OPTIONS,
    FilmingContest,
    FilmingDrivers,
    FilmingInputs,
)
from portal.tiles.filming_dial import FilmingDial

PAGE = Page(
    path="/locations",
    title="Location planner",
    question="What does a script cost to film here or there, and how sure is that?",
    unit="studio",
    datasets=("location_costs",),
    options=(*OPTIONS, *NUMBERS),
    sections=(
        Section(tiles=(Findings(changes=False),)),
        Section(
            tiles=(
                FilmingInputs(
                    place=Place(
                        title="Suppose",
                        note="Kept in the link of the page; grey is the usual of past productions",
                        span=12,
                        height=150,
                    )
                ),
                FilmingContest(
                    place=Place(
                        title="Which is cheaper?",
                        note="By what past productions cost, net of the incentive, US dollars",
                        span=5,
                        height=380,
                    )
                ),
                FilmingDial(
                    place=Place(
                        title="Is A cheaper?",
                        note="Probability, of the same draws",
                        span=3,
                        height=380,
                    )
                ),
                FilmingDrivers(
                    place=Place(
                        title="What makes the difference?",
                        note="By the rates of the places: labour, stage, weather, incentive",
                        span=4,
                        height=380,
                    )
                ),
                Ranking(
                    metric="net_cost_per_page",
                    by="city",
                    rows=20,
                    shape="dot",
                    place=Place(
                        title="What did pages cost where?",
                        note="Net of the incentive; scripts differ. No interval under five",
                        span=12,
                        height=520,
                    ),
                ),
            )
        ),
    ),
    period="all",
    compare="none",
    compares=False,
    order=50,
)
