"""What cohorts of members are cut by, and until when they are observed: controls."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.options import Option, controls
from queries.model import Query, Result
from queries.period import Grain

COHORT, UNTIL = "cohort", "until"
NAMES = (COHORT, UNTIL)
MONTHS = "month"
_UNITS = Option(
    name=COHORT,
    label="Cohorts by",
    choices=(
        ("", "Month of joining"),
        ("week", "Week of joining"),
        ("quarter", "Quarter of joining"),
        ("plan", "Plan"),
        ("signup_channel", "Sign-up channel"),
        ("country", "Country"),
    ),
)
_SPANS = {MONTHS: Grain.MONTH, "week": Grain.WEEK, "quarter": Grain.QUARTER}
_OFFERED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortOptions:
    """The unit of cohorts and the day of censoring; what the view cannot have is said."""

    place: Place = field(
        default_factory=lambda: Place(span=12, height=44, dataset="cohorts", is_bare=True)
    )
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        return ()

    def draw(
        self,
        results: Sequence[Result],  # noqa: ARG002  # one protocol
        context: Context,
    ) -> Drawing:
        said = " ".join((*unit(context)[1], *until(context)[1]))
        return controls((_UNITS, _days(context)), context, said)


def unit(context: Context) -> tuple[str, tuple[str, ...]]:
    """What cohorts are cut by, with why it is not what the view says."""
    asked = context.view.option(COHORT) or MONTHS
    if asked == MONTHS or asked in dict(_UNITS.choices):
        return asked, ()
    known = ", ".join((MONTHS, *(name for name, _ in _UNITS.choices if name)))
    return MONTHS, (f"“{asked}” makes no cohorts: write {known}.",)


def span_of(name: str) -> Grain | None:
    """The span of time of a unit; None where it is none."""
    return _SPANS.get(name)


def until(context: Context) -> tuple[date | None, tuple[str, ...]]:
    """The day until which memberships are observed, None for the last complete one."""
    text, first, latest = context.view.option(UNTIL), context.extent.first, context.extent.latest
    if not text or first is None or latest is None:
        return None, ()
    whole = f"all is seen through {written.day(latest)}."
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return None, (f"“{text}” is no day such as 2026-08-31; {whole}",)
    if asked == latest:
        return None, ()
    if not first < asked < latest:
        return None, (f"{written.day(asked)} is not after {written.day(first)}; {whole}",) if (
            asked <= first
        ) else (f"{written.day(asked)} is not over yet; {whole}",)
    return asked, ()


def censored(context: Context) -> tuple[str, ...]:
    """What a tile says of the day of censoring; nothing where there is none."""
    day = until(context)[0]
    if day is None:
        return ()
    return (f"As known on {written.day(day)}: all that came later is censored there.",)


def _days(context: Context) -> Option:
    """The ends of the months before the last complete day."""
    latest = context.extent.latest
    days: list[date] = []
    while latest is not None and len(days) < _OFFERED:
        latest = (latest if not days else days[-1]).replace(day=1) - timedelta(1)
        days.append(latest)
    ends = tuple((day.isoformat(), written.day(day)) for day in days)
    return Option(
        name=UNTIL, label="Observed until", choices=(("", "the last complete day"), *ends)
    )
