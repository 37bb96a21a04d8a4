"""What is sent and answered. The description of the API is generated from these."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from portal.explore.distributed import Spreading
from queries.listing import DEEPEST
from queries.question import MOST_ROWS, Question
from queries.row_question import RowQuestion

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=20_000)]


class Ask(BaseModel):
    """A question, in the words of `playhead ask`."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    dataset: Name
    metrics: list[Name] = Field(min_length=1, max_length=100)
    by: list[Name] = Field(
        default_factory=list[str], max_length=20, description="country, date:week, week"
    )
    where: Text = Field("", description="country in ('US', 'BR') and hours_viewed >= 100")
    period: Name = Field("all", description="last 28 days, 2026-02, 2026-02-01 to 2026-02-14")
    compare: Name = Field("none", description="none, previous, last-year, or a period")
    parameters: dict[str, str] = Field(
        default_factory=dict[str, str], alias="with", description="policy: bts"
    )
    calculate: list[Name] = Field(
        default_factory=list[str], max_length=100, description="share:hours_viewed"
    )
    order: str = Field("", max_length=200, description="hours_viewed, hours_viewed asc")
    limit: int = Field(10_000, ge=1, le=MOST_ROWS)
    interval: bool = Field(True, description="95 % intervals on values and changes")
    version: Name | None = Field(None, description="a data version; the newest if left out")

    def question(self) -> Question:
        return Question(
            dataset=self.dataset,
            metrics=tuple(self.metrics),
            by=tuple(self.by),
            where=self.where,
            period=self.period,
            compare=self.compare,
            order=self.order,
            limit=self.limit,
            parameters=self.parameters,
            calculations=tuple(self.calculate),
            interval=self.interval,
            version=self.version,
        )


class Explain(BaseModel):
    """Which change, in the words of `playhead explain`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: Name
    metric: Name
    by: str = Field("", max_length=200, description="a dimension; the one that explains most")
    where: Text = Field("", description="country in ('US', 'BR') and device = 'tv'")
    period: Name = Field("last 28 days", description="last 28 days, 2026-02, …")
    compare: Name = Field("previous", description="previous, last-year, or a period")
    version: Name | None = Field(None, description="a data version; the newest if left out")

    def question(self) -> Question:
        return Question(
            dataset=self.dataset,
            metrics=(self.metric,),
            where=self.where,
            period=self.period,
            compare=self.compare,
            version=self.version,
        )


class Distribute(BaseModel):
    """Which distribution, in the words of `playhead distribution`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: Name
    metric: Name
    where: Text = Field("", description="country in ('US', 'BR') and device = 'tv'")
    period: Name = Field("last 28 days", description="last 28 days, 2026-02, …")
    compare: Name = Field("none", description="none, previous, last-year, or a period")
    over: Literal["", "rows", "units"] = Field(
        "", description="what each value is of; left out, the metric tells"
    )
    by: str = Field("", max_length=200, description="a dimension whose groups are held apart")
    group: str = Field("", max_length=200, description="the value of it that is looked at")
    against: str = Field("", max_length=200, description="another value; all others if left out")
    version: Name | None = Field(None, description="a data version; the newest if left out")

    def asked(self) -> Spreading:
        return Spreading(**self.model_dump())


