"""When definitions were edited: a row for each fingerprint of a metric that was ever released.

Only an edit that can change an answer makes a new fingerprint (`queries.fingerprint`). Datasets
that came with the data are not here: their definitions are part of its version.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, text

from portal.store.schema import definitions
from portal.store.store import Store

Named = tuple[str, str]
"""A dataset and a metric of it."""


def release(store: Store, fingerprints: Mapping[Named, str]) -> int:
    """Write down what is new or edited, and say how many. To do it twice changes nothing."""
    now = store.now()
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE definitions IN SHARE ROW EXCLUSIVE MODE"))
        known = _newest(connection)
        rows = [
            {"dataset": dataset, "metric": metric, "fingerprint": found, "released_at": now}
            for (dataset, metric), found in fingerprints.items()
            if known.get((dataset, metric)) != found
        ]
        if rows:
            connection.execute(insert(definitions), rows)
    return len(rows)


def edits(store: Store) -> Mapping[Named, datetime]:
    """When each metric was last edited, of those that ever were."""
    named = (definitions.c.dataset, definitions.c.metric)
    question = (
        select(*named, func.max(definitions.c.released_at).label("edited_at"))
        .group_by(*named)
        .having(func.count() > 1)
    )
    with store.reading() as connection:
        rows = connection.execute(question).all()
    return {(row.dataset, row.metric): row.edited_at for row in rows}


def _newest(connection: Connection) -> Mapping[Named, str]:
    rows = connection.execute(select(definitions).order_by(definitions.c.number)).all()
    return {(row.dataset, row.metric): row.fingerprint for row in rows}
