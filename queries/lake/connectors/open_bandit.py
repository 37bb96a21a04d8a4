"""Open Bandit: recommendations logged with position, click and the true propensity of the item.

A log does not say which policy wrote it or for which campaign; options do. The action distribution
of an evaluation policy turns into the target probability of each shown item.
"""

from pathlib import Path

import polars as pl

from queries.lake.columns import Columns
from queries.lake.connector import Connector, Option, Reading, Request, ignored
from queries.lake.delivery import Delivery
from queries.lake.errors import RefusedFile
from queries.lake.identity import bucketed, identified, occurrence
from queries.lake.rows import ROW, Rows, read_rows

FEED = "open-bandit"
COLUMNS = ("timestamp", "item_id", "position", "click")
PROPENSITY = ("propensity_score", "pscore")
FEATURES = tuple(f"user_feature_{i}" for i in range(4))
DISTRIBUTION = ("campaign", "item_id", "position", "prob")


def read(request: Request, rows: Rows) -> Reading:
    name = request.delivery.name
    rows.require(COLUMNS, name)
    propensity = next((c for c in PROPENSITY if c in rows.columns), PROPENSITY[0])
    rows.require([propensity], name)
    policy, campaign = request.options["policy"], request.options["campaign"]
    columns = Columns(rows)
    ts = columns.time("timestamp")
    shown = pl.DataFrame({ROW: columns.row, "ts": ts}).with_columns(
        item=columns.whole("item_id"),
        col_pos=columns.whole("position"),
        propensity=columns.number(propensity),
        clicked=columns.boolean("click"),
        person=pl.concat_str([columns.text(f).fill_null("") for f in FEATURES], separator="/"),
    )
    shown = shown.with_columns(occurrence(shown, ["ts", "item", "col_pos", "person"]).alias("nth"))
    with_policy = shown.with_columns(policy=pl.lit(policy), campaign=pl.lit(campaign))
    shown = identified(
        with_policy,
        FEED,
        impression_id=["policy", "campaign", "ts", "item", "col_pos", "person", "nth"],
        title_id=["campaign", "item"],
    )
    columns.reject(shown["item"].is_null(), "key_missing", "The item is missing.")
    columns.reject(shown["ts"].is_null(), "key_missing", "The time is missing.")
    shown = bucketed(shown, row="impression_id")
    notes = list(ignored(rows, frozenset({*COLUMNS, propensity, *FEATURES})))
    if "action_distribution" in request.files:
        shown, unknown = _with_targets(request, shown, campaign)
        if unknown:
            notes.append(f"{unknown} rows show an item the action distribution does not know.")
        notes.append(_weights(shown))
    return Reading(
        rows=rows,
        tables={"impressions": _impressions(shown), "titles": _titles(shown, campaign)},
        rejected=columns.rejected,
        notes=tuple(notes),
    )


def _impressions(shown: pl.DataFrame) -> pl.DataFrame:
    targets = ["targets"] if "targets" in shown.columns else []
    return shown.select(
        ROW,
        "impression_id",
        "title_id",
        "ts",
        "col_pos",
        "propensity",
        "clicked",
        "bucket",
        *targets,
        local_date=pl.col("ts").dt.date(),
        local_hour=pl.col("ts").dt.hour(),
        page=pl.lit("zozotown"),
        ranker=pl.col("policy"),
        row_context=pl.col("campaign"),
        model_version=pl.col("policy"),
        explore=pl.col("policy") == "random",
        seen=pl.lit(value=True),
        sample_w=pl.lit(1.0),
        feed=pl.lit(FEED),
        account_kind=pl.lit("member"),
    )


def _titles(shown: pl.DataFrame, campaign: str) -> pl.DataFrame:
    items = shown.filter(pl.col("item").is_not_null()).unique("title_id").sort("item")
    return items.select(
        pl.lit(None, dtype=pl.Int64).alias(ROW),
        "title_id",
        name=pl.format("Item {} ({})", "item", pl.lit(campaign)),
        kind=pl.lit("item"),
        feed=pl.lit(FEED),
    )


def _with_targets(request: Request, shown: pl.DataFrame, campaign: str) -> tuple[pl.DataFrame, int]:
    """The evaluation policy's probability of the shown item at its position; 0 where unknown."""
    distribution = request.files["action_distribution"]
    target = request.options.get("target_policy") or Path(distribution.name).stem.split("_")[0]
    known = _distribution(distribution, campaign)
    joined = shown.join(known, on=["item", "col_pos"], how="left", maintain_order="left")
    unknown = joined["prob"].null_count()
    pair = pl.struct(pl.lit(target).alias("key"), pl.col("prob").fill_null(0.0).alias("value"))
    return joined.with_columns(targets=pl.concat_list(pair)), unknown


def _weights(shown: pl.DataFrame) -> str:
    """The mean weight is 1 if propensities and target probabilities are right."""
    weight = shown.filter(pl.col("propensity") > 0).select(w=pl.col("prob") / pl.col("propensity"))
    mean, spread, rows = weight["w"].mean(), weight["w"].std(), weight["w"].count()
    if not isinstance(mean, float) or not isinstance(spread, float):
        return "There is no row to weigh."
    error = spread / rows**0.5
    said = "as it should be" if abs(mean - 1) <= 3 * error else "not 1: check the propensities"
    return f"The mean weight of the target policy is {mean:.3f} ± {error:.3f}, {said}."


def _distribution(delivery: Delivery, campaign: str) -> pl.DataFrame:
    rows = read_rows(delivery)
    rows.require(DISTRIBUTION, delivery.name)
    columns = Columns(rows)
    known = pl.DataFrame({"campaign": columns.text("campaign")}).with_columns(
        item=columns.whole("item_id"),
        col_pos=columns.whole("position"),
        prob=columns.number("prob"),
    )
    if columns.rejected.height or rows.rejected.height:
        raise RefusedFile(
            f"“{delivery.name}” has rows that cannot be read.",
            "An action distribution is taken whole or not at all.",
            code="unreadable",
        )
    found = known.filter(pl.col("campaign") == campaign).drop("campaign")
    if not found.height:
        names = ", ".join(sorted(known["campaign"].drop_nulls().unique().to_list()))
        raise RefusedFile(
            f"“{delivery.name}” has no campaign “{campaign}”.",
            f"It has {names}.",
            code="no_content",
        )
    return found.unique(["item", "col_pos"], keep="first", maintain_order=True)


CONNECTOR = Connector(
    FEED,
    "Open Bandit: a log of one policy and campaign",
    read,
    (
        Option("policy", "the policy that wrote the log, such as random or bts", required=True),
        Option("campaign", "the campaign of the log: all, men or women", required=True),
        Option("action_distribution", "CSV or Parquet of an evaluation policy", is_file=True),
        Option("target_policy", "its name; by default the file's name up to the first _"),
    ),
)