class AskRows(BaseModel):
    """Which rows, in the words of `playhead rows`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: Name
    where: Text = Field("", description="country in ('US', 'BR') and device = 'tv'")
    period: Name = Field("all", description="last 28 days, 2026-02, 2026-02-01 to 2026-02-14")
    limit: int = Field(100, ge=1, le=DEEPEST)
    skip: int = Field(0, ge=0, le=DEEPEST, description="leave out so many of the newest")
    version: Name | None = Field(None, description="a data version; the newest if left out")

    def question(self) -> RowQuestion:
        return RowQuestion(**self.model_dump())


class Days(BaseModel):
    """Two days, both included."""

    start: str
    end: str


class Compared(Days):
    """The days that a period is held against."""

    kind: Literal["previous", "last year", "custom"]


class Provenance(BaseModel):
    """What numbers are of: dates, zone, filters, data version."""

    dataset: str
    data_version: str
    period: Days | None
    zone: str
    compare: Compared | None
    where: str
    having: list[str]
    complete_through: str | None


class Definition(BaseModel):
    """What a metric means; an edit that can change its answers changes the `fingerprint`."""

    fingerprint: str
    label: str
    formula: str
    unit: str
    format: str
    better: str
    kind: str = Field(alias="class")
    description: str
    convention: str
    source: str
    owner: str
    status: str


class Estimate(BaseModel):
    """A number with its 95 % interval; null where it has none."""

    value: float | None
    low: float | None
    high: float | None


class Part(BaseModel):
    """What one group makes of the change; of a ratio by mix and by rate.

    Groups of under 200 accounts come together as one, with how many they are.
    """

    value: Any
    small_groups: int
    before: float | None
    now: float | None
    share: float
    part: Estimate
    mix: Estimate | None
    rate: Estimate | None


class Explained(Provenance):
    """A change and its parts, which add up to it exactly."""

    metric: str
    by: str
    before: float
    now: float
    change: Estimate
    mix: Estimate | None
    rate: Estimate | None
    is_noisy: bool
    is_reversed: bool
    parts: list[Part]
    explains_at_least: dict[str, float]
    notes: list[str]


class ShareBelow(BaseModel):
    """The share of values at or below one, with its band; a point of a distribution function."""

    value: float
    share: float
    low: float | None
    high: float | None


class Bar(BaseModel):
    """The share of values from one to another; null where it would be of a handful."""

    start: float = Field(alias="from")
    end: float = Field(alias="to")
    share: float | None


class Spread(BaseModel):
    """One side: how many values, their numbers, their function and their histogram.

    `statistics` are `mean`, quantiles such as `p50`, `zero` (the share of exactly 0) and, of what
    adds up, `gini` and `top_percent`.
    """

    name: str
    n: float
    statistics: dict[str, Estimate]
    function: list[ShareBelow]
    histogram: list[Bar]


class Distance(Estimate):
    """How far two distribution functions are apart at most (Kolmogorov-Smirnov), and where."""

    at: float
    shares: list[float]
    p: float | None


class Distributed(Provenance):
    """How a number is spread, of one side or of two; `difference` is the first less the second."""

    metric: str
    over: Literal["rows", "units"]
    counted: str
    sides: list[Spread]
    difference: dict[str, Estimate]
    distance: Distance | None
    notes: list[str]


class Answer(Provenance):
    """Rows in the order of `columns`. `total` is recomputed over all groups, never summed."""

    columns: list[str]
    rows: list[list[Any]]
    total: dict[str, Any]
    took_ms: float
    source: Literal["rollup", "raw", "cache"]
    table: str
    notes: list[str]
    labels: dict[str, str]
    definitions: dict[str, Definition]


class RowColumn(BaseModel):
    """A column of the lake, as its contract describes it."""

    name: str
    unit: str
    about: str


class RowList(BaseModel):
    """Rows as they stand in the lake, newest first; `count` is how many there are in all.

    `withheld` are columns that hidden numbers are made of; `personal` ones are shown to nobody.
    """

    columns: list[RowColumn]
    rows: list[list[Any]]
    dataset: str
    data_version: str
    period: Days | None
    zone: str
    where: str
    complete_through: str | None
    count: int
    skip: int
    withheld: list[str]
    personal: list[str]
    took_ms: float


class Certificate(BaseModel):
    """Who stood for a definition, when, and whether it is still the one that was certified."""

    holds: bool
    by: str
    on: str
    text: str


class Metric(Definition):
    """A metric of a dataset: which parameters it needs, which dimensions it allows (none: all).

    `defaults` are parameters that need not be given, by name.
    """

    certificate: Certificate | None
    name: str
    parameters: list[str]
    defaults: dict[str, str]
    dimensions: list[str]


class PageMetric(BaseModel):
    """A metric that cannot be asked: it is no number of a group, and its page shows it."""

    name: str
    label: str
    page: str
    unit: str
    better: str
    description: str
    convention: str
    source: str
    owner: str


class Dimension(BaseModel):
    """Something to break down or to filter by."""

    name: str
    label: str
    kind: Literal["text", "number", "date", "boolean"]
    description: str


class Dataset(BaseModel):
    """Everything that may be asked of a dataset."""

    name: str
    label: str
    description: str
    row: str
    owner: str
    zone: str
    time: str
    smallest_grain: str
    load_hint: str
    dimensions: list[Dimension]
    metrics: list[Metric]
    page_metrics: list[PageMetric]


class Listed(BaseModel):
    """A dataset, and what the lake holds of it."""

    name: str
    label: str
    description: str
    loaded: bool
    rows: int
    complete_through: str | None
    load_hint: str


class LeftOut(BaseModel):
    """A dataset that a lake brings along and that cannot be asked of, and why."""

    name: str
    message: str
    hint: str


class Datasets(BaseModel):
    """Every dataset, at one data version."""

    datasets: list[Listed]
    left_out: list[LeftOut]
    data_version: str


class Problem(BaseModel):
    """Why there is no answer, and what to do about it."""

    code: str
    message: str
    hint: str = ""
    incident: str = Field("", description="given only where something broke on our side")


class Refusal(BaseModel):
    """The one shape of everything that is not an answer."""

    error: Problem
