"""Frozen forecasts: freeze one, and list those that were. None is ever changed or deleted."""

from uuid import uuid4

from sqlalchemy import func, insert, select

from portal.store import audit
from portal.store.audit import Deed
from portal.store.errors import QuotaExceeded
from portal.store.frozen_forecast import (
    ForecastDraft,
    FrozenForecast,
    access_hash,
    checked_figures,
    checked_name,
    frozen_forecast,
)
from portal.store.people import Person
from portal.store.schema import frozen_forecasts, people
from portal.store.store import Store

MOST = 1_000
MOST_LISTED = 200


def freeze(store: Store, person: Person, draft: ForecastDraft) -> str:
    """Keep a forecast as it stands; its id. Raises Invalid or QuotaExceeded."""
    figures, now = checked_figures(draft.figures), store.now()
    row = {
        "id": str(uuid4()),
        "author_id": person.id,
        "name": checked_name(draft.name),
        "production_id": draft.production_id,
        "path": draft.path,
        "query": draft.query,
        "inputs": dict(figures.inputs),
        "p10": figures.p10,
        "p50": figures.p50,
        "p90": figures.p90,
        "wanted": figures.wanted,
        "chance": figures.chance,
        "data_version": draft.data_version,
        "access_hash": access_hash(person.access),
        "created_at": now,
    }
    of_author = frozen_forecasts.c.author_id == person.id
    with store.writing() as connection:
        count = connection.execute(
            select(func.count()).select_from(frozen_forecasts).where(of_author)
        ).scalar_one()
        if count >= MOST:
            raise QuotaExceeded(f"You froze {count} forecasts already, which is the most.")
        connection.execute(insert(frozen_forecasts).values(row))
        audit.record(connection, now, person.id, Deed("freeze", "forecast", row["id"]))
    return row["id"]


def frozen(store: Store, person: Person, path: str) -> list[FrozenForecast]:
    """Forecasts of a page by whoever sees the same rows and numbers, the newest first."""
    question = (
        select(*frozen_forecasts.c, people.c.name.label("author_name"))
        .join(people, people.c.id == frozen_forecasts.c.author_id)
        .where(
            frozen_forecasts.c.access_hash == access_hash(person.access),
            frozen_forecasts.c.path == path,
        )
        .order_by(frozen_forecasts.c.created_at.desc(), frozen_forecasts.c.id)
        .limit(MOST_LISTED)
    )
    with store.reading() as connection:
        return [frozen_forecast(row) for row in connection.execute(question).mappings()]
