"""How a dataset is written down: the fields of a catalog file, and nothing they may not hold.

Unknown fields are refused, so a misspelt one is an error and not a silence. These are the
shapes of the text only; `queries.catalog.loader` turns them into the values questions use.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from queries.dataset import Better, Clock, IntervalKind, MetricClass
from queries.period import Grain

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_RESERVED = frozenset({"bucket", "incomplete", "small", "value"})

NumberFormat = Literal["number", "decimal", "percent", "seconds", "usd", "ratio"]
Role = Literal["", "time", "country", "language", "title", "hour", "weekday"]
Kind = Literal["text", "number", "date", "boolean"]
Status = Literal["agreed", "draft", "deprecated"]


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("is written in lower_snake_case, with single underscores")
    if name in _RESERVED:
        raise ValueError("is a name that answers use themselves")
    return name


Name = Annotated[str, Field(max_length=63), AfterValidator(_check_name)]
Text = Annotated[str, BeforeValidator(lambda text: " ".join(str(text).split()))]
Texts = tuple[str, ...]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=4_000)


class WrittenDimension(_Written):
    """`expression` defaults to the column of the same name."""

    name: Name
    label: str = ""
    expression: str = ""
    kind: Kind = "text"
    role: Role = ""
    description: Text = ""
    values_order: Texts = ()
    wide: bool = False
    personal: bool = False


class WrittenTime(_Written):
    """The dataset's own clock: the column a period is applied to."""

    name: Name = "date"
    label: str = "Date"
    column: str
    description: Text = ""


class WrittenJoin(_Written):
    """`column` of the dataset's table equals the unique `key` of `table`."""

    name: Name
    table: str = ""
    column: str
    key: str


class WrittenRollup(_Written):
    """Keeps what the named `metrics` need; of all of them where none is named.

    With `only` it keeps the rows that meet this condition: metrics that repeat it read it.
    Without `by_bucket` its dimensions are columns with too many values to keep buckets of each.
    """

    name: Name
    dimensions: Texts = ()
    by_account: bool = False
    metrics: Texts = ()
    only: Text = ""
    by_bucket: bool = True


class WrittenActivity(_Written):
    """Folds the days of the rollup `of`, by account and of all rows, for dimensions of it."""

    name: Name
    of: str
    dimensions: Texts = ()


class WrittenMetric(_Written):
    """`class` and `interval` follow from the formula where they are left out.

    What no formula can say names an `estimator` instead: `amounts` gives it aggregates, `within`
    the dimensions they are counted by, and `never_by` further ones that would tell those apart;
    `never_filter` are those that would leave some out of what must be all of them.
    `material` is the smallest change worth a finding, as a share of the value.
    `defaults` are texts of parameters that a question need not give.
    What is no number of a group has the `page` that shows it, and neither.
    `guardrail` is the metric of the same dataset that pushing this one could make worse.
    `at_end` makes a number that does not add over time the one on the last day of a period.
    """

    name: Name
    label: str = ""
    formula: Text = ""
    estimator: str = ""
    amounts: dict[str, Text] = Field(default_factory=dict[str, Text])
    within: dict[str, str] = Field(default_factory=dict[str, str])
    never_by: Texts = ()
    never_filter: Texts = ()
    id: str = ""
    unit: str = ""
    format: NumberFormat = "number"
    better: Better = "none"
    metric_class: MetricClass | None = Field(default=None, alias="class")
    interval: IntervalKind | None = None
    at_end: bool = False
    page: str = ""
    description: Text = ""
    convention: Text = ""
    source: Text = ""
    owner: str = ""
    status: Status = "agreed"
    smallest_grain: Grain | None = None
    dimensions: Texts = ()
    tests: Texts = ()
    material: float = Field(default=0.01, gt=0)
    defaults: dict[str, str] = Field(default_factory=dict[str, str])
    guardrail: str = ""


class WrittenDataset(_Written):
    """One file. `base` always filters; `exclusive` names a dimension whose values overlap.

    `people` has for each column that is made of accounts the aggregate that counts them, where rows
    are not what an account did. `metrics_from` names metrics that another dataset writes and this
    one has too, in front of its own; they are read by this one's dimensions. `leading` names the
    dimensions that are asked for most, in order: Explore shows them first.
    """

    name: Name
    label: str
    table: str
    description: Text = ""
    row_label: str = "rows"
    grain: Text = ""
    owner: str = ""
    entity: str = ""
    people: dict[str, Text] = Field(default_factory=dict[str, Text])
    clock: Clock = "utc"
    base: Text = ""
    time: WrittenTime
    joins: tuple[WrittenJoin, ...] = ()
    dimensions: tuple[WrittenDimension, ...] = ()
    leading: Texts = ()
    rollups: tuple[WrittenRollup, ...] = ()
    activities: tuple[WrittenActivity, ...] = ()
    metrics_from: dict[str, Texts] = Field(default_factory=dict[str, Texts])
    metrics: tuple[WrittenMetric, ...] = ()
    smallest_grain: Grain = Grain.DAY
    exclusive: str = ""
    open: bool = False
    load_hint: Text = ""
