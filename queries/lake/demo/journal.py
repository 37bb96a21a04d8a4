"""Tables of events: rows sorted by day, and the columns that all of them have."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from queries.lake.demo import arrow
from queries.lake.demo.accounts import KINDS, profile_id
from queries.lake.demo.arrow import coded
from queries.lake.demo.geography import DEVICES, geography
from queries.lake.demo.visits import Visits
from queries.lake.demo.world import Block

Columns = Mapping[str, Any | Callable[[np.ndarray], Any]]


@dataclass(frozen=True)
class Journal:
    """A block's rows of one table, and their days, ascending."""

    rows: pa.Table
    day: np.ndarray


def journal(name: str, columns: Columns, day: np.ndarray, kept: np.ndarray) -> Journal:
    """Rows that are `kept`, sorted by day.

    A column may be a function that makes it from the order of the rows.
    """
    order = np.flatnonzero(kept)[np.argsort(day[kept].astype(np.int16), kind="stable")]
    made = {
        column: values(order) if callable(values) else arrow.taken(values, order)
        for column, values in columns.items()
    }
    return Journal(arrow.table(name, made), day[order].astype(np.int32))


def who(block: Block, of: Visits, visit: np.ndarray) -> dict[str, object]:
    """Columns about the viewer of each row, and its visit."""
    account = of.account[visit]
    people = block.world.people
    return {
        "visit_id": visit_id(block, visit),
        "account_id": account + 1,
        "profile_id": profile_id(account, of.profile[visit]),
        "country": coded(of.country[visit], geography().codes),
        "device": coded(of.device[visit], DEVICES),
        "feed": arrow.constant(arrow.FEED, len(visit)),
        "account_kind": coded(people.kind[account], KINDS),
        "bucket": people.bucket[account],
    }


def visit_id(block: Block, visit: np.ndarray) -> np.ndarray:
    return block.first_id + visit.astype(np.int64)


def request_id(block: Block, visit: np.ndarray) -> np.ndarray:
    """The home page of a visit."""
    return visit_id(block, visit) * 10
